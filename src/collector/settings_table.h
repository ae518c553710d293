// The one table of settings. Nothing outside settings*.cpp includes this.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "collector/settings.h"

namespace rayhistory {

// Settings while they are put together: those that can fail fatally still as text.
struct SettingsDraft {
  std::string role;
  std::string cluster;
  std::string name_space;
  std::string owner_kind;
  std::string owner_name;
  std::string backend;
  std::string config_path;
  std::string auth_mode;
  StorageSettings storage;
  NetworkSettings network;
  EventSettings events;
  LogSettings logs;
  DashboardSettings dashboard;
  NodeSettings node;
  ProgramSettings program;
};

enum class ValueKind { text, truth, duration, number, secret };

struct SettingValue {
  ValueKind kind;
  // Puts a text into the draft; the error says what is expected instead, and leaves the draft as it was.
  std::function<Result<void>(SettingsDraft&, std::string_view)> read;
};

struct Setting {
  std::string_view group;
  std::string_view flag;      // without dashes; empty: none
  std::string_view variable;  // empty: none
  std::string_view key;       // of the JSON file; empty: none
  std::string_view default_text;
  SettingValue value;
  std::string_view help;
  // What KubeRay 1.6 called them; taken where the present name is not given, so that its manifests still
  // work.
  std::string_view former_flag = "";
  std::string_view former_variable = "";

  // The flag with its dashes, or else the variable.
  std::string name() const { return flag.empty() ? std::string(variable) : "--" + std::string(flag); }
};

// In the order of --help.
const std::vector<Setting>& all_settings();

// Flags that say what to do instead of running, without a variable or a value.
struct ActionFlag {
  std::string_view flag;
  std::string_view short_flag;  // empty: none
  ParsedSettings::Action action;
  std::string_view help;
};
const std::vector<ActionFlag>& action_flags();

}  // namespace rayhistory
