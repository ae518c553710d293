// Whatever a shared config file holds is read or refused by its line's number, and a credential_process is
// cut into words.
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "credentials/aws/config_file.h"
#include "credentials/aws/credential_process.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rayhistory;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto sections = parse_aws_config(text);
  if (!sections) CHECK(sections.error().message.starts_with("line "));
  if (sections) {
    for (const auto& [section, values] : *sections) {
      const auto profile = profile_of_section(section);
      CHECK(!profile || !profile->empty());
      for (const auto& [name, value] : values)
        CHECK(!name.empty() && value.find('\n') == std::string::npos);
    }
  }
  const auto words = split_command(text);
  CHECK(!words || !words->front().empty());
  return 0;
}
