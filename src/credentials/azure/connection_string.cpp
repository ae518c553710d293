#include "credentials/azure/connection_string.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/ascii.h"
#include "base/digest.h"

namespace rayhistory {
namespace {

constexpr std::string_view kDefaultSuffix = "core.windows.net";
// The emulator's, the same for everybody, and public.
// https://learn.microsoft.com/azure/storage/common/storage-connect-azurite
constexpr std::string_view kEmulator =
    "AccountName=devstoreaccount1;"
    "AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;"
    "BlobEndpoint=http://127.0.0.1:10000/devstoreaccount1";

using Parts = std::map<std::string, std::string, std::less<>>;

Error wrong(std::string_view what) {
  return Error{ErrorKind::invalid, fmt::format("AZURE_STORAGE_CONNECTION_STRING: {}", what)};
}

Result<Parts> parts_of(std::string_view text) {
  Parts parts;
  while (!text.empty()) {
    const size_t end = std::min(text.find(';'), text.size());
    const std::string_view part = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (part.find_first_not_of(" \t\r\n") == std::string_view::npos) continue;
    const size_t equals = part.find('=');
    // Not shown: it may be the piece of a key.
    if (equals == std::string_view::npos)
      return wrong("a part without '='; it is made of Name=Value with ';' between");
    const size_t begin = part.find_first_not_of(" \t\r\n");
    parts[lower_case(part.substr(begin, equals - begin))] = part.substr(equals + 1);
  }
  return parts;
}

std::string_view find(const Parts& parts, std::string_view name) {
  const auto part = parts.find(name);
  return part == parts.end() ? std::string_view() : std::string_view(part->second);
}

bool is_account_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

Result<Url> endpoint_of(const Parts& parts) {
  std::string text(find(parts, "blobendpoint"));
  if (text.empty()) {
    const std::string_view account = find(parts, "accountname");
    if (account.empty()) return wrong("has neither AccountName nor BlobEndpoint");
    if (!is_account_name(account))
      return wrong("AccountName: an account's name has lower-case letters and digits only");
    const std::string_view protocol = find(parts, "defaultendpointsprotocol");
    const std::string_view suffix = find(parts, "endpointsuffix");
    text = fmt::format("{}://{}.blob.{}", protocol.empty() ? "https" : protocol, account,
                       suffix.empty() ? kDefaultSuffix : suffix);
  }
  // The URL itself is not shown either: some carry a signature.
  Result<Url> url = parse_url(text, Scheme::https);
  if (!url) {
    return wrong(
        "BlobEndpoint (or DefaultEndpointsProtocol and EndpointSuffix) is no http or https URL like "
        "https://account.blob.core.windows.net");
  }
  while (url->encoded_path.ends_with('/'))
    url->encoded_path.pop_back();
  return url;
}

}  // namespace

Result<AzureConnectionString> parse_azure_connection_string(std::string_view text) {
  TRY_ASSIGN(Parts parts, parts_of(text));
  if (lower_case(find(parts, "usedevelopmentstorage")) == "true") {
    const std::string proxy(find(parts, "developmentstorageproxyuri"));
    if (!proxy.empty())
      return wrong("DevelopmentStorageProxyUri: give the emulator's address as BlobEndpoint");
    TRY_ASSIGN(parts, parts_of(kEmulator));
  }
  TRY_ASSIGN(Url endpoint, endpoint_of(parts));
  if (!endpoint.encoded_query.empty())
    return wrong("BlobEndpoint has a query: a shared access signature goes into SharedAccessSignature");

  const std::string_view key = find(parts, "accountkey");
  if (!key.empty()) {
    const std::string_view account = find(parts, "accountname");
    if (account.empty()) return wrong("has an AccountKey and no AccountName");
    std::optional<std::string> bytes = from_base64(key);
    if (!bytes || bytes->empty()) return wrong("AccountKey is not base64: was it copied whole?");
    return AzureConnectionString{std::move(endpoint),
                                 AzureAccountKey{std::string(account), *std::move(bytes)}};
  }
  std::string_view signature = find(parts, "sharedaccesssignature");
  if (signature.starts_with('?')) signature.remove_prefix(1);
  if (signature.empty()) return wrong("has neither AccountKey nor SharedAccessSignature");
  const bool is_query = std::all_of(signature.begin(), signature.end(),
                                    [](char c) { return c > ' ' && c < 0x7f && c != '#' && c != '?'; });
  if (!is_query || ("&" + std::string(signature)).find("&sig=") == std::string::npos)
    return wrong("SharedAccessSignature is no signature: it looks like sv=…&sig=…, percent-encoded");
  return AzureConnectionString{std::move(endpoint), AzureSharedAccessSignature{std::string(signature)}};
}

}  // namespace rayhistory
