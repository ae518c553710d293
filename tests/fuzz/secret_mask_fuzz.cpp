// Whatever the value of an environment variable is, and whatever stands around it, it is not shown; and a
// text that is masked already stays as it is.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/json_text.h"
#include "historyserver/api/redaction.h"
#include "historyserver/exchange/secret_mask.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rayhistory;
  using namespace rayhistory::historyserver;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const std::string masked = masked_text(text);
  CHECK(masked.size() <= 20 * text.size() + kRedacted.size());

  const std::string value = json_string(text);
  const std::string expected = R"({"env_vars": {"A": "<redacted>", "B": "<redacted>"}})";
  const std::string environment = R"({"env_vars": {"A": )" + value + R"(, "B": )" + value + "}}";
  CHECK(masked_text(environment) == expected);
  CHECK(with_secrets_masked(environment) == expected);
  // The same within a string, as an answer has it.
  const std::string quoted = R"({"text": )" + json_string(environment) + "}";
  CHECK(with_secrets_masked(quoted) == R"({"text": )" + json_string(expected) + "}");
  return 0;
}
