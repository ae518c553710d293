#include "signing/azure_shared_key.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/ascii.h"
#include "base/digest.h"
#include "http/http_date.h"

namespace rayhistory {
namespace {

// In the order of the rule. "Content-Length" is not among them: the client sets it by itself.
constexpr std::array<std::string_view, 2> kHeadersBeforeLength = {"Content-Encoding", "Content-Language"};
constexpr std::array<std::string_view, 8> kHeadersAfterLength = {
    "Content-MD5",   "Content-Type",        "Date", "If-Modified-Since", "If-Match",
    "If-None-Match", "If-Unmodified-Since", "Range"};

using Pairs = std::vector<std::pair<std::string, std::string>>;

std::string without_hyphens(std::string text) {
  std::erase(text, '-');
  return text;
}

// The service sorts as a culture does, which a hyphen weighs nothing in, and not by bytes
// (azure-storage-blob: _shared/authentication.py).
bool comes_before(const std::pair<std::string, std::string>& a,
                  const std::pair<std::string, std::string>& b) {
  return std::pair(without_hyphens(a.first), a.first) < std::pair(without_hyphens(b.first), b.first);
}

std::string canonical_headers(const Headers& headers) {
  Pairs pairs;
  for (const auto& [name, value] : headers.all()) {
    std::string lowered = lower_case(name);
    if (lowered.starts_with("x-ms-")) pairs.emplace_back(std::move(lowered), value);
  }
  std::sort(pairs.begin(), pairs.end(), comes_before);
  std::string lines;
  for (const auto& [name, value] : pairs)
    lines += fmt::format("{}:{}\n", name, value);
  return lines;
}

// The path as it is sent, after the account: where that is in the path as well, it comes twice.
std::string canonical_resource(const std::string& account, const Url& url) {
  Pairs parameters;
  std::string_view query = url.encoded_query;
  while (!query.empty()) {
    const size_t end = std::min(query.find('&'), query.size());
    const std::string_view parameter = query.substr(0, end);
    const size_t equals = std::min(parameter.find('='), parameter.size());
    if (!parameter.empty()) {
      const std::string_view value = parameter.substr(std::min(equals + 1, parameter.size()));
      parameters.emplace_back(lower_case(parameter.substr(0, equals)),
                              decode_percent(value).value_or(std::string(value)));
    }
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  std::sort(parameters.begin(), parameters.end());
  std::string resource = "/" + account + url.encoded_path;
  for (const auto& [name, value] : parameters)
    resource += fmt::format("\n{}:{}", name, value);
  return resource;
}

}  // namespace

void sign_azure_shared_key(HttpRequest& request, const AzureAccountKey& key, int64_t unix_nanoseconds) {
  request.headers.set("x-ms-date", format_http_date(unix_nanoseconds));
  std::string to_sign = fmt::format("{}\n", name_of(request.method));
  const auto add_header = [&](std::string_view name) {
    to_sign.append(request.headers.find(name).value_or("")).append("\n");
  };
  for (const std::string_view name : kHeadersBeforeLength)
    add_header(name);
  if (request.body != nullptr && request.body->size() > 0) to_sign += std::to_string(request.body->size());
  to_sign += "\n";
  for (const std::string_view name : kHeadersAfterLength)
    add_header(name);
  to_sign += canonical_headers(request.headers);
  to_sign += canonical_resource(key.account, request.url);
  const Sha256Digest signature = hmac_sha256(key.key, to_sign);
  request.headers.set("Authorization",
                      fmt::format("SharedKey {}:{}", key.account, to_base64(as_text(signature))));
}

}  // namespace rayhistory
