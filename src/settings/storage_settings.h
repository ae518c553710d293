// Where the objects are and how to get there: what every program that opens a store is told from outside.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "credentials/alibaba/environment.h"
#include "credentials/aws/environment.h"
#include "credentials/azure/identity.h"
#include "credentials/oci/environment.h"
#include "http/curl_client.h"

namespace rayhistory {

enum class Backend { s3, azureblob, gcs, aliyunoss, oci, local };

// The name as --storage-backend takes it.
std::string_view name_of(Backend backend);

struct S3Settings {
  std::string bucket;
  std::string endpoint;  // empty: AWS; may come without a scheme
  std::string region;
  bool force_path_style = false;
  bool disable_ssl = false;
  AwsEnvironment aws;
  AwsCredentials older_keys;  // by KubeRay's own names; what is set of them wins
  std::string default_region;
  std::string ca_bundle;  // AWS_CA_BUNDLE
};

struct AzureBlobSettings {
  std::string container;
  std::string connection_string;
  std::string account_url;
  std::string auth_mode;  // as it came; empty: by what there is
  AzureIdentity identity;
};

struct GcsSettings {
  std::string bucket;
  std::string credentials_file;
  std::string gcloud_folder;  // empty: .config/gcloud of `home`
  std::string home;
  std::string metadata_host;  // empty: metadata.google.internal
  std::string project;
  std::string emulator_host;
};

struct AliyunOssSettings {
  std::string bucket;
  std::string endpoint;
  std::string region;
  AlibabaEnvironment alibaba;
};

struct OciSettings {
  std::string bucket;
  std::string name_space;   // empty: asked for
  std::string region;       // empty: that of the credentials
  std::string compartment;  // empty: the bucket must be there
  std::string endpoint;
  OciEnvironment oracle;
};

struct StorageSettings {
  Backend backend = Backend::local;
  std::string root;                 // in front of every key; may be empty
  uint32_t upload_concurrency = 0;  // of a program that writes
  std::string local_folder;
  S3Settings s3;
  AzureBlobSettings azure_blob;
  GcsSettings gcs;
  AliyunOssSettings aliyun_oss;
  OciSettings oci;
};

struct NetworkSettings {
  CurlOptions client;
  std::string curl_ca_bundle;  // wins over SSL_CERT_FILE, the client's own
};

}  // namespace rayhistory
