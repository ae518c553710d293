#include "historyserver/logs/log_path.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/utf8.h"
#include "historyserver/exchange/percent.h"

namespace rayhistory {
namespace {

// Longer than any path below Ray's logs folder; a key may have 1,024 bytes in all (S3).
constexpr size_t kPathBytes = 1024;

bool stays_below(std::string_view path) {
  if (path.find('\0') != std::string_view::npos || path.find('\\') != std::string_view::npos) return false;
  while (true) {
    const std::string_view element = path.substr(0, path.find('/'));
    if (element.empty() || element == "." || element == "..") return false;
    if (element.size() == path.size()) return true;
    path.remove_prefix(element.size() + 1);
  }
}

}  // namespace

Result<LogPath> LogPath::parse(std::string_view text, std::string_view parameter) {
  if (!is_utf8(text) || text.size() > kPathBytes) {
    return Error{ErrorKind::invalid,
                 fmt::format("invalid path: {} must be UTF-8 of at most {} bytes", parameter, kPathBytes)};
  }
  // Each decoding makes it shorter, so this ends.
  for (std::string decoded(text);; decoded = percent_decoded(decoded)) {
    if (!stays_below(decoded)) {
      return Error{ErrorKind::invalid,
                   fmt::format("invalid path: path traversal not allowed ({}={})", parameter, text)};
    }
    if (percent_decoded(decoded) == decoded) break;
  }
  return LogPath(std::string(text));
}

}  // namespace rayhistory
