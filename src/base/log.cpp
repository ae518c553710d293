#include "base/log.h"

#include <unistd.h>

#include <cerrno>
#include <iterator>
#include <mutex>

#include <fmt/format.h>

#include "base/ascii.h"
#include "base/clock.h"
#include "base/json_text.h"
#include "base/rfc3339.h"
#include "base/utf8.h"

namespace rayhistory {
namespace {

// Longer values are cut: container runtimes split a line at 16 KiB, and one answer of a store must not fill a
// screen.
constexpr size_t kLongestValueBytes = 4 * 1024;

LogLevel lowest_level = LogLevel::info;
LogFormat line_format = LogFormat::text;

std::mutex trouble_mutex;  // guards the next one
LoggedTrouble trouble;

std::string_view name_of(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return "debug";
    case LogLevel::info:
      return "info";
    case LogLevel::warning:
      return "warning";
    case LogLevel::error:
      return "error";
  }
  return "error";
}

bool needs_quotes(std::string_view text) {
  if (text.empty()) return true;
  while (!text.empty()) {
    const CodePoint point = first_code_point(text);
    if (point.length == 0 || point.value == ' ' || point.value == '=' || point.value == '"' ||
        is_control(point.value))
      return true;
    text.remove_prefix(point.length);
  }
  return false;
}

// `text`, or its beginning and how long it was.
std::string bounded(std::string_view text) {
  if (text.size() <= kLongestValueBytes) return std::string(text);
  size_t end = kLongestValueBytes;
  while (end > kLongestValueBytes - 4 && is_utf8_continuation(text[end]))
    --end;
  return fmt::format("{}... ({} bytes)", text.substr(0, end), text.size());
}

void append_text_field(std::string& line, std::string_view name, std::string_view value) {
  if (!line.empty()) line += ' ';
  line += name;
  line += '=';
  const std::string shown = bounded(value);
  if (needs_quotes(shown)) {
    append_json_string(line, shown);
  } else {
    line += shown;
  }
}

void append_json_field(std::string& line, std::string_view name, std::string_view value, bool bare) {
  line += line.empty() ? '{' : ',';
  append_json_string(line, name);
  line += ':';
  if (bare) {
    line += value;
  } else {
    append_json_string(line, bounded(value));
  }
}

void remember_trouble(LogLevel level, std::string_view message, LogFields fields) {
  std::string last(message);
  for (const LogField& field : fields) {
    if (field.name == "error") last += ": " + bounded(field.value);
  }
  const std::lock_guard lock(trouble_mutex);
  ++(level == LogLevel::error ? trouble.errors : trouble.warnings);
  trouble.last = std::move(last);
}

}  // namespace

std::optional<LogLevel> parse_log_level(std::string_view text) {
  const std::string level = lower_case(text);
  if (level == "debug") return LogLevel::debug;
  if (level == "info") return LogLevel::info;
  if (level == "warn" || level == "warning") return LogLevel::warning;
  if (level == "error") return LogLevel::error;
  return std::nullopt;
}

std::optional<LogFormat> parse_log_format(std::string_view text) {
  const std::string format = lower_case(text);
  if (format == "text" || format == "logfmt") return LogFormat::text;
  if (format == "json") return LogFormat::json;
  return std::nullopt;
}

void configure_log(LogLevel lowest, LogFormat format) {
  lowest_level = lowest;
  line_format = format;
}

std::string format_log_line(LogFormat format, int64_t unix_nanoseconds, LogLevel level,
                            std::string_view message, LogFields fields) {
  const std::string time = format_rfc3339_milliseconds(unix_nanoseconds);
  std::string line;
  if (format == LogFormat::text) {
    append_text_field(line, "ts", time);
    append_text_field(line, "level", name_of(level));
    append_text_field(line, "msg", message);
    for (const LogField& field : fields)
      append_text_field(line, field.name, field.value);
    return line;
  }
  append_json_field(line, "ts", time, false);
  append_json_field(line, "level", name_of(level), false);
  append_json_field(line, "msg", message, false);
  for (const LogField& field : fields)
    append_json_field(line, field.name, field.value, field.is_number);
  return line + '}';
}

LoggedTrouble logged_trouble() {
  const std::lock_guard lock(trouble_mutex);
  return trouble;
}

void log_line(LogLevel level, std::string_view message, LogFields fields) {
  if (level >= LogLevel::warning) remember_trouble(level, message, fields);
  if (level < lowest_level) return;
  std::string line = format_log_line(line_format, system_clock().unix_nanoseconds(), level, message, fields);
  line += '\n';
  // A log that cannot be written has nobody left to tell.
  ssize_t written = -1;
  do {
    written = ::write(STDERR_FILENO, line.data(), line.size());
  } while (written < 0 && errno == EINTR);
}

}  // namespace rayhistory
