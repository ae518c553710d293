#include "settings/read_settings.h"

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>

#include "base/check.h"
#include "settings/command_line.h"
#include "settings/settings_file.h"

namespace rayhistory {
namespace {

// Enough of a wrong value to recognise it.
constexpr size_t kLongestShownBytes = 100;

// What a message may show of a value: no user information of a URL, and no query, which can be a signature.
std::string shown(const Setting& setting, std::string_view value) {
  if (setting.value.kind == ValueKind::secret) return "***";
  std::string text;
  const size_t at = value.rfind('@');
  if (at != std::string_view::npos) {
    text = "***";
    value.remove_prefix(at);
  }
  const bool is_url = value.find("://") != std::string_view::npos;
  const size_t query = value.find('?');
  const bool cut_query = is_url && query != std::string_view::npos;
  text += cut_query ? value.substr(0, query) : value;
  if (cut_query) text += "?***";
  if (text.size() > kLongestShownBytes) text = text.substr(0, kLongestShownBytes) + "...";
  return text;
}

// Where a value comes from, in words that a message can begin with, and the value.
struct Given {
  std::string source;
  std::string text;
};

FlagKind kind_of_flag(const SettingsTable& table, std::span<const ActionFlag> actions,
                      std::string_view name) {
  for (const ActionFlag& flag : actions)
    if (name == flag.flag || name == flag.short_flag) return FlagKind::truth;
  for (const Setting& setting : table) {
    if (setting.flag == name || setting.former_flag == name)
      return setting.value.kind == ValueKind::truth ? FlagKind::truth : FlagKind::value;
  }
  return FlagKind::unknown;
}

// Fills a draft from all sources, and gathers what is wrong.
class Reader {
 public:
  Reader(const SettingsTable& table, std::span<const ActionFlag> actions, CommandLine line,
         const Environment& environment)
      : table_(table), actions_(actions), line_(std::move(line)), environment_(environment) {
    parsed_.warnings = std::move(line_.warnings);
    parsed_.errors = std::move(line_.errors);
  }

  SettingsRead read_all() && {
    find_action();
    if (parsed_.action == ProgramAction::help || parsed_.action == ProgramAction::version)
      return std::move(parsed_);
    read_file_of_settings();
    for (const Setting& setting : table_)
      read(setting);
    return std::move(parsed_);
  }

 private:
  void fail(std::string message) { parsed_.errors.push_back(std::move(message)); }

  void find_action() {
    for (const ActionFlag& flag : actions_) {
      const auto asked = [&](std::string_view name) {
        const auto value = line_.values.find(name);
        return value != line_.values.end() && value->second != "false";
      };
      if (!asked(flag.flag) && !asked(flag.short_flag)) continue;
      parsed_.action = flag.action;
      if (flag.action == ProgramAction::help || flag.action == ProgramAction::version) parsed_.errors.clear();
    }
  }

  // From variable or flag, each by its present name first.
  std::optional<Given> given_outside_of_file(const Setting& setting) const {
    for (const std::string_view variable : {setting.variable, setting.former_variable}) {
      if (variable.empty()) continue;
      if (std::optional<std::string> value = environment_(variable); value && !value->empty())
        return Given{std::string(variable), std::move(*value)};
    }
    for (const std::string_view name : {setting.flag, setting.former_flag}) {
      const auto flag = line_.values.find(name);
      if (!name.empty() && flag != line_.values.end()) return Given{"--" + std::string(name), flag->second};
    }
    return std::nullopt;
  }

  void read_file_of_settings() {
    for (const Setting& setting : table_) {
      if (setting.flag != kSettingsFileFlag) continue;
      const std::optional<Given> given = given_outside_of_file(setting);
      if (!given || given->text.empty()) return;
      Result<SettingsFile> file = read_settings_file(given->text);
      if (!file) return fail(given->source + ": " + std::move(file).error().message);
      file_ = std::move(*file);
      path_of_file_ = given->text;
    }
    for (const auto& entry : file_) {
      const std::string& key = entry.first;
      const bool known = std::any_of(table_.begin(), table_.end(),
                                     [&](const Setting& setting) { return setting.key == key; });
      if (!known)
        parsed_.warnings.push_back(fmt::format("{}: unknown key \"{}\" is ignored", path_of_file_, key));
    }
  }

