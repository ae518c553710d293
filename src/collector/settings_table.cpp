#include "collector/settings_table.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include <fmt/format.h>

#include "base/duration.h"

namespace rayhistory {
namespace {

// So that a time that lies a duration ahead can always be reckoned.
constexpr Nanoseconds kLongestDuration = std::chrono::hours(24 * 365);
constexpr uint64_t kBytesPerMegabyte = 1024 * 1024;
constexpr uint64_t kMostMegabytes = 1024 * 1024;  // 1 TiB: no node's emptyDir holds more
// More uploads at once than a connection pool and 256 MiB of memory carry.
constexpr uint64_t kMostUploads = 256;
constexpr uint64_t kMostObjectsPerRound = 1'000'000;

Error expected(std::string what) {
  return Error{ErrorKind::invalid, "expected " + std::move(what)};
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

// A value at the end of a path of members, &SettingsDraft::storage, &StorageSettings::root.
template <typename... Members>
SettingValue text(Members... path) {
  return {ValueKind::text, [=](SettingsDraft& draft, std::string_view given) -> Result<void> {
            (draft.*....*path) = std::string(trimmed(given));
            return {};
          }};
}

template <typename... Members>
SettingValue folder(Members... path) {
  return {ValueKind::text, [=](SettingsDraft& draft, std::string_view given) -> Result<void> {
            if (trimmed(given).empty()) return expected("the path of a folder");
            (draft.*....*path) = std::string(trimmed(given));
            return {};
          }};
}

template <typename... Members>
SettingValue secret(Members... path) {
  SettingValue value = text(path...);
  value.kind = ValueKind::secret;
  return value;
}

// The spellings of Go's strconv.ParseBool.
template <typename... Members>
SettingValue truth(Members... path) {
  return {ValueKind::truth, [=](SettingsDraft& draft, std::string_view given) -> Result<void> {
            const std::string_view word = trimmed(given);
            for (const std::string_view yes : {"1", "t", "T", "true", "TRUE", "True"}) {
              if (word != yes) continue;
              (draft.*....*path) = true;
              return {};
            }
            for (const std::string_view no : {"0", "f", "F", "false", "FALSE", "False"}) {
              if (word != no) continue;
              (draft.*....*path) = false;
              return {};
            }
            return expected("true or false");
          }};
}

template <typename... Members>
SettingValue duration(Members... path) {
  return {ValueKind::duration, [=](SettingsDraft& draft, std::string_view given) -> Result<void> {
            const Result<Nanoseconds> parsed = parse_duration(trimmed(given));
            if (!parsed || *parsed <= Nanoseconds::zero() || *parsed > kLongestDuration)
              return expected("a duration above 0 and up to a year, like 30s, 1m30s or 500ms");
            (draft.*....*path) = *parsed;
            return {};
          }};
}

// A whole number from `least` to `most`, kept as that many times `unit`.
template <typename... Members>
SettingValue scaled_number(uint64_t least, uint64_t most, uint64_t unit, Members... path) {
  return {ValueKind::number, [=](SettingsDraft& draft, std::string_view given) -> Result<void> {
            const std::string_view digits = trimmed(given);
            uint64_t value = 0;
            const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
            if (error != std::errc{} || end != digits.data() + digits.size() || value < least || value > most)
              return expected(fmt::format("a whole number from {} to {}", least, most));
            auto& place = (draft.*....*path);
            place = static_cast<std::remove_reference_t<decltype(place)>>(value * unit);
            return {};
          }};
}

template <typename... Members>
SettingValue number(uint64_t least, uint64_t most, Members... path) {
  return scaled_number(least, most, 1, path...);
}

template <typename... Members>
SettingValue megabytes(Members... path) {
  return scaled_number(1, kMostMegabytes, kBytesPerMegabyte, path...);
}

template <typename... Members>
SettingValue port(uint64_t least, Members... path) {
  return scaled_number(least, std::numeric_limits<uint16_t>::max(), 1, path...);
}

Result<void> read_listening_address(SettingsDraft& draft, std::string_view given) {
  const std::string_view address = trimmed(given);
  const bool one_word = std::all_of(address.begin(), address.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == ':' || c == '-' || c == '%';
  });
  if (!one_word) return expected("one IP address or host name, like 0.0.0.0 or ::");
  draft.events.address = std::string(address);
  return {};
}

Result<void> read_dashboard_address(SettingsDraft& draft, std::string_view given) {
  Result<Url> url = parse_url(trimmed(given), Scheme::http);
  if (!url) return expected("an http or https URL without user and password, like http://localhost:8265");
  draft.dashboard.address = std::move(*url);
  return {};
}

Result<void> read_dashboard_port(SettingsDraft& draft, std::string_view given) {
  const std::string_view digits = trimmed(given);
  uint16_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || end != digits.data() + digits.size() || value == 0)
    return expected("a port from 1 to 65535");
  draft.node.dashboard_port = std::string(digits);
  return {};
}

Result<void> read_endpoints(SettingsDraft& draft, std::string_view given) {
  std::vector<std::string> endpoints;
  while (!given.empty()) {
    const size_t comma = std::min(given.find(','), given.size());
    const std::string_view endpoint = trimmed(given.substr(0, comma));
    given.remove_prefix(std::min(comma + 1, given.size()));
    if (endpoint.find_first_not_of('/') == std::string_view::npos) continue;
    endpoints.push_back((endpoint[0] == '/' ? "" : "/") + std::string(endpoint));
  }
  draft.dashboard.additional_endpoints = std::move(endpoints);
  return {};
}

Result<void> read_log_level(SettingsDraft& draft, std::string_view given) {
  const std::optional<LogLevel> level = parse_log_level(trimmed(given));
  if (!level) return expected("debug, info, warning or error");
  draft.program.log_level = *level;
  return {};
}

Result<void> read_log_format(SettingsDraft& draft, std::string_view given) {
  const std::optional<LogFormat> format = parse_log_format(trimmed(given));
  if (!format) return expected("text or json");
  draft.program.log_format = *format;
  return {};
}

std::vector<Setting> make_settings() {
  using Draft = SettingsDraft;
  constexpr auto kS3 = &StorageSettings::s3;
  constexpr auto kAzure = &StorageSettings::azure_blob;
  constexpr auto kIdentity = &AzureBlobSettings::identity;
  constexpr auto kGcs = &StorageSettings::gcs;
  constexpr auto kOss = &StorageSettings::aliyun_oss;
  constexpr auto kAlibaba = &AliyunOssSettings::alibaba;
  constexpr auto kOssKeys = &AlibabaEnvironment::oss_keys;
  constexpr auto kCloudKeys = &AlibabaEnvironment::cloud_keys;
  constexpr auto kStorage = &Draft::storage;
  constexpr auto kAws = &S3Settings::aws;
  constexpr auto kKeys = &AwsEnvironment::keys;
  constexpr auto kOlder = &S3Settings::older_keys;
  constexpr auto kNetwork = &Draft::network;
  constexpr auto kClient = &NetworkSettings::client;
  constexpr auto kEvents = &Draft::events;
  constexpr auto kLogs = &Draft::logs;
  constexpr auto kDashboard = &Draft::dashboard;
  constexpr auto kNode = &Draft::node;
  constexpr auto kProgram = &Draft::program;
  constexpr auto kAuth = &DashboardSettings::auth;
  // Long rows read better than rows of many lines: one setting, one row.
  // clang-format off
  return {
    {"Cluster", "role", "RAY_ROLE", "", "Worker", text(&Draft::role),
     "Head or Worker, in any case. The head's collector also asks the dashboard and writes the session's marker."},
    {"Cluster", "ray-cluster-name", "RAY_CLUSTER_NAME", "", "", text(&Draft::cluster),
     "Name of the RayCluster. Required."},
    {"Cluster", "ray-cluster-namespace", "RAY_CLUSTER_NAMESPACE", "", "default", text(&Draft::name_space),
     "Its Kubernetes namespace."},
    {"Cluster", "owner-kind", "OWNER_KIND", "", "", text(&Draft::owner_kind),
     "rayjob or rayservice, in any case, where one of them made the cluster; together with the owner's name. "
     "raycluster means no owner."},
    {"Cluster", "owner-name", "OWNER_NAME", "", "", text(&Draft::owner_name),
     "Name of the RayJob or RayService; together with the owner's kind."},

    {"Storage", "storage-backend", "STORAGE_BACKEND", "", "", text(&Draft::backend),
     "Where to store: s3, azureblob, gcs, aliyunoss, or local, a folder. Required.",
     "runtime-class-name", "RUNTIME_CLASS_NAME"},
    {"Storage", "storage-root-dir", "STORAGE_ROOT_DIR", "", "", text(kStorage, &StorageSettings::root),
     "Put in front of every object key.", "ray-root-dir", "RAY_ROOT_DIR"},
    {"Storage", "storage-backend-config-path", "STORAGE_BACKEND_CONFIG_PATH", "", "", text(&Draft::config_path),
     "A JSON file with the keys below, all of them strings. They win over the variables.",
     "runtime-class-config-path"},
    {"Storage", "upload-concurrency", "UPLOAD_CONCURRENCY", "", "16",
     number(1, kMostUploads, kStorage, &StorageSettings::upload_concurrency),
     "Uploads at the same time, 1 to 256."},
    {"Storage", "local-dir", "LOCAL_STORAGE_DIR", "", "./ray-historyserver",
     folder(kStorage, &StorageSettings::local_folder), "The folder of the backend local."},

    {"S3", "", "S3_BUCKET", "s3Bucket", "ray-historyserver", text(kStorage, kS3, &S3Settings::bucket),
     "Bucket; created when missing."},
    {"S3", "", "S3_ENDPOINT", "s3Endpoint", "", text(kStorage, kS3, &S3Settings::endpoint),
     "Host and port of a store other than AWS, with or without a scheme."},
    {"S3", "", "S3_REGION", "s3Region", "", text(kStorage, kS3, &S3Settings::region),
     "Region of the bucket. Empty: AWS_REGION, AWS_DEFAULT_REGION, else what the store says."},
    {"S3", "", "S3FORCE_PATH_STYLE", "s3ForcePathStyle", "false", truth(kStorage, kS3, &S3Settings::force_path_style),
     "Put the bucket into the path and not into the host name, as MinIO wants it."},
    {"S3", "", "S3DISABLE_SSL", "s3DisableSSL", "false", truth(kStorage, kS3, &S3Settings::disable_ssl),
     "Speak http with an endpoint that has no scheme."},

    {"Signing in to S3", "", "AWS_ACCESS_KEY_ID", "", "", secret(kStorage, kS3, kAws, kKeys, &AwsCredentials::access_key_id),
     "Static credentials. Without them the places below, in this order, as AWS's SDKs have it."},
    {"Signing in to S3", "", "AWS_SECRET_ACCESS_KEY", "", "",
     secret(kStorage, kS3, kAws, kKeys, &AwsCredentials::secret_access_key), "Belongs to the access key."},
    {"Signing in to S3", "", "AWS_SESSION_TOKEN", "", "",
     secret(kStorage, kS3, kAws, kKeys, &AwsCredentials::session_token), "Belongs to a temporary access key."},
    {"Signing in to S3", "", "AWS_S3ID", "", "", secret(kStorage, kS3, kOlder, &AwsCredentials::access_key_id),
     "KubeRay's own name of AWS_ACCESS_KEY_ID; wins over it."},
    {"Signing in to S3", "", "AWS_S3SECRET", "", "", secret(kStorage, kS3, kOlder, &AwsCredentials::secret_access_key),
     "The same of AWS_SECRET_ACCESS_KEY."},
    {"Signing in to S3", "", "AWS_S3TOKEN", "", "", secret(kStorage, kS3, kOlder, &AwsCredentials::session_token),
     "The same of AWS_SESSION_TOKEN."},
    {"Signing in to S3", "", "AWS_PROFILE", "", "", text(kStorage, kS3, kAws, &AwsEnvironment::profile),
     "Profile of the shared files. Empty: default, if there is one."},
    {"Signing in to S3", "", "AWS_CONFIG_FILE", "", "", text(kStorage, kS3, kAws, &AwsEnvironment::config_file),
     "Shared config file. Empty: ~/.aws/config."},
    {"Signing in to S3", "", "AWS_SHARED_CREDENTIALS_FILE", "", "",
     text(kStorage, kS3, kAws, &AwsEnvironment::credentials_file), "Shared credentials file. Empty: ~/.aws/credentials."},
    {"Signing in to S3", "", "AWS_ROLE_ARN", "", "", text(kStorage, kS3, kAws, &AwsEnvironment::role_arn),
     "Web identity (IRSA): the role."},
    {"Signing in to S3", "", "AWS_WEB_IDENTITY_TOKEN_FILE", "", "",
     text(kStorage, kS3, kAws, &AwsEnvironment::web_identity_token_file),
     "Web identity: the file with the service account's token; read anew at each renewal."},
    {"Signing in to S3", "", "AWS_ROLE_SESSION_NAME", "", "", text(kStorage, kS3, kAws, &AwsEnvironment::role_session_name),
     "Web identity: the session's name in AWS's records."},
    {"Signing in to S3", "", "AWS_REGION", "", "", text(kStorage, kS3, kAws, &AwsEnvironment::region),
     "Region of the token service (STS), and of the bucket where S3_REGION is empty."},
    {"Signing in to S3", "", "AWS_DEFAULT_REGION", "", "", text(kStorage, kS3, &S3Settings::default_region),
     "The same where AWS_REGION is empty."},
    {"Signing in to S3", "", "AWS_STS_REGIONAL_ENDPOINTS", "", "", text(kStorage, kS3, kAws, &AwsEnvironment::sts_regional_endpoints),
     "legacy: the token service for all regions where AWS has it so. Empty or regional: the region's own."},
    {"Signing in to S3", "", "AWS_ENDPOINT_URL_STS", "", "", text(kStorage, kS3, kAws, &AwsEnvironment::sts_endpoint),
     "Another token service, MinIO's for example."},
    {"Signing in to S3", "", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "", "",
     text(kStorage, kS3, kAws, &AwsEnvironment::container_full_uri), "Set by EKS Pod Identity: who is asked for keys."},
    {"Signing in to S3", "", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "", "",
     text(kStorage, kS3, kAws, &AwsEnvironment::container_relative_uri), "Set by ECS: the path of that at 169.254.170.2."},
    {"Signing in to S3", "", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "", "",
     text(kStorage, kS3, kAws, &AwsEnvironment::container_token_file), "The file with the token to show there; read anew at each renewal."},
    {"Signing in to S3", "", "AWS_CONTAINER_AUTHORIZATION_TOKEN", "", "",
     secret(kStorage, kS3, kAws, &AwsEnvironment::container_token), "That token itself, where there is no file."},
    {"Signing in to S3", "", "AWS_EC2_METADATA_DISABLED", "", "", text(kStorage, kS3, kAws, &AwsEnvironment::metadata_disabled),
     "true: the instance metadata service is not asked."},
    {"Signing in to S3", "", "AWS_EC2_METADATA_SERVICE_ENDPOINT", "", "",
     text(kStorage, kS3, kAws, &AwsEnvironment::metadata_endpoint), "Another instance metadata service."},
    {"Signing in to S3", "", "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "", "",
     text(kStorage, kS3, kAws, &AwsEnvironment::metadata_endpoint_mode), "IPv4 or IPv6: which of its addresses is asked. Empty: IPv4."},

    {"Azure Blob", "", "AZURE_STORAGE_CONTAINER", "azureContainer", "ray-historyserver",
     text(kStorage, kAzure, &AzureBlobSettings::container), "Container; created when missing."},
    {"Azure Blob", "", "AZURE_STORAGE_CONNECTION_STRING", "azureConnectionString", "",
     secret(kStorage, kAzure, &AzureBlobSettings::connection_string), 
     "Connection string with account, and key or shared access signature."},
    {"Azure Blob", "", "AZURE_STORAGE_ACCOUNT_URL", "azureAccountURL", "",
     text(kStorage, kAzure, &AzureBlobSettings::account_url), 
     "URL of the account, https://account.blob.core.windows.net, where there is no connection string."},
    {"Azure Blob", "", "AZURE_STORAGE_AUTH_MODE", "azureAuthMode", "",
     text(kStorage, kAzure, &AzureBlobSettings::auth_mode),
     "connection_string, workload_identity or default. Empty: the connection string if there is one, else default."},
    {"Azure Blob", "", "AZURE_TENANT_ID", "", "", text(kStorage, kAzure, kIdentity, &AzureIdentity::tenant_id),
     "Tenant of the application or identity; with AZURE_CLIENT_ID. AKS sets both for workload identity."},
    {"Azure Blob", "", "AZURE_CLIENT_ID", "", "", text(kStorage, kAzure, kIdentity, &AzureIdentity::client_id),
     "Which application, or which of the machine's managed identities."},
    {"Azure Blob", "", "AZURE_CLIENT_SECRET", "", "",
     secret(kStorage, kAzure, kIdentity, &AzureIdentity::client_secret),
     "Secret of the application. Mode default: the first choice."},
    {"Azure Blob", "", "AZURE_FEDERATED_TOKEN_FILE", "", "",
     text(kStorage, kAzure, kIdentity, &AzureIdentity::federated_token_file),
     "Token of the Kubernetes service account, for workload identity. Mode default: the second choice; the third is "
     "managed identity."},
    {"Azure Blob", "", "AZURE_AUTHORITY_HOST", "", "",
     text(kStorage, kAzure, kIdentity, &AzureIdentity::authority_host),
     "Microsoft Entra ID of another cloud. Empty: https://login.microsoftonline.com."},
    {"Azure Blob", "", "IDENTITY_ENDPOINT", "", "",
     text(kStorage, kAzure, kIdentity, &AzureIdentity::identity_endpoint),
     "Where managed identity is asked for in App Service, with IDENTITY_HEADER. Empty: the instance metadata service."},
    {"Azure Blob", "", "IDENTITY_HEADER", "", "",
     secret(kStorage, kAzure, kIdentity, &AzureIdentity::identity_header), "Belongs to IDENTITY_ENDPOINT."},
    {"Azure Blob", "", "AZURE_POD_IDENTITY_AUTHORITY_HOST", "", "",
     text(kStorage, kAzure, kIdentity, &AzureIdentity::metadata_host),
     "The instance metadata service, where it has another address. Empty: http://169.254.169.254."},

    {"Google Cloud Storage", "", "GCS_BUCKET", "gcsBucket", "ray-historyserver",
     text(kStorage, kGcs, &GcsSettings::bucket), "Bucket; created when missing."},
    {"Google Cloud Storage", "", "GOOGLE_APPLICATION_CREDENTIALS", "", "",
     text(kStorage, kGcs, &GcsSettings::credentials_file),
     "File with a service account's key, an external account or a signed-in user. Empty: what gcloud has left, else "
     "the metadata server."},
    {"Google Cloud Storage", "", "GCP_PROJECT_ID", "", "", text(kStorage, kGcs, &GcsSettings::project),
     "Project in which a missing bucket is made. Empty: that of the credentials."},
    {"Google Cloud Storage", "", "CLOUDSDK_CONFIG", "", "", text(kStorage, kGcs, &GcsSettings::gcloud_folder),
     "gcloud's folder, with application_default_credentials.json. Empty: .config/gcloud of the user's home."},
    {"Google Cloud Storage", "", "GCE_METADATA_HOST", "", "", text(kStorage, kGcs, &GcsSettings::metadata_host),
     "Host and port of the metadata server. Empty: metadata.google.internal."},
    {"Google Cloud Storage", "", "STORAGE_EMULATOR_HOST", "", "", text(kStorage, kGcs, &GcsSettings::emulator_host),
     "An emulator to use in Google's place, without credentials."},

    {"Alibaba Cloud OSS", "", "OSS_BUCKET", "ossBucket", "ray-historyserver",
     text(kStorage, kOss, &AliyunOssSettings::bucket), "Bucket; created when missing."},
    {"Alibaba Cloud OSS", "", "OSS_ENDPOINT", "ossEndpoint", "", text(kStorage, kOss, &AliyunOssSettings::endpoint),
     "Endpoint of the bucket's region, https unless it says http://. Empty: the region's public one."},
    {"Alibaba Cloud OSS", "", "OSS_REGION", "ossRegion", "", text(kStorage, kOss, &AliyunOssSettings::region),
     "Region of the bucket, like cn-hangzhou. Empty: what the endpoint's name says."},
    {"Alibaba Cloud OSS", "", "OSS_ACCESS_KEY_ID", "", "",
     secret(kStorage, kOss, kAlibaba, kOssKeys, &AwsCredentials::access_key_id),
     "Access key. Empty: ALIBABA_CLOUD_ACCESS_KEY_ID, else the role of the pod's service account (RRSA)."},
    {"Alibaba Cloud OSS", "", "OSS_ACCESS_KEY_SECRET", "", "",
     secret(kStorage, kOss, kAlibaba, kOssKeys, &AwsCredentials::secret_access_key), "Belongs to the access key."},
    {"Alibaba Cloud OSS", "", "OSS_SESSION_TOKEN", "", "",
     secret(kStorage, kOss, kAlibaba, kOssKeys, &AwsCredentials::session_token),
     "Belongs to a temporary access key."},
    {"Alibaba Cloud OSS", "", "ALIBABA_CLOUD_ACCESS_KEY_ID", "", "",
     secret(kStorage, kOss, kAlibaba, kCloudKeys, &AwsCredentials::access_key_id),
     "Access key by the name that Alibaba Cloud's other tools read."},
    {"Alibaba Cloud OSS", "", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "", "",
     secret(kStorage, kOss, kAlibaba, kCloudKeys, &AwsCredentials::secret_access_key), "Belongs to it."},
    {"Alibaba Cloud OSS", "", "ALIBABA_CLOUD_SECURITY_TOKEN", "", "",
     secret(kStorage, kOss, kAlibaba, kCloudKeys, &AwsCredentials::session_token),
     "Belongs to it where it is temporary."},
    {"Alibaba Cloud OSS", "", "ALIBABA_CLOUD_ROLE_ARN", "", "",
     text(kStorage, kOss, kAlibaba, &AlibabaEnvironment::role_arn), "RRSA: the role. Set by ack-pod-identity-webhook, as are the following."},
    {"Alibaba Cloud OSS", "", "ALIBABA_CLOUD_OIDC_PROVIDER_ARN", "", "",
     text(kStorage, kOss, kAlibaba, &AlibabaEnvironment::oidc_provider_arn), "RRSA: the cluster's OIDC provider."},
    {"Alibaba Cloud OSS", "", "ALIBABA_CLOUD_OIDC_TOKEN_FILE", "", "",
     text(kStorage, kOss, kAlibaba, &AlibabaEnvironment::oidc_token_file),
     "RRSA: the file with the service account's token; read anew at each renewal."},
    {"Alibaba Cloud OSS", "", "ALIBABA_CLOUD_ROLE_SESSION_NAME", "", "",
     text(kStorage, kOss, kAlibaba, &AlibabaEnvironment::role_session_name),
     "RRSA: the session's name in Alibaba Cloud's records."},
    {"Alibaba Cloud OSS", "", "ALIBABA_CLOUD_STS_ENDPOINT", "", "",
     text(kStorage, kOss, kAlibaba, &AlibabaEnvironment::sts_endpoint),
     "RRSA: the token service. Empty: that of the region."},
    {"Alibaba Cloud OSS", "", "ALIBABA_CLOUD_STS_REGION", "", "",
     text(kStorage, kOss, kAlibaba, &AlibabaEnvironment::sts_region),
     "RRSA: region of the token service. Empty: the bucket's."},
    {"Alibaba Cloud OSS", "", "ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED", "", "false",
     truth(kStorage, kOss, kAlibaba, &AlibabaEnvironment::use_vpc_endpoint),
     "RRSA: ask the token service from inside the VPC. So it is with an internal endpoint of OSS, too."},

    {"Network", "", "HTTPS_PROXY", "", "", text(kNetwork, kClient, &CurlOptions::https_proxy),
     "Proxy for https, like http://proxy:3128. Never used for this machine and for metadata services."},
    {"Network", "", "HTTP_PROXY", "", "", text(kNetwork, kClient, &CurlOptions::http_proxy), "Proxy for http."},
    {"Network", "", "NO_PROXY", "", "", text(kNetwork, kClient, &CurlOptions::no_proxy),
     "Hosts, domains and networks that are reached without one, separated by commas."},
    {"Network", "", "SSL_CERT_FILE", "", "", text(kNetwork, kClient, &CurlOptions::ca_file),
     "PEM file of the certificate authorities to trust, instead of the system's."},
    {"Network", "", "SSL_CERT_DIR", "", "", text(kNetwork, kClient, &CurlOptions::ca_folder),
     "Folder of such, as c_rehash makes it."},
    {"Network", "", "CURL_CA_BUNDLE", "", "", text(kNetwork, &NetworkSettings::curl_ca_bundle),
     "As SSL_CERT_FILE, and wins over it."},
    {"Network", "", "AWS_CA_BUNDLE", "", "", text(kStorage, kS3, &S3Settings::ca_bundle),
     "The same for S3 and AWS's token service alone; wins over both."},

    {"Events", "enable-event-collector", "ENABLE_EVENT_COLLECTOR", "", "true", truth(kEvents, &EventSettings::enabled),
     "Take the events that Ray posts."},
    {"Events", "events-port", "EVENTS_PORT", "", "8084", port(1, kEvents, &EventSettings::port),
     "Port of POST /v1/events."},
    {"Events", "events-address", "EVENTS_ADDRESS", "", "", {ValueKind::text, read_listening_address},
     "Address it listens on. Empty: loopback only, IPv4 and IPv6."},
    {"Events", "event-data-dir", "RAY_COLLECTOR_EVENT_DATA_DIR", "", "/tmp/ray/event-data",
     folder(kEvents, &EventSettings::data_folder), "Folder where events lie until they are stored."},
    {"Events", "event-rotation-interval", "RAY_COLLECTOR_EVENT_ROTATION_INTERVAL", "", "5m",
     duration(kEvents, &EventSettings::rotation_interval), "How long one event file is written to at the most."},
    {"Events", "event-max-file-size-mb", "RAY_COLLECTOR_EVENT_MAX_FILE_SIZE_MB", "", "100",
     megabytes(kEvents, &EventSettings::max_file_bytes), "How large one event file gets, in MiB."},
    {"Events", "event-max-disk-mb", "RAY_COLLECTOR_EVENT_MAX_DISK_MB", "", "200",
     megabytes(kEvents, &EventSettings::max_disk_bytes),
     "What all event files may take, in MiB. At 80 % of it senders are told to come back later (503)."},
    {"Events", "event-compression-enabled", "RAY_COLLECTOR_EVENT_COMPRESSION_ENABLED", "", "false",
     truth(kEvents, &EventSettings::gzip), "Store event files as .jsonl.gz."},

    {"Logs", "enable-log-collector", "ENABLE_LOG_COLLECTOR", "", "true", truth(kLogs, &LogSettings::enabled),
     "Follow the log files."},
    {"Logs", "push-interval", "PUSH_INTERVAL", "", "1m", duration(kLogs, &LogSettings::push_interval),
     "How old bytes may get before they are stored; stretched for large files."},
    {"Logs", "log-batching", "LOG_BATCHING", "", "1000",
     number(1, kMostObjectsPerRound, kLogs, &LogSettings::objects_per_round),
     "Log objects written in one round at the most."},
    {"Logs", "", "RAY_COLLECTOR_ROTATED_LOG_SCAN_INTERVAL", "", "30s",
     duration(kLogs, &LogSettings::rotated_scan_interval), "How often rotated logs are looked for."},

    {"Dashboard", "ray-dashboard-address", "RAY_DASHBOARD_ADDRESS", "", "http://localhost:8265",
     {ValueKind::text, read_dashboard_address}, "Ray's dashboard, asked by the head's collector."},
    {"Dashboard", "", "RAY_COLLECTOR_POLL_INTERVAL", "", "30s",
     duration(kDashboard, &DashboardSettings::poll_interval), "How often it is asked."},
    {"Dashboard", "", "RAY_COLLECTOR_ADDITIONAL_ENDPOINTS", "", "", {ValueKind::text, read_endpoints},
     "Further paths to store the answers of, separated by commas."},
    {"Dashboard", "", "RAY_AUTH_MODE", "", "", text(&Draft::auth_mode),
     "token: the dashboard wants one, and it is an error to have none."},
    {"Dashboard", "", "RAY_AUTH_TOKEN", "", "", secret(kDashboard, kAuth, &AuthTokenSettings::token), "The token."},
    {"Dashboard", "", "RAY_ENABLE_K8S_TOKEN_AUTH", "", "false",
     truth(kDashboard, kAuth, &AuthTokenSettings::service_account),
     "Take the projected token of the Kubernetes service account instead."},

    {"Node", "", "RAY_TMP_ROOT", "", "/tmp/ray", folder(kNode, &NodeSettings::ray_folder),
     "Ray's folder, shared with the Ray container."},
    {"Node", "", "POD_IP", "", "", text(kNode, &NodeSettings::pod_ip),
     "This pod's address, to find the node's ID in the dashboard's list."},
    {"Node", "", "FQ_RAY_IP", "", "", text(kNode, &NodeSettings::fq_ray_ip),
     "The head's address, for the same; may carry a scheme and a port."},
    {"Node", "", "RAY_DASHBOARD_PORT", "", "8265", {ValueKind::number, read_dashboard_port},
     "The dashboard's port there."},

    {"Program", "metrics-port", "METRICS_PORT", "", "8085", port(0, kProgram, &ProgramSettings::metrics_port),
     "Port of /metrics, /healthz and /readyz. 0: none."},
    {"Program", "shutdown-timeout", "SHUTDOWN_TIMEOUT", "", "25s",
     duration(kProgram, &ProgramSettings::shutdown_timeout),
     "How long storing goes on after SIGTERM; less than the pod's terminationGracePeriodSeconds."},
    {"Program", "log-level", "LOG_LEVEL", "", "info", {ValueKind::text, read_log_level},
     "debug, info, warning or error."},
    {"Program", "log-format", "LOG_FORMAT", "", "text", {ValueKind::text, read_log_format},
     "text (logfmt) or json, on standard error."},
  };
  // clang-format on
}

}  // namespace

const std::vector<Setting>& all_settings() {
  static const std::vector<Setting> settings = make_settings();
  return settings;
}

const std::vector<ActionFlag>& action_flags() {
  using Action = ParsedSettings::Action;
  static const std::vector<ActionFlag> flags = {
      {"check", "", Action::check,
       "Prove settings, credentials and store with a probe, say what is wrong and what to do, and end."},
      {"help", "h", Action::help, "Show all flags and variables, and end."},
      {"version", "", Action::version, "Show the version, and end."},
  };
  return flags;
}

}  // namespace rayhistory
