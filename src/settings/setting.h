// A program's table of settings: for each its flag, variable, key of the JSON file, default and meaning, and
// where its value goes. Parsing (read_settings.h), --help and the pages under docs/ come from it.
//
// A table is bound to the draft that it fills; it is made anew for each draft.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"

namespace rayhistory {

enum class ValueKind { text, truth, duration, number, quantity, secret };

struct SettingValue {
  ValueKind kind;
  // Puts a text where the value belongs; the error says what is expected instead, and nothing is changed.
  std::function<Result<void>(std::string_view)> read;
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

using SettingsTable = std::vector<Setting>;

// What a program is asked to do.
enum class ProgramAction { run, check, snapshot, help, version };

// Flags that say what to do instead of running, without a variable or a value.
struct ActionFlag {
  std::string_view flag;
  std::string_view short_flag;  // empty: none
  ProgramAction action;
  std::string_view help;
};

}  // namespace rayhistory
