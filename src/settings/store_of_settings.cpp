#include "settings/store_of_settings.h"

#include <string>

namespace rayhistory {
namespace {

StoreBackend backend_of(Backend backend) {
  switch (backend) {
    case Backend::s3:
      return StoreBackend::s3;
    case Backend::azureblob:
      return StoreBackend::azureblob;
    case Backend::gcs:
      return StoreBackend::gcs;
    case Backend::aliyunoss:
      return StoreBackend::aliyunoss;
    case Backend::oci:
      return StoreBackend::oci;
    case Backend::local:
      return StoreBackend::local;
  }
  UNREACHABLE("a Backend out of range");
}

// google-auth: google/auth/_cloud_sdk.py.
std::string gcloud_file(const GcsSettings& settings) {
  constexpr std::string_view kName = "/application_default_credentials.json";
  if (!settings.gcloud_folder.empty()) return settings.gcloud_folder + std::string(kName);
  return settings.home + "/.config/gcloud" + std::string(kName);
}

}  // namespace

StoreOptions store_options(const StorageSettings& settings, const NetworkSettings& network) {
  StoreOptions options;
  options.backend = backend_of(settings.backend);
  options.local_folder = settings.local_folder;
  options.s3.bucket = settings.s3.bucket;
  options.s3.endpoint = settings.s3.endpoint;
  options.s3.region = settings.s3.region;
  // Not set leaves it to the endpoint: MinIO knows path style only, AWS prefers the other.
  if (settings.s3.force_path_style) options.s3.force_path_style = true;
  options.s3.disable_ssl = settings.s3.disable_ssl;
  options.aws = settings.s3.aws;
  options.network = network.client;
  if (settings.backend == Backend::s3 && !settings.s3.ca_bundle.empty())
    options.network.ca_file = settings.s3.ca_bundle;
  options.azure = {.container = settings.azure_blob.container,
                   .connection_string = settings.azure_blob.connection_string,
                   .account_url = settings.azure_blob.account_url,
                   .auth_mode = settings.azure_blob.auth_mode,
                   .identity = settings.azure_blob.identity};
  options.gcs = {.bucket = settings.gcs.bucket,
                 .emulator_host = settings.gcs.emulator_host,
                 .root = settings.root,
                 .project = settings.gcs.project};
  options.google = {.credentials_file = settings.gcs.credentials_file,
                    .gcloud_file = gcloud_file(settings.gcs),
                    .metadata_host = settings.gcs.metadata_host};
  options.oss = {.bucket = settings.aliyun_oss.bucket,
                 .endpoint = settings.aliyun_oss.endpoint,
                 .region = settings.aliyun_oss.region};
  options.alibaba = settings.aliyun_oss.alibaba;
  options.oci = {.bucket = settings.oci.bucket,
                 .name_space = settings.oci.name_space,
                 .region = settings.oci.region,
                 .compartment = settings.oci.compartment,
                 .endpoint = settings.oci.endpoint,
                 .default_realm_domain = settings.oci.oracle.default_realm_domain};
  options.oracle = settings.oci.oracle;
  return options;
}

}  // namespace rayhistory
