// All that can be set from outside of the History Server: KubeRay's flags and variables, and a few of ours.
// settings/read_settings.h says how they are read.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/log.h"
#include "historyserver/app/serving_settings.h"
#include "historyserver/live/kubernetes_access.h"
#include "settings/read_settings.h"
#include "settings/storage_settings.h"

namespace rayhistory::historyserver {

struct HistorySettings {
  StorageSettings storage;
  NetworkSettings network;
  ServingSettings serving;
  KubernetesPlaces kubernetes;
  LogLevel log_level = LogLevel::info;
  LogFormat log_format = LogFormat::text;
};

struct ParsedHistorySettings {
  ProgramAction action = ProgramAction::run;
  // There exactly when `action` is run and `errors` is empty.
  std::optional<HistorySettings> settings;
  std::string summary;
  std::vector<std::string> warnings;
  std::vector<std::string> errors;  // end with status 2
};

// `arguments` is without the program's name. Reads the JSON file where one is set.
ParsedHistorySettings parse_history_settings(std::span<const std::string> arguments,
                                             const Environment& environment);

std::string history_help_text();
// The content of docs/historyserver-settings.md.
std::string history_settings_markdown();

}  // namespace rayhistory::historyserver
