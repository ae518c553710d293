// The one table of settings. Nothing outside settings*.cpp includes this.
#pragma once

#include <string>
#include <vector>

#include "collector/settings.h"
#include "settings/setting.h"
#include "settings/storage_table.h"

namespace rayhistory::collector {

// Settings while they are put together: those that can fail fatally still as text.
struct SettingsDraft {
  std::string role;
  std::string cluster;
  std::string name_space;
  std::string owner_kind;
  std::string owner_name;
  std::string auth_mode;
  StorageDraft store;
  EventSettings events;
  LogSettings logs;
  DashboardSettings dashboard;
  NodeSettings node;
  ProgramSettings program;
};

// In the order of --help.
SettingsTable all_settings(SettingsDraft& draft);
const std::vector<ActionFlag>& action_flags();

}  // namespace rayhistory::collector
