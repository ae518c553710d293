#include "credentials/aws/key_response.h"

#include <algorithm>
#include <utility>

#include <simdjson.h>

#include "base/rfc3339.h"

namespace rayhistory {
namespace {

using Object = simdjson::dom::object;

// A refusal explains itself in a sentence.
constexpr size_t kShownRefusalBytes = 300;

bool parse(simdjson::dom::parser& parser, std::string_view body, Object& object) {
  return body.size() <= kAwsKeyResponseLimitBytes &&
         parser.parse(body.data(), body.size()).get(object) == simdjson::SUCCESS;
}

std::string text_of(const Object& object, std::string_view name) {
  std::string_view text;
  return object.at_key(name).get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

// Keys and tokens are sent in headers.
bool is_visible(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

std::optional<Issued<AwsCredentials>> read_keys(const Object& object, std::string_view token_name) {
  AwsCredentials keys{text_of(object, "AccessKeyId"), text_of(object, "SecretAccessKey"),
                      text_of(object, token_name)};
  if (keys.access_key_id.empty() || keys.secret_access_key.empty()) return std::nullopt;
  if (!is_visible(keys.access_key_id) || !is_visible(keys.session_token)) return std::nullopt;
  const std::string expiration = text_of(object, "Expiration");
  std::optional<int64_t> expires;
  if (!expiration.empty()) {
    expires = parse_rfc3339(expiration);
    if (!expires) return std::nullopt;
  }
  return Issued<AwsCredentials>{std::move(keys), expires};
}

}  // namespace

std::optional<Issued<AwsCredentials>> read_aws_key_response(std::string_view body) {
  simdjson::dom::parser parser;
  Object object;
  if (!parse(parser, body, object)) return std::nullopt;
  return read_keys(object, "Token");
}

std::optional<Issued<AwsCredentials>> read_aws_process_output(std::string_view output) {
  simdjson::dom::parser parser;
  Object object;
  int64_t version = 0;
  if (!parse(parser, output, object) || object.at_key("Version").get(version) != simdjson::SUCCESS ||
      version != 1)
    return std::nullopt;
  return read_keys(object, "SessionToken");
}

std::string read_aws_key_refusal(std::string_view body) {
  simdjson::dom::parser parser;
  Object object;
  if (!parse(parser, body, object)) return {};
  std::string refusal = text_of(object, "Code") + text_of(object, "code");
  const std::string message = text_of(object, "Message") + text_of(object, "message");
  if (!message.empty()) refusal += (refusal.empty() ? "" : ": ") + message;
  std::replace_if(
      refusal.begin(), refusal.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
  return refusal.substr(0, kShownRefusalBytes);
}

}  // namespace rayhistory
