#include "settings/storage_table.h"

#include <array>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "base/ascii.h"
#include "settings/setting_value.h"
#include "store/azure/options.h"

namespace rayhistory {
namespace {

constexpr std::array kBackends = {Backend::s3,        Backend::azureblob, Backend::gcs,
                                  Backend::aliyunoss, Backend::oci,       Backend::local};
// What KubeRay's programs call a folder.
constexpr std::string_view kLocalOfKubeRay = "localtest";

void append(SettingsTable& table, SettingsTable rows) {
  table.insert(table.end(), std::make_move_iterator(rows.begin()), std::make_move_iterator(rows.end()));
}

// Checks what has to be right, and puts together what comes from several places.
class Completion {
 public:
  Completion(StorageDraft& draft, const Environment& environment, std::vector<std::string>& errors)
      : draft_(draft), environment_(environment), errors_(errors) {}

  void complete() {
    check_backend();
    check_root();
    complete_aws();
    draft_.storage.gcs.home = environment_("HOME").value_or("");
    complete_oci();
    complete_network();
  }

 private:
  void fail(std::string message) { errors_.push_back(std::move(message)); }

  void check_backend() {
    const std::string name = lower_case(draft_.backend);
    std::string all;
    for (const Backend backend : kBackends) {
      if (name == name_of(backend) || (backend == Backend::local && name == kLocalOfKubeRay)) {
        draft_.storage.backend = backend;
        if (backend == Backend::azureblob) check_azure();
        if (backend == Backend::oci) check_oci();
        return;
      }
      if (!all.empty()) all += ", ";
      all += name_of(backend);
    }
    fail(fmt::format("--storage-backend (STORAGE_BACKEND): {}: one of {}",
                     name.empty() ? "is missing" : fmt::format("\"{}\" is none", draft_.backend), all));
  }

  void check_azure() {
    const std::string& mode = draft_.storage.azure_blob.auth_mode;
    if (parse_azure_auth_mode(mode)) return;
    fail(fmt::format(
        "AZURE_STORAGE_AUTH_MODE: \"{}\" is none: one of connection_string, workload_identity, default",
        mode));
  }

  void check_oci() {
    const std::string& type = draft_.storage.oci.oracle.auth_type;
    if (parse_oci_auth_type(type)) return;
    fail(fmt::format("OCI_AUTH_TYPE (ociAuthType): \"{}\" is none: one of {}", type, kOciAuthTypes));
  }

  void check_root() {
    std::string_view rest = draft_.storage.root;
    while (true) {
      const size_t slash = rest.find('/');
      const std::string_view segment = rest.substr(0, slash);
      if (segment == "." || segment == "..") {
        return fail(fmt::format(
            "--storage-root-dir (STORAGE_ROOT_DIR): \"{}\": no store keeps \".\" or \"..\" in a key",
            draft_.storage.root));
      }
      if (slash == std::string_view::npos) return;
      rest.remove_prefix(slash + 1);
    }
  }

  void complete_aws() {
    S3Settings& s3 = draft_.storage.s3;
    s3.aws.home = environment_("HOME").value_or("");
    if (s3.aws.region.empty()) s3.aws.region = s3.default_region;
    if (s3.region.empty()) s3.region = s3.aws.region;
    const auto take_older = [&s3](std::string AwsCredentials::*part) {
      if (!(s3.older_keys.*part).empty()) s3.aws.keys.*part = s3.older_keys.*part;
    };
    take_older(&AwsCredentials::access_key_id);
    take_older(&AwsCredentials::secret_access_key);
    take_older(&AwsCredentials::session_token);
  }

  void complete_oci() {
    OciEnvironment& oracle = draft_.storage.oci.oracle;
    oracle.home = environment_("HOME").value_or("");
    oracle.kubernetes_host = environment_("KUBERNETES_SERVICE_HOST").value_or("");
  }

  void complete_network() {
    CurlOptions& client = draft_.network.client;
    if (!draft_.network.curl_ca_bundle.empty()) client.ca_file = draft_.network.curl_ca_bundle;
    // Proxies' variables have always been written in either case.
    const auto take_lower_case = [this](std::string& value, std::string_view variable) {
      if (value.empty()) value = environment_(variable).value_or("");
    };
    take_lower_case(client.https_proxy, "https_proxy");
    take_lower_case(client.http_proxy, "http_proxy");
    take_lower_case(client.no_proxy, "no_proxy");
  }