  std::optional<Given> given(const Setting& setting) const {
    if (const auto value = file_.find(setting.key); value != file_.end() && !value->second.empty())
      return Given{fmt::format("{}: {}", path_of_file_, setting.key), value->second};
    return given_outside_of_file(setting);
  }

  void read(const Setting& setting) {
    const Result<void> as_default = setting.value.read(setting.default_text);
    CHECK(as_default.has_value());
    const std::optional<Given> value = given(setting);
    if (!value || value->text == setting.default_text) return;
    if (const Result<void> outcome = setting.value.read(value->text); !outcome) {
      const std::string default_text =
          setting.default_text.empty() ? "the default" : fmt::format("the default {}", setting.default_text);
      parsed_.warnings.push_back(fmt::format("{}: \"{}\" cannot be used: {}; using {}", value->source,
                                             shown(setting, value->text), outcome.error().message,
                                             default_text));
      return;
    }
    if (!parsed_.summary.empty()) parsed_.summary += ' ';
    const std::string_view name = setting.flag.empty() ? setting.variable : setting.flag;
    parsed_.summary += fmt::format("{}={}", name, shown(setting, value->text));
  }

  const SettingsTable& table_;
  const std::span<const ActionFlag> actions_;
  CommandLine line_;
  const Environment& environment_;
  SettingsFile file_;
  std::string path_of_file_;
  SettingsRead parsed_;
};

std::string_view word_of(ValueKind kind) {
  switch (kind) {
    case ValueKind::text:
      return "TEXT";
    case ValueKind::truth:
      return "true|false";
    case ValueKind::duration:
      return "DURATION";
    case ValueKind::number:
      return "NUMBER";
    case ValueKind::quantity:
      return "QUANTITY";
    case ValueKind::secret:
      return "SECRET";
  }
  UNREACHABLE("a ValueKind out of range");
}

// "`--name`", or nothing where there is no name.
std::string code(std::string_view before, std::string_view name) {
  return name.empty() ? std::string() : fmt::format("`{}{}`", before, name);
}

}  // namespace

Environment process_environment() {
  return [](std::string_view variable) -> std::optional<std::string> {
    const char* value = std::getenv(std::string(variable).c_str());
    if (value == nullptr) return std::nullopt;
    return value;
  };
}

SettingsRead read_settings(const SettingsTable& table, std::span<const ActionFlag> actions,
                           std::span<const std::string> arguments, const Environment& environment) {
  const auto kind_of = [&](std::string_view name) { return kind_of_flag(table, actions, name); };
  return Reader(table, actions, read_command_line(arguments, kind_of), environment).read_all();
}

std::string help_of(const SettingsTable& table, std::span<const ActionFlag> actions) {
  std::string text;
  for (const ActionFlag& flag : actions)
    text += fmt::format("  --{}\n        {}\n", flag.flag, flag.help);
  std::string_view group;
  for (const Setting& setting : table) {
    if (setting.group != group) {
      group = setting.group;
      text += fmt::format("\n{}:\n", group);
    }
    if (!setting.flag.empty()) {
      text += fmt::format("  --{}={}", setting.flag, word_of(setting.value.kind));
      text += setting.variable.empty() ? "\n" : fmt::format(", variable {}\n", setting.variable);
    } else {
      text += fmt::format("  {}={}", setting.variable, word_of(setting.value.kind));
      text += setting.key.empty() ? "\n" : fmt::format(", key {}\n", setting.key);
    }
    text += fmt::format("        {}", setting.help);
    text += setting.default_text.empty() ? "\n" : fmt::format(" Default: {}\n", setting.default_text);
  }
  return text;
}

std::string markdown_of(const SettingsTable& table, std::span<const ActionFlag> actions) {
  std::string text = "| flag | what it does |\n|---|---|\n";
  for (const ActionFlag& flag : actions)
    text += fmt::format("| `--{}` | {} |\n", flag.flag, flag.help);
  std::string_view group;
  for (const Setting& setting : table) {
    if (setting.group != group) {
      group = setting.group;
      text += fmt::format("\n## {}\n\n| flag | variable | key | default | meaning |\n|---|---|---|---|---|\n",
                          group);
    }
    text += fmt::format("| {} | {} | {} | {} | {} |\n", code("--", setting.flag), code("", setting.variable),
                        code("", setting.key), code("", setting.default_text), setting.help);
  }
  return text;
}

}  // namespace rayhistory
