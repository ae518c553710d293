// Hides the secrets that answers may hold: each value of `env_vars` becomes "<redacted>", its name stays. The
// live dashboard does so for browsers (Ray: dashboard/runtime_env_redaction.py); here it is done for
// everyone, because the History Server does not ask who a visitor is.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include <simdjson.h>

#include "historyserver/state/session_state.h"

namespace rayhistory::historyserver {

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

// `json`, any answer of the live dashboard, with its secrets masked at whatever depth: the values of each
// "env_vars" (and "envVars"), also where a string holds an environment as JSON or as Python prints it;
// secrets in the strings of runtime environments, entrypoints, metadata and command lines
// (exchange/secret_mask.h). Unchanged, byte for byte, where there is none; masked as a whole where there may
// be one and it cannot be read.
std::string with_secrets_masked(std::string json);
// The map of a job's metadata, which people choose, as a JSON object.
void append_masked_metadata(std::string& json, const TextMap& metadata);

}  // namespace rayhistory::historyserver
