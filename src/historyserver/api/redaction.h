// Hides what a runtime environment may hold of secrets: each value of `env_vars` becomes "<redacted>", its
// name stays. As the live dashboard does for browsers (Ray: dashboard/runtime_env_redaction.py); here for
// everybody, since nobody is asked who they are.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include <simdjson.h>

namespace rayhistory {

// Of one answer: the same environment is on thousands of tasks, and is masked once. One thread.
class RuntimeEnvRedactor {
 public:
  // The environment's JSON text with its secrets masked; what is no JSON object is "<redacted>" as a whole.
  // Empty: "{}". The view lives as long as this, and `serialized` must, too.
  std::string_view masked(std::string_view serialized);
  // The same as a JSON value: an object, or a string where it could not be read.
  void append_masked(std::string& json, std::string_view serialized);

 private:
  simdjson::dom::parser parser_;
  std::unordered_map<std::string_view, std::string> known_;
};

// `json`, any answer of the live dashboard, with each runtime environment in it masked, at whatever depth:
// under "runtime_env", "serialized_runtime_env" and "runtime_env_info", in camel case, too. Unchanged, byte
// for byte, where there is none; masked as a whole where there may be one and it cannot be read.
std::string with_runtime_envs_masked(std::string json);

}  // namespace rayhistory
