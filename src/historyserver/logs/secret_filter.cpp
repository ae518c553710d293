#include "historyserver/logs/secret_filter.h"

#include <algorithm>

#include "historyserver/exchange/secret_mask.h"

namespace rayhistory::historyserver {
namespace {

// Held at a time, for each reader of such a log. Ray's environments have some kilobytes; a longer line is
// left out, because part of it could be the rest of a secret.
constexpr size_t kLongestLine = 1024 * 1024;
constexpr std::string_view kTooLong =
    "(This line is longer than 1 MiB; it is not shown, because it may hold secrets.)";

}  // namespace

bool shows_runtime_envs(std::string_view log_path) {
  const std::string_view name = log_path.substr(log_path.rfind('/') + 1);
  return name.starts_with("runtime_env_agent.") || name.starts_with("runtime_env_setup-");
}

std::string SecretFilter::take(std::string_view piece) {
  std::string out;
  while (!piece.empty()) {
    const size_t end = std::min(piece.find('\n'), piece.size());
    if (line_.size() + end > kLongestLine) {
      is_line_too_long_ = true;
      line_.clear();
    }
    if (!is_line_too_long_) line_ += piece.substr(0, end);
    if (end == piece.size()) break;
    end_line(out);
    out += '\n';
    piece.remove_prefix(end + 1);
  }
  return out;
}

std::string SecretFilter::finish() {
  std::string out;
  end_line(out);
  return out;
}

void SecretFilter::end_line(std::string& out) {
  out += is_line_too_long_ ? std::string(kTooLong) : masked_text(line_);
  is_line_too_long_ = false;
  line_.clear();
}

}  // namespace rayhistory::historyserver
