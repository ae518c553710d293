// All that can be set from outside: flags, environment variables and the storage's JSON file, as one checked
// struct.
//
// One table (settings_table.cpp) says for each setting its flag, variable, key, default and meaning; parsing,
// --help and docs/settings.md come from it. A key of the JSON file wins over a variable, a variable that is
// not empty over its flag. What cannot work at all is an error, and all errors are found at once; a tuning
// value that cannot be read is a warning and its default counts, because a sidecar that crash-loops over an
// interval takes the Ray head out of its Service.
//
// No message and no summary shows a secret. All of this runs once, on the main thread, before others start.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "http/url.h"
#include "layout/ids.h"
#include "layout/object_key.h"
#include "ray/auth_token.h"
#include "settings/read_settings.h"
#include "settings/storage_settings.h"

namespace rayhistory::collector {

enum class Role { head, worker };

struct EventSettings {
  bool enabled = false;
  std::string address;  // empty: loopback, IPv4 and IPv6
  uint16_t port = 0;
  std::string data_folder;
  Nanoseconds rotation_interval{};
  uint64_t max_file_bytes = 0;
  uint64_t max_disk_bytes = 0;
  bool gzip = false;
};

struct LogSettings {
  bool enabled = false;
  Nanoseconds push_interval{};
  uint32_t objects_per_round = 0;
  Nanoseconds rotated_scan_interval{};
};

struct DashboardSettings {
  Url address;
  Nanoseconds poll_interval{};
  std::vector<std::string> additional_endpoints;  // each begins with '/'
  AuthTokenSettings auth;
};

// How the node finds out which it is.
struct NodeSettings {
  std::string ray_folder;
  std::string pod_ip;          // may be empty
  std::string fq_ray_ip;       // as it came; may be empty
  std::string dashboard_port;  // a port, for fq_ray_ip without one
};

struct ProgramSettings {
  std::string metrics_address;  // empty: all
  uint16_t metrics_port = 0;    // 0: off
  Nanoseconds shutdown_timeout{};
  LogLevel log_level = LogLevel::info;
  LogFormat log_format = LogFormat::text;
};

struct Settings {
  Role role;
  ClusterPlace cluster;
  StorageSettings storage;
  NetworkSettings network;
  EventSettings events;
  LogSettings logs;
  DashboardSettings dashboard;
  NodeSettings node;
  ProgramSettings program;
};

struct ParsedSettings {
  using Action = ProgramAction;

  Action action = Action::run;
  // There exactly when `action` is run or check and `errors` is empty.
  std::optional<Settings> settings;
  // "name=value" of every setting that is not its default, secrets masked: for one line of the log at start.
  std::string summary;
  std::vector<std::string> warnings;
  std::vector<std::string> errors;  // end with status 2
};

// `arguments` is without the program's name. Reads the JSON file where one is set.
ParsedSettings parse_settings(std::span<const std::string> arguments, const Environment& environment);

std::string help_text();
// The content of docs/settings.md.
std::string settings_markdown();

}  // namespace rayhistory::collector
