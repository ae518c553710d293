#include "settings/settings_file.h"

#include <filesystem>

#include <fmt/format.h>
#include <simdjson.h>

#include "base/file.h"

namespace rayhistory {
namespace {

constexpr uint64_t kLongestFileBytes = 1024 * 1024;  // what a ConfigMap holds

Error refused(const std::string& path, std::string_view why) {
  return Error{ErrorKind::invalid, fmt::format("{}: {}", path, why)};
}

}  // namespace

Result<SettingsFile> read_settings_file(const std::string& path) {
  std::error_code failed;
  const std::filesystem::path target = std::filesystem::canonical(path, failed);
  if (failed) return error_from_errno(failed.value(), "open " + path);
  TRY_ASSIGN(const std::string content, read_file(target.string(), kLongestFileBytes));

  simdjson::dom::parser parser;
  simdjson::dom::element document;
  if (const simdjson::error_code error = parser.parse(content).get(document); error != simdjson::SUCCESS)
    return refused(path, fmt::format("is no JSON ({})", simdjson::error_message(error)));
  simdjson::dom::object object;
  if (document.get(object) != simdjson::SUCCESS) return refused(path, "is no JSON object");

  SettingsFile file;
  for (const simdjson::dom::key_value_pair field : object) {
    std::string_view text;
    if (field.value.get(text) != simdjson::SUCCESS)
      return refused(path, fmt::format("the value of \"{}\" is no string: put it into quotes", field.key));
    file[std::string(field.key)] = std::string(text);
  }
  return file;
}

}  // namespace rayhistory
