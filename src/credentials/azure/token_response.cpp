#include "credentials/azure/token_response.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <simdjson.h>

namespace rayhistory {
namespace {

constexpr int64_t kNanosecondsPerSecond = 1'000'000'000;
// Far more than any token's life (a day), and far less than 64 bits of nanoseconds hold.
constexpr int64_t kLongestLifeSeconds = 10LL * 365 * 24 * 3600;
// Entra's descriptions go on with trace IDs for lines.
constexpr size_t kRefusalLimit = 300;

std::optional<int64_t> seconds_of(const simdjson::dom::object& object, std::string_view name) {
  simdjson::dom::element value;
  if (object.at_key(name).get(value) != simdjson::SUCCESS) return std::nullopt;
  int64_t seconds = 0;
  if (value.get(seconds) == simdjson::SUCCESS) return seconds;
  std::string_view digits;
  if (value.get(digits) != simdjson::SUCCESS) return std::nullopt;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), seconds);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return seconds;
}

std::string text_of(const simdjson::dom::object& object, std::string_view name) {
  std::string_view text;
  if (object.at_key(name).get(text) != simdjson::SUCCESS) return {};
  return std::string(text);
}

// A token is sent in a header, so it can be nothing but visible ASCII.
bool is_token(std::string_view text) {
  if (text.empty()) return false;
  for (const char c : text)
    if (c <= ' ' || c >= 0x7f) return false;
  return true;
}

}  // namespace

std::optional<Issued<AccessToken>> read_azure_token(std::string_view body, int64_t unix_nanoseconds) {
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  if (body.size() > kAzureTokenResponseLimitBytes ||
      parser.parse(body.data(), body.size()).get(object) != simdjson::SUCCESS)
    return std::nullopt;
  std::string token = text_of(object, "access_token");
  if (!is_token(token)) return std::nullopt;
  const int64_t now = unix_nanoseconds / kNanosecondsPerSecond;
  std::optional<int64_t> expires;
  if (const auto left = seconds_of(object, "expires_in")) {
    if (*left < 0 || *left > kLongestLifeSeconds) return std::nullopt;
    expires = now + *left;
  } else {
    expires = seconds_of(object, "expires_on");
  }
  if (!expires || *expires < 0 || *expires > now + kLongestLifeSeconds) return std::nullopt;
  return Issued<AccessToken>{{std::move(token)}, *expires * kNanosecondsPerSecond};
}

std::string read_azure_token_refusal(std::string_view body) {
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  if (body.size() > kAzureTokenResponseLimitBytes ||
      parser.parse(body.data(), body.size()).get(object) != simdjson::SUCCESS)
    return {};
  std::string text = text_of(object, "error");
  std::string description = text_of(object, "error_description");
  if (description.empty()) description = text_of(object, "message");  // App Service's
  if (!text.empty() && !description.empty()) text += ": ";
  text += description;
  text = text.substr(0, std::min(text.find_first_of("\r\n"), kRefusalLimit));
  return text;
}

}  // namespace rayhistory
