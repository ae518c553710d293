#include "historyserver/logs/log_path.h"

#include <fmt/format.h>

#include "base/utf8.h"
#include "historyserver/exchange/percent.h"
#include "historyserver/exchange/shown_name.h"

namespace rayhistory::historyserver {
namespace {

// Linux' PATH_MAX. An object's key has 1,024 bytes at most in most stores; a folder as a store has longer
// paths.
constexpr size_t kPathBytes = 4096;
// What is shown of one byte has three at most (%FF).
constexpr size_t kShownBytes = 3 * kPathBytes;

bool stays_below(std::string_view path) {
  if (path.find('\0') != std::string_view::npos) return false;
  while (true) {
    const std::string_view element = path.substr(0, path.find('/'));
    if (element.empty() || element == "." || element == "..") return false;
    if (element.size() == path.size()) return true;
    path.remove_prefix(element.size() + 1);
  }
}

Error traversal_error(std::string_view parameter, std::string_view text) {
  return Error{ErrorKind::invalid,
               fmt::format("invalid path: path traversal not allowed ({}={})", parameter, text)};
}

}  // namespace

Result<LogPath> LogPath::parse(std::string_view text, std::string_view parameter) {
  std::string stored = text.size() > kShownBytes ? std::string() : stored_name(text);
  if (text.size() > kShownBytes || stored.size() > kPathBytes) {
    return Error{ErrorKind::invalid,
                 fmt::format("invalid path: {} must have at most {} bytes", parameter, kPathBytes)};
  }
  if (!stays_below(stored))
    return traversal_error(parameter, is_utf8(text) ? std::string(text) : shown_name(text));
  return LogPath(std::move(stored));
}

std::string LogPath::shown() const {
  return shown_name(stored_);
}

bool LogPath::is_odd() const {
  // Each decoding makes it shorter, so this ends.
  for (std::string decoded = stored_;;) {
    // What is no UTF-8 may be an overlong ".." or "/".
    if (decoded.find('\\') != std::string::npos || !is_utf8(decoded) || !stays_below(decoded)) return true;
    std::string again = percent_decoded(decoded);
    if (again == decoded) return false;
    decoded = std::move(again);
  }
}

Error LogPath::traversal(std::string_view parameter) const {
  return traversal_error(parameter, shown());
}

}  // namespace rayhistory::historyserver
