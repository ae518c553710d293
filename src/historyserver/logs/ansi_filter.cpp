#include "historyserver/logs/ansi_filter.h"

#include <utility>

namespace rayhistory::historyserver {
namespace {

// What is longer is left in: no terminal's code is, and so little is held back.
constexpr size_t kLongestCode = 256;
constexpr char kEscape = '\x1b';

// Whether `held`, the beginning of a code, with `next` is one still.
bool goes_on(const std::string& held, char next) {
  if (held.size() == 1) return next == '[';
  return held.size() < kLongestCode && ((next >= '0' && next <= '9') || next == ';');
}

}  // namespace

std::string AnsiFilter::take(std::string_view piece) {
  std::string out;
  out.reserve(held_.size() + piece.size());
  while (!piece.empty()) {
    if (held_.empty()) {
      const size_t escape = piece.find(kEscape);
      out += piece.substr(0, escape);
      if (escape == std::string_view::npos) break;
      held_ = kEscape;
      piece.remove_prefix(escape + 1);
      continue;
    }
    const char next = piece.front();
    if (goes_on(held_, next)) {
      held_ += next;
      piece.remove_prefix(1);
    } else if (next == 'm' && held_.size() > 2) {
      held_.clear();
      piece.remove_prefix(1);
    } else {
      // No code; `next` may begin another.
      out += std::exchange(held_, {});
    }
  }
  return out;
}

std::string AnsiFilter::finish() {
  return std::exchange(held_, {});
}

}  // namespace rayhistory::historyserver
