// Warnings about files that cannot be read. A scan that finds a whole tree unreadable logs a few examples.
#pragma once

#include <string>
#include <string_view>

#include "base/log.h"
#include "base/result.h"
#include "base/shared_tree.h"

namespace rayhistory::collector {

class LogWarnings {
 public:
  explicit LogWarnings(std::string folder) : folder_(std::move(folder)) {}

  void begin_scan() { left_ = kPerScan; }

  void warn(std::string_view message, const std::string& path, const Error& error) {
    if (left_ == 0) log_warning("more of the logs cannot be read", {{"folder", folder_}});
    if (left_-- <= 0) return;
    log_warning(message, {{"path", path}, {"error", error.message}});
  }

 private:
  // Enough to see which file, folder or user is concerned.
  static constexpr int kPerScan = 20;

  const std::string folder_;
  int left_ = kPerScan;
};

}  // namespace rayhistory::collector
