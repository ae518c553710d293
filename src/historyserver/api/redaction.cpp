#include "historyserver/api/redaction.h"

#include "base/json_text.h"
#include "historyserver/api/json_value.h"

namespace rayhistory {
namespace {

using simdjson::dom::element;

constexpr std::string_view kMasked = "<redacted>";

void append_masked_variables(std::string& json, element variables) {
  simdjson::dom::object object;
  if (variables.get(object) != simdjson::SUCCESS) {
    // null, as Ray writes what is not set; anything else may be a secret.
    if (variables.is_null()) {
      json += "null";
    } else {
      append_json_string(json, kMasked);
    }
    return;
  }
  Comma comma;
  json += '{';
  for (const auto variable : object) {
    append_key(json, comma, variable.key);
    append_json_string(json, kMasked);
  }
  json += '}';
}

void append_masked_environment(std::string& json, simdjson::dom::object environment) {
  Comma comma;
  json += '{';
  for (const auto field : environment) {
    append_key(json, comma, field.key);
    if (field.key == "env_vars" || field.key == "envVars") {
      append_masked_variables(json, field.value);
    } else {
      append_json(json, field.value);
    }
  }
  json += '}';
}

bool is_any(std::string_view key, std::string_view snake, std::string_view camel) {
  return key == snake || key == camel;
}

void append_with_masks(std::string& json, element value, RuntimeEnvRedactor& redactor) {
  simdjson::dom::array array;
  if (value.get(array) == simdjson::SUCCESS) {
    Comma comma;
    json += '[';
    for (const element item : array) {
      comma.next(json);
      append_with_masks(json, item, redactor);
    }
    json += ']';
    return;
  }
  simdjson::dom::object object;
  if (value.get(object) != simdjson::SUCCESS) {
    append_json(json, value);
    return;
  }
  Comma comma;
  json += '{';
  for (const auto member : object) {
    append_key(json, comma, member.key);
    simdjson::dom::object environment;
    std::string_view serialized;
    if (is_any(member.key, "runtime_env", "runtimeEnv") &&
        member.value.get(environment) == simdjson::SUCCESS) {
      append_masked_environment(json, environment);
    } else if ((is_any(member.key, "serialized_runtime_env", "serializedRuntimeEnv") ||
                is_any(member.key, "runtime_env", "runtimeEnv")) &&
               member.value.get(serialized) == simdjson::SUCCESS) {
      append_json_string(json, serialized.empty() ? serialized : redactor.masked(serialized));
    } else {
      append_with_masks(json, member.value, redactor);
    }
  }
  json += '}';
}

}  // namespace

std::string_view RuntimeEnvRedactor::masked(std::string_view serialized) {
  if (serialized.empty()) return "{}";
  const auto [known, is_new] = known_.try_emplace(serialized);
  std::string& text = known->second;
  if (!is_new) return text;
  simdjson::dom::object environment;
  if (parse_json(parser_, serialized).get(environment) == simdjson::SUCCESS) {
    append_masked_environment(text, environment);
  } else {
    text = kMasked;
  }
  return text;
}

void RuntimeEnvRedactor::append_masked(std::string& json, std::string_view serialized) {
  const std::string_view text = masked(serialized);
  if (text == kMasked) {
    append_json_string(json, text);
  } else {
    json += text;
  }
}

std::string with_runtime_envs_masked(std::string json) {
  if (json.find("env_vars") == std::string::npos && json.find("envVars") == std::string::npos &&
      json.find("\\u") == std::string::npos)
    return json;
  simdjson::dom::parser parser;
  element root;
  if (parser.parse(json).get(root) != simdjson::SUCCESS) return json_string(kMasked);
  RuntimeEnvRedactor redactor;
  std::string masked;
  masked.reserve(json.size());
  append_with_masks(masked, root, redactor);
  return masked;
}

}  // namespace rayhistory
