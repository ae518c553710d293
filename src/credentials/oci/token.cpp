#include "credentials/oci/token.h"

#include <algorithm>
#include <memory>
#include <utility>

#include <fmt/format.h>
#include <simdjson.h>

#include "base/ascii.h"
#include "base/digest.h"

namespace rayhistory {
namespace {

using simdjson::SUCCESS;
using Object = simdjson::dom::object;

// Tokens have some 2 KiB. A server takes header lines of 8 KiB and more.
constexpr size_t kLongestKeyIdBytes = 32 * 1024;
constexpr size_t kLongestResponseBytes = 256 * 1024;
constexpr std::string_view kSpaces = " \t\r\n";
constexpr std::string_view kTokenMark = "ST$";
// The claim `exp` ends in the year 2255 at the latest, as 64 bits of nanoseconds end in 2262.
constexpr int64_t kLatestUnixSeconds = 9'000'000'000;

bool parse(simdjson::dom::parser& parser, std::string_view body, Object& object) {
  return body.size() <= kLongestResponseBytes &&
         parser.parse(body.data(), body.size()).get(object) == SUCCESS;
}

std::string text_in(const Object& object, std::string_view name) {
  std::string_view text;
  return object[name].get(text) == SUCCESS ? std::string(text) : std::string();
}

std::optional<int64_t> expiry_of(std::string_view token) {
  const size_t first = token.find('.');
  const size_t second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  const std::optional<std::string> claims = from_base64(token.substr(first + 1, second - first - 1));
  simdjson::dom::parser parser;
  Object object;
  double seconds = 0;  // NumericDate may have a fraction
  if (!claims || !parse(parser, *claims, object) || object["exp"].get(seconds) != SUCCESS)
    return std::nullopt;
  if (!(seconds > 0 && seconds < static_cast<double>(kLatestUnixSeconds))) return std::nullopt;
  return Nanoseconds(Seconds(static_cast<int64_t>(seconds))).count();
}

}  // namespace

bool is_oci_key_id(std::string_view text) {
  return !text.empty() && text.size() <= kLongestKeyIdBytes &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f && c != '"'; });
}

std::optional<Issued<OciCredentials>> oci_session(std::string_view token, RsaKey key, std::string region,
                                                  std::string realm_domain) {
  token = trimmed(token, kSpaces);
  if (!is_oci_key_id(token)) return std::nullopt;
  return Issued<OciCredentials>{OciCredentials{std::string(kTokenMark) + std::string(token),
                                               std::make_shared<const RsaKey>(std::move(key)),
                                               std::move(region), std::move(realm_domain)},
                                expiry_of(token)};
}

std::optional<std::string> read_oci_token_response(std::string_view body) {
  simdjson::dom::parser parser;
  Object object;
  if (!parse(parser, body, object)) return std::nullopt;
  std::string token = text_in(object, "token");
  if (!is_oci_key_id(token)) return std::nullopt;
  return token;
}

std::optional<std::string> read_oci_proxymux_response(std::string_view body) {
  body = trimmed(body, kSpaces);
  // As a JSON string, where a proxy has made it one.
  if (body.size() >= 2 && body.front() == '"' && body.back() == '"') body = body.substr(1, body.size() - 2);
  const std::optional<std::string> decoded = from_base64(body);
  if (!decoded) return std::nullopt;
  std::optional<std::string> token = read_oci_token_response(*decoded);
  if (!token || !token->starts_with(kTokenMark)) return std::nullopt;
  token->erase(0, kTokenMark.size());
  if (token->empty()) return std::nullopt;
  return token;
}

std::optional<OciRegionResponse> read_oci_region_response(std::string_view body) {
  simdjson::dom::parser parser;
  Object object;
  if (!parse(parser, body, object)) return std::nullopt;
  OciRegionResponse response{text_in(object, "regionIdentifier"), text_in(object, "realmDomainComponent")};
  if (response.region.empty() || response.realm_domain.empty()) return std::nullopt;
  return response;
}

std::optional<OciErrorResponse> read_oci_error(std::string_view body) {
  simdjson::dom::parser parser;
  Object object;
  if (!parse(parser, body, object)) return std::nullopt;
  OciErrorResponse response{text_in(object, "code"), text_in(object, "message")};
  if (response.code.empty() && response.message.empty()) return std::nullopt;
  return response;
}

}  // namespace rayhistory
