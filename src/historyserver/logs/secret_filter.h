// Hides secrets (exchange/secret_mask.h) in a log that comes in pieces, a line at a time. Not thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "historyserver/logs/text_filter.h"

namespace rayhistory::historyserver {

// Whether Ray writes whole runtime environments into a log of this name, secrets included
// (Ray: _private/runtime_env/agent/runtime_env_agent.py): runtime_env_agent.log and runtime_env_setup-*.log,
// with their rotated generations.
bool shows_runtime_envs(std::string_view log_path);

class SecretFilter final : public TextFilter {
 public:
  // Holds back a line until it is whole.
  std::string take(std::string_view piece) override;
  std::string finish() override;

 private:
  void end_line(std::string& out);

  std::string line_;
  bool is_line_too_long_ = false;
};

}  // namespace rayhistory::historyserver