  StorageDraft& draft_;
  const Environment& environment_;
  std::vector<std::string>& errors_;
};

}  // namespace

std::string_view name_of(Backend backend) {
  switch (backend) {
    case Backend::s3:
      return "s3";
    case Backend::azureblob:
      return "azureblob";
    case Backend::gcs:
      return "gcs";
    case Backend::aliyunoss:
      return "aliyunoss";
    case Backend::oci:
      return "oci";
    case Backend::local:
      return "local";
  }
  UNREACHABLE("a Backend out of range");
}

// Long rows read better than rows of many lines: one setting, one row.
// clang-format off
void add_storage_place(SettingsTable& table, StorageDraft& draft, std::string_view what_for) {
  append(table, {
    {"Storage", "storage-backend", "STORAGE_BACKEND", "", "", text_value(draft.backend),
     what_for,
     "runtime-class-name", "RUNTIME_CLASS_NAME"},
    {"Storage", "storage-root-dir", "STORAGE_ROOT_DIR", "", "", text_value(draft.storage.root),
     "Put in front of every object key.", "ray-root-dir", "RAY_ROOT_DIR"},
    {"Storage", "storage-backend-config-path", "STORAGE_BACKEND_CONFIG_PATH", "", "", text_value(draft.config_path),
     "A JSON file with the keys below, all of them strings. They win over the variables.",
     "runtime-class-config-path"},
  });
}

void add_storage_backends(SettingsTable& table, StorageDraft& draft) {
  append(table, {
    {"Storage", "local-dir", "LOCAL_STORAGE_DIR", "", "./ray-historyserver",
     folder_value(draft.storage.local_folder), "The folder of the backend local."},

    {"S3", "", "S3_BUCKET", "s3Bucket", "ray-historyserver", text_value(draft.storage.s3.bucket),
     "Bucket; created when missing."},
    {"S3", "", "S3_ENDPOINT", "s3Endpoint", "", text_value(draft.storage.s3.endpoint),
     "Host and port of a store other than AWS, with or without a scheme."},
    {"S3", "", "S3_REGION", "s3Region", "", text_value(draft.storage.s3.region),
     "Region of the bucket. Empty: AWS_REGION, AWS_DEFAULT_REGION, else what the store says."},
    {"S3", "", "S3FORCE_PATH_STYLE", "s3ForcePathStyle", "false", truth_value(draft.storage.s3.force_path_style),
     "Put the bucket into the path and not into the host name, as MinIO wants it."},
    {"S3", "", "S3DISABLE_SSL", "s3DisableSSL", "false", truth_value(draft.storage.s3.disable_ssl),
     "Speak http with an endpoint that has no scheme."},

    {"Signing in to S3", "", "AWS_ACCESS_KEY_ID", "", "", secret_value(draft.storage.s3.aws.keys.access_key_id),
     "Static credentials. Without them the places below, in this order, as AWS's SDKs have it."},
    {"Signing in to S3", "", "AWS_SECRET_ACCESS_KEY", "", "",
     secret_value(draft.storage.s3.aws.keys.secret_access_key), "Belongs to the access key."},
    {"Signing in to S3", "", "AWS_SESSION_TOKEN", "", "",
     secret_value(draft.storage.s3.aws.keys.session_token), "Belongs to a temporary access key."},
    {"Signing in to S3", "", "AWS_S3ID", "", "", secret_value(draft.storage.s3.older_keys.access_key_id),
     "KubeRay's own name of AWS_ACCESS_KEY_ID; wins over it."},
    {"Signing in to S3", "", "AWS_S3SECRET", "", "", secret_value(draft.storage.s3.older_keys.secret_access_key),
     "The same of AWS_SECRET_ACCESS_KEY."},
    {"Signing in to S3", "", "AWS_S3TOKEN", "", "", secret_value(draft.storage.s3.older_keys.session_token),
     "The same of AWS_SESSION_TOKEN."},
    {"Signing in to S3", "", "AWS_PROFILE", "", "", text_value(draft.storage.s3.aws.profile),
     "Profile of the shared files. Empty: default, if there is one."},
    {"Signing in to S3", "", "AWS_CONFIG_FILE", "", "", text_value(draft.storage.s3.aws.config_file),
     "Shared config file. Empty: ~/.aws/config."},
    {"Signing in to S3", "", "AWS_SHARED_CREDENTIALS_FILE", "", "",
     text_value(draft.storage.s3.aws.credentials_file), "Shared credentials file. Empty: ~/.aws/credentials."},
    {"Signing in to S3", "", "AWS_ROLE_ARN", "", "", text_value(draft.storage.s3.aws.role_arn),
     "Web identity (IRSA): the role."},
    {"Signing in to S3", "", "AWS_WEB_IDENTITY_TOKEN_FILE", "", "",
     text_value(draft.storage.s3.aws.web_identity_token_file),
     "Web identity: the file with the service account's token; read anew at each renewal."},
    {"Signing in to S3", "", "AWS_ROLE_SESSION_NAME", "", "", text_value(draft.storage.s3.aws.role_session_name),
     "Web identity: the session's name in AWS's records."},
    {"Signing in to S3", "", "AWS_REGION", "", "", text_value(draft.storage.s3.aws.region),
     "Region of the token service (STS), and of the bucket where S3_REGION is empty."},
    {"Signing in to S3", "", "AWS_DEFAULT_REGION", "", "", text_value(draft.storage.s3.default_region),
     "The same where AWS_REGION is empty."},
    {"Signing in to S3", "", "AWS_STS_REGIONAL_ENDPOINTS", "", "", text_value(draft.storage.s3.aws.sts_regional_endpoints),
     "legacy: the token service for all regions where AWS has it so. Empty or regional: the region's own."},
    {"Signing in to S3", "", "AWS_ENDPOINT_URL_STS", "", "", text_value(draft.storage.s3.aws.sts_endpoint),
     "Another token service, MinIO's for example."},
    {"Signing in to S3", "", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "", "",
     text_value(draft.storage.s3.aws.container_full_uri), "Set by EKS Pod Identity: who is asked for keys."},
    {"Signing in to S3", "", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "", "",
     text_value(draft.storage.s3.aws.container_relative_uri), "Set by ECS: the path of that at 169.254.170.2."},
    {"Signing in to S3", "", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "", "",
     text_value(draft.storage.s3.aws.container_token_file), "The file with the token to show there; read anew at each renewal."},
    {"Signing in to S3", "", "AWS_CONTAINER_AUTHORIZATION_TOKEN", "", "",
     secret_value(draft.storage.s3.aws.container_token), "That token itself, where there is no file."},
    {"Signing in to S3", "", "AWS_EC2_METADATA_DISABLED", "", "", text_value(draft.storage.s3.aws.metadata_disabled),
     "true: the instance metadata service is not asked."},
    {"Signing in to S3", "", "AWS_EC2_METADATA_SERVICE_ENDPOINT", "", "",
     text_value(draft.storage.s3.aws.metadata_endpoint), "Another instance metadata service."},
    {"Signing in to S3", "", "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "", "",
     text_value(draft.storage.s3.aws.metadata_endpoint_mode), "IPv4 or IPv6: which of its addresses is asked. Empty: IPv4."},

    {"Azure Blob", "", "AZURE_STORAGE_CONTAINER", "azureContainer", "ray-historyserver",
     text_value(draft.storage.azure_blob.container), "Container; created when missing."},
    {"Azure Blob", "", "AZURE_STORAGE_CONNECTION_STRING", "azureConnectionString", "",
     secret_value(draft.storage.azure_blob.connection_string), 
     "Connection string with account, and key or shared access signature."},
    {"Azure Blob", "", "AZURE_STORAGE_ACCOUNT_URL", "azureAccountURL", "",
     text_value(draft.storage.azure_blob.account_url), 
     "URL of the account, https://account.blob.core.windows.net, where there is no connection string."},
    {"Azure Blob", "", "AZURE_STORAGE_AUTH_MODE", "azureAuthMode", "",
     text_value(draft.storage.azure_blob.auth_mode),
     "connection_string, workload_identity or default. Empty: the connection string if there is one, else default."},
    {"Azure Blob", "", "AZURE_TENANT_ID", "", "", text_value(draft.storage.azure_blob.identity.tenant_id),
     "Tenant of the application or identity; with AZURE_CLIENT_ID. AKS sets both for workload identity."},
    {"Azure Blob", "", "AZURE_CLIENT_ID", "", "", text_value(draft.storage.azure_blob.identity.client_id),
     "Which application, or which of the machine's managed identities."},
    {"Azure Blob", "", "AZURE_CLIENT_SECRET", "", "",
     secret_value(draft.storage.azure_blob.identity.client_secret),
     "Secret of the application. Mode default: the first choice."},
    {"Azure Blob", "", "AZURE_FEDERATED_TOKEN_FILE", "", "",
     text_value(draft.storage.azure_blob.identity.federated_token_file),
     "Token of the Kubernetes service account, for workload identity. Mode default: the second choice; the third is "
     "managed identity."},
    {"Azure Blob", "", "AZURE_AUTHORITY_HOST", "", "",
     text_value(draft.storage.azure_blob.identity.authority_host),
     "Microsoft Entra ID of another cloud. Empty: https://login.microsoftonline.com."},
    {"Azure Blob", "", "IDENTITY_ENDPOINT", "", "",
     text_value(draft.storage.azure_blob.identity.identity_endpoint),
     "Where managed identity is asked for in App Service, with IDENTITY_HEADER. Empty: the instance metadata service."},
    {"Azure Blob", "", "IDENTITY_HEADER", "", "",
     secret_value(draft.storage.azure_blob.identity.identity_header), "Belongs to IDENTITY_ENDPOINT."},
    {"Azure Blob", "", "AZURE_POD_IDENTITY_AUTHORITY_HOST", "", "",
     text_value(draft.storage.azure_blob.identity.metadata_host),
     "The instance metadata service, where it has another address. Empty: http://169.254.169.254."},

    {"Google Cloud Storage", "", "GCS_BUCKET", "gcsBucket", "ray-historyserver",
     text_value(draft.storage.gcs.bucket), "Bucket; created when missing."},
    {"Google Cloud Storage", "", "GOOGLE_APPLICATION_CREDENTIALS", "", "",
     text_value(draft.storage.gcs.credentials_file),
     "File with a service account's key, an external account or a signed-in user. Empty: what gcloud has left, else "
     "the metadata server."},
    {"Google Cloud Storage", "", "GCP_PROJECT_ID", "", "", text_value(draft.storage.gcs.project),
     "Project in which a missing bucket is made. Empty: that of the credentials."},
    {"Google Cloud Storage", "", "CLOUDSDK_CONFIG", "", "", text_value(draft.storage.gcs.gcloud_folder),
     "gcloud's folder, with application_default_credentials.json. Empty: .config/gcloud of the user's home."},
    {"Google Cloud Storage", "", "GCE_METADATA_HOST", "", "", text_value(draft.storage.gcs.metadata_host),
     "Host and port of the metadata server. Empty: metadata.google.internal."},
    {"Google Cloud Storage", "", "STORAGE_EMULATOR_HOST", "", "", text_value(draft.storage.gcs.emulator_host),
     "An emulator to use in Google's place, without credentials."},

    {"Alibaba Cloud OSS", "", "OSS_BUCKET", "ossBucket", "ray-historyserver",
     text_value(draft.storage.aliyun_oss.bucket), "Bucket; created when missing."},
    {"Alibaba Cloud OSS", "", "OSS_ENDPOINT", "ossEndpoint", "", text_value(draft.storage.aliyun_oss.endpoint),
     "Endpoint of the bucket's region, https unless it says http://. Empty: the region's public one."},
    {"Alibaba Cloud OSS", "", "OSS_REGION", "ossRegion", "", text_value(draft.storage.aliyun_oss.region),
     "Region of the bucket, like cn-hangzhou. Empty: what the endpoint's name says."},
    {"Alibaba Cloud OSS", "", "OSS_ACCESS_KEY_ID", "", "",
     secret_value(draft.storage.aliyun_oss.alibaba.oss_keys.access_key_id),
     "Access key. Empty: ALIBABA_CLOUD_ACCESS_KEY_ID, else the role of the pod's service account (RRSA)."},
    {"Alibaba Cloud OSS", "", "OSS_ACCESS_KEY_SECRET", "", "",
     secret_value(draft.storage.aliyun_oss.alibaba.oss_keys.secret_access_key), "Belongs to the access key."},
    {"Alibaba Cloud OSS", "", "OSS_SESSION_TOKEN", "", "",
     secret_value(draft.storage.aliyun_oss.alibaba.oss_keys.session_token),
     "Belongs to a temporary access key."},
    {"Alibaba Cloud OSS", "", "ALIBABA_CLOUD_ACCESS_KEY_ID", "", "",
     secret_value(draft.storage.aliyun_oss.alibaba.cloud_keys.access_key_id),
     "Access key by the name that Alibaba Cloud's other tools read."},
    {"Alibaba Cloud OSS", "", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "", "",
     secret_value(draft.storage.aliyun_oss.alibaba.cloud_keys.secret_access_key), "Belongs to it."},
    {"Alibaba Cloud OSS", "", "ALIBABA_CLOUD_SECURITY_TOKEN", "", "",
     secret_value(draft.storage.aliyun_oss.alibaba.cloud_keys.session_token),
     "Belongs to it where it is temporary."},
    {"Alibaba Cloud OSS", "", "ALIBABA_CLOUD_ROLE_ARN", "", "",
     text_value(draft.storage.aliyun_oss.alibaba.role_arn), "RRSA: the role. Set by ack-pod-identity-webhook, as are the following."},
    {"Alibaba Cloud OSS", "", "ALIBABA_CLOUD_OIDC_PROVIDER_ARN", "", "",
     text_value(draft.storage.aliyun_oss.alibaba.oidc_provider_arn), "RRSA: the cluster's OIDC provider."},
    {"Alibaba Cloud OSS", "", "ALIBABA_CLOUD_OIDC_TOKEN_FILE", "", "",
     text_value(draft.storage.aliyun_oss.alibaba.oidc_token_file),
     "RRSA: the file with the service account's token; read anew at each renewal."},
    {"Alibaba Cloud OSS", "", "ALIBABA_CLOUD_ROLE_SESSION_NAME", "", "",
     text_value(draft.storage.aliyun_oss.alibaba.role_session_name),
     "RRSA: the session's name in Alibaba Cloud's records."},
    {"Alibaba Cloud OSS", "", "ALIBABA_CLOUD_STS_ENDPOINT", "", "",
     text_value(draft.storage.aliyun_oss.alibaba.sts_endpoint),
     "RRSA: the token service. Empty: that of the region."},
    {"Alibaba Cloud OSS", "", "ALIBABA_CLOUD_STS_REGION", "", "",
     text_value(draft.storage.aliyun_oss.alibaba.sts_region),
     "RRSA: region of the token service. Empty: the bucket's."},
    {"Alibaba Cloud OSS", "", "ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED", "", "false",
     truth_value(draft.storage.aliyun_oss.alibaba.use_vpc_endpoint),
     "RRSA: ask the token service from inside the VPC. So it is with an internal endpoint of OSS, too."},

    {"Oracle Cloud Infrastructure", "", "OCI_BUCKET", "ociBucket", "ray-historyserver",
     text_value(draft.storage.oci.bucket), "Bucket; created when missing, where OCI_COMPARTMENT_ID is set."},
    {"Oracle Cloud Infrastructure", "", "OCI_NAMESPACE", "ociNamespace", "", text_value(draft.storage.oci.name_space),
     "Object Storage namespace of the tenancy. Empty: it is asked for."},
    {"Oracle Cloud Infrastructure", "", "OCI_REGION", "ociRegion", "", text_value(draft.storage.oci.region),
     "Region of the bucket, like eu-frankfurt-1. Empty: that of the profile, of OCI_RESOURCE_PRINCIPAL_REGION or of the "
     "instance."},
    {"Oracle Cloud Infrastructure", "", "OCI_COMPARTMENT_ID", "ociCompartmentId", "",
     text_value(draft.storage.oci.compartment), "Compartment in which a missing bucket is made. Empty: the bucket must be there."},
    {"Oracle Cloud Infrastructure", "", "OCI_AUTH_TYPE", "ociAuthType", "", text_value(draft.storage.oci.oracle.auth_type),
     "api_key, session_token, instance_principal, oke_workload_identity or resource_principal. Empty: workload identity where "
     "OCI_RESOURCE_PRINCIPAL_VERSION and KUBERNETES_SERVICE_HOST are set, resource principal where the first alone is, the "
     "config file where there is one, else the instance principal."},
    {"Oracle Cloud Infrastructure", "", "OCI_CONFIG_FILE", "ociConfigFile", "~/.oci/config",
     text_value(draft.storage.oci.oracle.config_file), "Config file with the profile of an API key or a session."},
    {"Oracle Cloud Infrastructure", "", "OCI_CONFIG_PROFILE", "ociConfigProfile", "DEFAULT",
     text_value(draft.storage.oci.oracle.config_profile), "Profile in it."},
    {"Oracle Cloud Infrastructure", "", "OCI_RESOURCE_PRINCIPAL_VERSION", "", "",
     text_value(draft.storage.oci.oracle.resource_principal_version), "2.2: a resource principal, or in a pod OKE workload identity."},
    {"Oracle Cloud Infrastructure", "", "OCI_RESOURCE_PRINCIPAL_REGION", "", "",
     text_value(draft.storage.oci.oracle.resource_principal_region), "Region of the resource or the cluster, used where OCI_REGION is empty."},
    {"Oracle Cloud Infrastructure", "", "OCI_RESOURCE_PRINCIPAL_RPST", "", "",
     secret_value(draft.storage.oci.oracle.resource_principal_token),
     "Resource principal: its token, or the absolute path of a file with it; read again at each renewal."},
    {"Oracle Cloud Infrastructure", "", "OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM", "", "",
     secret_value(draft.storage.oci.oracle.resource_principal_key), "Resource principal: its private key, likewise."},
    {"Oracle Cloud Infrastructure", "", "OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM_PASSPHRASE", "", "",
     secret_value(draft.storage.oci.oracle.resource_principal_pass_phrase), "The key's pass phrase, likewise. Empty: it has none."},
    {"Oracle Cloud Infrastructure", "", "OCI_KUBERNETES_SERVICE_ACCOUNT_CERT_PATH", "", "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt",
     text_value(draft.storage.oci.oracle.service_account_ca_file), "Workload identity: the only CA that is trusted for the cluster's proxymux."},
    {"Oracle Cloud Infrastructure", "", "OCI_METADATA_BASE_URL", "", "", text_value(draft.storage.oci.oracle.metadata_url),
     "Instance principal: another metadata service. Empty: http://169.254.169.254/opc/v2."},
    {"Oracle Cloud Infrastructure", "", "OCI_SDK_AUTH_CLIENT_REGION_URL", "", "", text_value(draft.storage.oci.oracle.auth_url),
     "Instance principal: another authentication service. Empty: that of the region."},
    {"Oracle Cloud Infrastructure", "", "OCI_DEFAULT_REALM", "", "", text_value(draft.storage.oci.oracle.default_realm_domain),
     "Domain of the realm of a region that is not known here. Empty: oraclecloud.com."},
    {"Oracle Cloud Infrastructure", "", "OCI_ENDPOINT", "", "", text_value(draft.storage.oci.endpoint),
     "Endpoint of Object Storage other than the region's, a private endpoint for example, https unless it says http://."},
  });
}

void add_network(SettingsTable& table, StorageDraft& draft) {
  append(table, {
    {"Network", "", "HTTPS_PROXY", "", "", text_value(draft.network.client.https_proxy),
     "Proxy for https, like http://proxy:3128. Never used for this machine and for metadata services."},
    {"Network", "", "HTTP_PROXY", "", "", text_value(draft.network.client.http_proxy), "Proxy for http."},
    {"Network", "", "NO_PROXY", "", "", text_value(draft.network.client.no_proxy),
     "Hosts, domains and networks that are reached without one, separated by commas."},
    {"Network", "", "SSL_CERT_FILE", "", "", text_value(draft.network.client.ca_file),
     "PEM file of the certificate authorities to trust, instead of the system's."},
    {"Network", "", "SSL_CERT_DIR", "", "", text_value(draft.network.client.ca_folder),
     "Folder of such, as c_rehash makes it."},
    {"Network", "", "CURL_CA_BUNDLE", "", "", text_value(draft.network.curl_ca_bundle),
     "As SSL_CERT_FILE, and wins over it."},
    {"Network", "", "AWS_CA_BUNDLE", "", "", text_value(draft.storage.s3.ca_bundle),
     "The same for S3 and AWS's token service alone; wins over both."},
  });
}
// clang-format on

void complete_storage(StorageDraft& draft, const Environment& environment, std::vector<std::string>& errors) {
  Completion(draft, environment, errors).complete();
}

}  // namespace rayhistory
