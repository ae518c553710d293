// The storage's JSON file (--storage-backend-config-path): one object of strings.
#pragma once

#include <map>
#include <string>

#include "base/result.h"

namespace rayhistory {

using SettingsFile = std::map<std::string, std::string, std::less<>>;

// Follows symlinks: Kubernetes mounts ConfigMaps as such. The error names path and key, never a value.
Result<SettingsFile> read_settings_file(const std::string& path);

}  // namespace rayhistory
