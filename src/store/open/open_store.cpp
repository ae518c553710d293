#include "store/open/open_store.h"

#include <utility>

#include <fmt/format.h>

#include "credentials/alibaba/default_credentials.h"
#include "credentials/aws/default_credentials.h"
#include "credentials/cached_credentials.h"
#include "credentials/oci/default_credentials.h"
#include "store/azure/azure_blob_store.h"
#include "store/gcs/gcs_store.h"
#include "store/oci/oci_store.h"
#include "store/retrying_store.h"
#include "store/s3/s3_store.h"

namespace rayhistory {
namespace {

// Metadata services are on the same host; where there is none, nobody is to wait for it.
constexpr Seconds kTokenServiceConnectTimeout{5};

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
    case StoreBackend::oci:
      return "oci";
  }
  UNREACHABLE("a StoreBackend out of range");
}

Result<std::unique_ptr<Store>> open_s3(const StoreOptions& options, const Clock& clock) {
  auto client = std::make_unique<CurlClient>(clock, options.network);
  CurlOptions of_token_services = options.network;
  of_token_services.connect_timeout = kTokenServiceConnectTimeout;
  Result<std::unique_ptr<AwsCredentialsSource>> found = default_aws_credentials(
      options.aws, options.s3.region, std::make_unique<CurlClient>(clock, of_token_services), clock);
  if (!found) return std::move(found).error().in("storage backend s3");
  std::unique_ptr<AwsCredentialsSource> credentials = *std::move(found);
  TRY_ASSIGN(std::unique_ptr<Store> store,
             S3Store::open(options.s3, std::move(client), std::move(credentials), clock));
  return store;
}

Result<std::unique_ptr<Store>> open_azure(const StoreOptions& options, const Clock& clock) {
  CurlOptions of_token_services = options.network;
  of_token_services.connect_timeout = kTokenServiceConnectTimeout;
  const auto make_token_client = [&] { return std::make_unique<CurlClient>(clock, of_token_services); };
  Result<AzureSignIn> sign_in = azure_sign_in(options.azure, make_token_client, clock);
  if (!sign_in) return std::move(sign_in).error().in("storage backend azureblob");
  auto client = std::make_unique<CurlClient>(clock, options.network);
  TRY_ASSIGN(std::unique_ptr<Store> store,
             AzureBlobStore::open(*std::move(sign_in), options.azure.container, std::move(client), clock));
  return store;
}

Result<std::unique_ptr<Store>> open_gcs(const StoreOptions& options, const Clock& clock) {
  const auto new_client = [&] { return std::make_unique<CurlClient>(clock, options.network); };
  auto credentials = std::make_unique<CachedCredentials<AccessToken>>(
      std::make_unique<GoogleDefaultCredentials>(options.google, new_client(), clock), clock);
  const auto find_project = [places = options.google, client = std::shared_ptr<HttpClient>(new_client()),
                             &clock](const Deadline& deadline) {
    return find_google_project(places, *client, clock, deadline);
  };
  TRY_ASSIGN(std::unique_ptr<Store> store,
             GcsStore::open(options.gcs, new_client(), std::move(credentials), find_project, clock));
  return store;
}

Result<std::unique_ptr<Store>> open_oss(const StoreOptions& options, const Clock& clock) {
  Result<S3Place> place = oss_place(options.oss);
  if (!place) return std::move(place).error().in("storage backend aliyunoss");
  CurlOptions of_token_services = options.network;
  of_token_services.connect_timeout = kTokenServiceConnectTimeout;
  AlibabaEnvironment environment = options.alibaba;
  // Who is inside for OSS is so for the token service, and may not get out.
  if (is_oss_internal(options.oss)) environment.use_vpc_endpoint = true;
  Result<std::unique_ptr<AwsCredentialsSource>> credentials = default_alibaba_credentials(
      environment, place->region, std::make_unique<CurlClient>(clock, of_token_services), clock);
  if (!credentials) return std::move(credentials).error().in("storage backend aliyunoss");
  std::unique_ptr<Store> store = std::make_unique<S3Store>(
      kOssDialect, *std::move(place), std::make_unique<CurlClient>(clock, options.network),
      *std::move(credentials), clock);
  return store;
}

Result<std::unique_ptr<Store>> open_oci(const StoreOptions& options, const Clock& clock) {
  const auto make_issuer_client = [&](const std::string& ca_file) {
    CurlOptions network = options.network;
    network.connect_timeout = kTokenServiceConnectTimeout;
    if (!ca_file.empty()) {
      network.ca_file = ca_file;
      network.ca_folder.clear();
      network.https_proxy.clear();
      network.authority_advice = "it is verified with the service account's CA alone";
    }
    return std::make_unique<CurlClient>(clock, std::move(network));
  };
  Result<std::unique_ptr<OciCredentialsSource>> credentials =
      default_oci_credentials(options.oracle, make_issuer_client, clock);
  if (!credentials) return std::move(credentials).error().in("storage backend oci");
  Result<std::unique_ptr<OciStore>> store = OciStore::open(
      options.oci, std::make_unique<CurlClient>(clock, options.network), *std::move(credentials), clock);
  if (!store) return std::move(store).error().in("storage backend oci");
  return std::unique_ptr<Store>(*std::move(store));
}

}  // namespace

std::optional<StoreBackend> parse_store_backend(std::string_view name) {
  for (const StoreBackend backend : {StoreBackend::local, StoreBackend::s3, StoreBackend::azureblob,
                                     StoreBackend::gcs, StoreBackend::aliyunoss, StoreBackend::oci}) {
    if (name_of(backend) == name) return backend;
  }
  return std::nullopt;
}

Result<std::unique_ptr<Store>> open_store_without_retries(const StoreOptions& options, const Clock& clock) {
  if (Result<void> checked = check_authorities(options.network); !checked)
    return std::move(checked).error().in("SSL_CERT_FILE, SSL_CERT_DIR or another variable of certificates");
  switch (options.backend) {
    case StoreBackend::local: {
      if (options.local_folder.empty())
        return Error{ErrorKind::invalid, "storage backend local: --local-dir must name a folder"};
      std::unique_ptr<Store> store =
          std::make_unique<LocalFolderStore>(options.local_folder, clock, options.local_folder_use);
      return store;
    }
    case StoreBackend::s3:
      return open_s3(options, clock);
    case StoreBackend::azureblob:
      return open_azure(options, clock);
    case StoreBackend::gcs:
      return open_gcs(options, clock);
    case StoreBackend::aliyunoss:
      return open_oss(options, clock);
    case StoreBackend::oci:
      return open_oci(options, clock);
  }
  UNREACHABLE("a StoreBackend out of range");
}

Result<std::unique_ptr<Store>> open_store(const StoreOptions& options, const Clock& clock,
                                          std::shared_ptr<StoreMeter> meter, std::stop_token hurry) {
  TRY_ASSIGN(std::unique_ptr<Store> store, open_store_without_retries(options, clock));
  if (meter) store = std::make_unique<MeteredStore>(std::move(store), std::move(meter));
  std::unique_ptr<Store> retrying =
      std::make_unique<RetryingStore>(std::move(store), clock, std::move(hurry));
  return retrying;
}

}  // namespace rayhistory
