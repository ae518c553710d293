// The store that the settings name.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "credentials/alibaba/environment.h"
#include "credentials/aws/environment.h"
#include "credentials/google/default_credentials.h"
#include "credentials/oci/environment.h"
#include "http/curl_client.h"
#include "store/azure/options.h"
#include "store/gcs/connection.h"
#include "store/local/local_folder_store.h"
#include "store/metered_store.h"
#include "store/oci/connection.h"
#include "store/s3/endpoint.h"
#include "store/s3/oss_dialect.h"
#include "store/store.h"

namespace rayhistory {

enum class StoreBackend { local, s3, azureblob, gcs, aliyunoss, oci };

// "local", "s3", …, as STORAGE_BACKEND has it; nothing for any other text.
std::optional<StoreBackend> parse_store_backend(std::string_view name);

struct StoreOptions {
  StoreBackend backend = StoreBackend::local;
  std::string local_folder = "./ray-historyserver";
  FolderUse local_folder_use = FolderUse::write;
  S3Options s3;
  AwsEnvironment aws;
  AzureOptions azure;
  CurlOptions network;
  GcsOptions gcs;
  GooglePlaces google;  // where its credentials are looked for
  OssOptions oss;
  AlibabaEnvironment alibaba;
  OciOptions oci;
  OciEnvironment oracle;  // who signs in there
};

// Nothing is sent yet. `invalid` names the setting that is wrong. `clock` must outlive the store.
// Calls fail at once, for --check.
Result<std::unique_ptr<Store>> open_store_without_retries(const StoreOptions& options, const Clock& clock);
// Calls wait out what passes (retrying_store.h), for everything else; no longer for long once `hurry` is
// requested. Each try is counted by `meter`, where there is one.
Result<std::unique_ptr<Store>> open_store(const StoreOptions& options, const Clock& clock,
                                          std::shared_ptr<StoreMeter> meter = nullptr,
                                          std::stop_token hurry = {});

}  // namespace rayhistory
