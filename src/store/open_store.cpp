#include "store/open_store.h"

#include <utility>

#include <fmt/format.h>

#include "credentials/aws_credentials_source.h"
#include "http/curl_client.h"
#include "store/local_folder_store.h"
#include "store/retrying_store.h"
#include "store/s3_store.h"

namespace rayhistory {
namespace {

std::string_view name_of(StoreBackend backend) {
  switch (backend) {
    case StoreBackend::local:
      return "local";
    case StoreBackend::s3:
      return "s3";
    case StoreBackend::azureblob:
      return "azureblob";
    case StoreBackend::gcs:
      return "gcs";
    case StoreBackend::aliyunoss:
      return "aliyunoss";
  }
  UNREACHABLE("a StoreBackend out of range");
}

Result<std::unique_ptr<Store>> open_s3(const StoreOptions& options, const Clock& clock) {
  if (options.aws_credentials.access_key_id.empty() || options.aws_credentials.secret_access_key.empty()) {
    return Error{
        ErrorKind::invalid,
        "storage backend s3: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY must both be set; other sources of "
        "credentials are not built yet"};
  }
  auto client = std::make_unique<CurlClient>(clock, CurlOptions{.ca_file = options.ca_file});
  auto credentials = std::make_unique<FixedCredentials<AwsCredentials>>(
      options.aws_credentials, "environment variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY");
  TRY_ASSIGN(std::unique_ptr<Store> store,
             S3Store::open(options.s3, std::move(client), std::move(credentials), clock));
  return store;
}

}  // namespace

std::optional<StoreBackend> parse_store_backend(std::string_view name) {
  for (const StoreBackend backend : {StoreBackend::local, StoreBackend::s3, StoreBackend::azureblob,
                                     StoreBackend::gcs, StoreBackend::aliyunoss}) {
    if (name_of(backend) == name) return backend;
  }
  return std::nullopt;
}

Result<std::unique_ptr<Store>> open_store_without_retries(const StoreOptions& options, const Clock& clock) {
  switch (options.backend) {
    case StoreBackend::local: {
      if (options.local_folder.empty())
        return Error{ErrorKind::invalid, "storage backend local: --local-dir must name a folder"};
      std::unique_ptr<Store> store = std::make_unique<LocalFolderStore>(options.local_folder, clock);
      return store;
    }
    case StoreBackend::s3:
      return open_s3(options, clock);
    case StoreBackend::azureblob:
    case StoreBackend::gcs:
    case StoreBackend::aliyunoss:
      break;
  }
  return Error{ErrorKind::invalid,
               fmt::format("storage backend {} is not built yet", name_of(options.backend))};
}

Result<std::unique_ptr<Store>> open_store(const StoreOptions& options, const Clock& clock,
                                          std::shared_ptr<StoreMeter> meter) {
  TRY_ASSIGN(std::unique_ptr<Store> store, open_store_without_retries(options, clock));
  if (meter) store = std::make_unique<MeteredStore>(std::move(store), std::move(meter));
  std::unique_ptr<Store> retrying = std::make_unique<RetryingStore>(std::move(store), clock);
  return retrying;
}

}  // namespace rayhistory
