// Fills a program's draft from its flags, the environment and the storage's JSON file, as its table says.
//
// A key of the JSON file wins over a variable, a variable that is not empty over its flag. A value that
// cannot be read is a warning and its default counts; all that is wrong is found at once. No message and no
// summary shows a secret.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "settings/setting.h"

namespace rayhistory {

// The value of a variable; nothing where it is not set.
using Environment = std::function<std::optional<std::string>(std::string_view variable)>;
// The environment of this process.
Environment process_environment();

// The setting of the table that names the JSON file.
inline constexpr std::string_view kSettingsFileFlag = "storage-backend-config-path";

struct SettingsRead {
  ProgramAction action = ProgramAction::run;
  // "name=value" of every setting that is not its default, secrets masked: for one line of the log at start.
  std::string summary;
  std::vector<std::string> warnings;
  std::vector<std::string> errors;
};

// `arguments` is without the program's name. Where help or the version is asked for, nothing is filled.
SettingsRead read_settings(const SettingsTable& table, std::span<const ActionFlag> actions,
                           std::span<const std::string> arguments, const Environment& environment);

// The flags and variables of --help, by group.
std::string help_of(const SettingsTable& table, std::span<const ActionFlag> actions);
// The same as Markdown tables.
std::string markdown_of(const SettingsTable& table, std::span<const ActionFlag> actions);

}  // namespace rayhistory
