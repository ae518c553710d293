#include "credentials/google/token_response.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <simdjson.h>

#include "base/clock.h"
#include "base/rfc3339.h"

namespace rayhistory {
namespace {

using simdjson::SUCCESS;
using Object = simdjson::dom::object;

// A day; Google's tokens live for an hour, twelve at the most. What is longer is taken for that.
constexpr int64_t kLongestLifetimeSeconds = 86'400;
// A reply explains itself in a sentence; a proxy's page must not fill the log.
constexpr size_t kShownRefusalBytes = 300;

bool parse(simdjson::dom::parser& parser, std::string_view body, Object& object) {
  return parser.parse(body.data(), body.size()).get(object) == SUCCESS;
}

std::string_view text_in(const Object& object, std::string_view name) {
  std::string_view text;
  return object[name].get(text) == SUCCESS ? text : std::string_view();
}

// The characters of a token that a header takes (RFC 6750, section 2.1, and what other issuers add).
bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

std::optional<int64_t> seconds_in(const Object& object, std::string_view name) {
  int64_t seconds = 0;
  if (object[name].get(seconds) != SUCCESS) {
    const std::string_view text = text_in(object, name);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  }
  if (seconds <= 0) return std::nullopt;
  return std::min(seconds, kLongestLifetimeSeconds);
}

}  // namespace

std::optional<Issued<AccessToken>> read_token_response(std::string_view body, int64_t now_unix_nanoseconds) {
  simdjson::dom::parser parser;
  Object object;
  if (!parse(parser, body, object)) return std::nullopt;
  const std::string_view token = text_in(object, "access_token");
  const std::optional<int64_t> seconds = seconds_in(object, "expires_in");
  if (!is_token(token) || !seconds) return std::nullopt;
  return Issued<AccessToken>{AccessToken{std::string(token)},
                             now_unix_nanoseconds + Nanoseconds(Seconds(*seconds)).count()};
}

std::optional<Issued<AccessToken>> read_impersonation_response(std::string_view body) {
  simdjson::dom::parser parser;
  Object object;
  if (!parse(parser, body, object)) return std::nullopt;
  const std::string_view token = text_in(object, "accessToken");
  const std::optional<int64_t> expires = parse_rfc3339(text_in(object, "expireTime"));
  if (!is_token(token) || !expires) return std::nullopt;
  return Issued<AccessToken>{AccessToken{std::string(token)}, expires};
}

std::optional<std::string> read_text_field(std::string_view body, std::string_view name) {
  simdjson::dom::parser parser;
  Object object;
  if (!parse(parser, body, object)) return std::nullopt;
  const std::string_view text = text_in(object, name);
  if (text.empty()) return std::nullopt;
  return std::string(text);
}

std::string read_token_refusal(std::string_view body) {
  simdjson::dom::parser parser;
  Object object;
  if (!parse(parser, body, object)) return "";
  Object nested;
  std::string_view code = text_in(object, "error");
  std::string_view why = text_in(object, "error_description");
  if (object["error"].get(nested) == SUCCESS) {
    code = text_in(nested, "status");
    why = text_in(nested, "message");
  }
  std::string refusal(code);
  if (!why.empty()) refusal.append(refusal.empty() ? "" : ": ").append(why);
  std::replace_if(
      refusal.begin(), refusal.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
  if (refusal.size() > kShownRefusalBytes) refusal.resize(kShownRefusalBytes);
  return refusal;
}

}  // namespace rayhistory
