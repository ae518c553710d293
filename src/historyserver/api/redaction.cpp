#include "historyserver/api/redaction.h"

#include <algorithm>
#include <iterator>

#include "base/json_text.h"
#include "historyserver/api/json_value.h"
#include "historyserver/exchange/secret_mask.h"

namespace rayhistory::historyserver {
namespace {

using simdjson::dom::element;

// A parsed answer takes several times its memory.
bool may_have_secrets(std::string_view json) {
  constexpr std::string_view kSigns[] = {"env_vars",   "envVars",  "untime_env", "untimeEnv",
                                         "entrypoint", "metadata", "cmdline",    "\\u"};
  return std::any_of(std::begin(kSigns), std::end(kSigns),
                     [json](std::string_view sign) { return json.find(sign) != std::string_view::npos; });
}

// Writes a JSON value again, with its secrets masked.
class MaskedJson {
 public:
  explicit MaskedJson(std::string& json) : json_(json) {}

  // Whether anything was masked.
  bool has_masked() const { return has_masked_; }

  // `is_own`: what is below a key of is_peoples_own_key().
  void append(element value, bool is_own) {
    simdjson::dom::array array;
    simdjson::dom::object object;
    std::string_view text;
    if (value.get(array) == simdjson::SUCCESS) {
      append_array(array, is_own);
    } else if (value.get(object) == simdjson::SUCCESS) {
      append_object(object, is_own);
    } else if (value.get(text) == simdjson::SUCCESS && (is_own || names_variables(text))) {
      append_text(text);
    } else {
      append_json(json_, value);
    }
  }

  void append_object(simdjson::dom::object object, bool is_own) {
    Comma comma;
    json_ += '{';
    for (const auto member : object) {
      append_key(json_, comma, member.key);
      const bool is_text = member.value.is_string();
      if (is_variables_key(member.key)) {
        append_variables(member.value);
      } else if (is_own && is_text && is_secret_name(member.key)) {
        append_mask();
      } else {
        append(member.value, is_own || is_peoples_own_key(member.key));
      }
    }
    json_ += '}';
  }

 private:
  void append_array(simdjson::dom::array array, bool is_own) {
    Comma comma;
    json_ += '[';
    for (const element item : array) {
      comma.next(json_);
      append(item, is_own);
    }
    json_ += ']';
  }

  void append_variables(element variables) {
    simdjson::dom::object object;
    if (variables.get(object) != simdjson::SUCCESS) {
      // null, as Ray writes what is not set; anything else may be a secret.
      if (variables.is_null()) {
        json_ += "null";
      } else {
        append_mask();
      }
      return;
    }
    Comma comma;
    json_ += '{';
    for (const auto variable : object) {
      append_key(json_, comma, variable.key);
      append_mask();
    }
    json_ += '}';
  }

  void append_text(std::string_view text) {
    const std::string masked = masked_text(text);
    has_masked_ = has_masked_ || masked != text;
    append_json_string(json_, masked);
  }

  void append_mask() {
    has_masked_ = true;
    append_json_string(json_, kRedacted);
  }

  std::string& json_;
  bool has_masked_ = false;
};

}  // namespace

std::string_view RuntimeEnvRedactor::masked(std::string_view serialized) {
  if (serialized.empty()) return "{}";
  const auto [known, is_new] = known_.try_emplace(serialized);
  std::string& text = known->second;
  if (!is_new) return text;
  simdjson::dom::object environment;
  if (parse_json(parser_, serialized).get(environment) == simdjson::SUCCESS) {
    MaskedJson(text).append_object(environment, true);
  } else {
    text = kRedacted;
  }
  return text;
}

void RuntimeEnvRedactor::append_masked(std::string& json, std::string_view serialized) {
  const std::string_view text = masked(serialized);
  if (text == kRedacted) {
    append_json_string(json, text);
  } else {
    json += text;
  }
}

std::string with_secrets_masked(std::string json) {
  if (!may_have_secrets(json)) return json;
  simdjson::dom::parser parser;
  element root;
  if (parser.parse(json).get(root) != simdjson::SUCCESS) {
    // An answer that is no JSON, or was cut off.
    std::string masked = masked_text(json);
    if (masked == json) return json;
    return json_string(kRedacted);
  }
  std::string masked;
  masked.reserve(json.size());
  MaskedJson writer(masked);
  writer.append(root, false);
  return writer.has_masked() ? masked : json;
}

void append_masked_metadata(std::string& json, const TextMap& metadata) {
  Comma comma;
  json += '{';
  for (const auto& [name, value] : metadata) {
    append_key(json, comma, name);
    append_json_string(json, is_secret_name(name) ? std::string(kRedacted) : masked_text(value));
  }
  json += '}';
}

}  // namespace rayhistory::historyserver
