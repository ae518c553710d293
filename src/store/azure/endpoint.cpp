#include "store/azure/endpoint.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace rayhistory {
namespace {

// https://learn.microsoft.com/rest/api/storageservices/naming-and-referencing-containers--blobs--and-metadata
constexpr size_t kShortestName = 3;
constexpr size_t kLongestName = 63;

bool is_container_name(std::string_view name) {
  return name.size() >= kShortestName && name.size() <= kLongestName && name.front() != '-' &&
         name.back() != '-' && name.find("--") == std::string_view::npos &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
}

}  // namespace

Result<AzureEndpoint> AzureEndpoint::from(Url account, std::string container) {
  if (!is_container_name(container)) {
    return Error{ErrorKind::invalid,
                 fmt::format("AZURE_STORAGE_CONTAINER \"{}\": a container's name has {} to {} lower-case "
                             "letters, digits and single hyphens, none of them at its ends",
                             container, kShortestName, kLongestName)};
  }
  return AzureEndpoint(std::move(account), std::move(container));
}

Url AzureEndpoint::url(std::string_view key) const {
  Url url = account_;
  url.encoded_path += "/" + container_;
  if (!key.empty()) url.encoded_path += "/" + encode_path(key);
  return url;
}

Url AzureEndpoint::account_url() const {
  Url url = account_;
  url.encoded_path += "/";
  return url;
}

}  // namespace rayhistory
