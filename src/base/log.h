// What the program tells its operator: lines of logfmt or JSON on standard error.
//
//   log_info("session found", {{"session", name}, {"node", node}});
//   -> ts=2026-11-23T03:25:19.402Z level=info msg="session found" session=session_… node=b956…
//
// Messages are constant text, so that they can be searched for; what varies goes into fields. Any thread may
// log; a line is one write(2), so lines never mix. Nothing secret is ever passed here.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace rayhistory {

enum class LogLevel { debug, info, warning, error };
enum class LogFormat { text, json };

std::optional<LogLevel> parse_log_level(
    std::string_view text);  // debug, info, warn, warning, error; any case
std::optional<LogFormat> parse_log_format(std::string_view text);  // text, logfmt, json; any case

struct LogField {
  std::string_view name;
  std::string value;
  bool is_number = false;  // or a truth value: JSON shows it without quotes

  LogField(std::string_view field_name, std::string_view text) : name(field_name), value(text) {}
  LogField(std::string_view field_name, const std::string& text) : name(field_name), value(text) {}
  LogField(std::string_view field_name, const char* text) : name(field_name), value(text) {}
  template <std::integral Number>
  LogField(std::string_view field_name, Number number)
      : name(field_name), value(std::to_string(number)), is_number(true) {}
  LogField(std::string_view field_name, bool yes)
      : name(field_name), value(yes ? "true" : "false"), is_number(true) {}
};

using LogFields = std::initializer_list<LogField>;

// Before the first thread starts.
void configure_log(LogLevel lowest, LogFormat format);

void log_line(LogLevel level, std::string_view message, LogFields fields);
inline void log_debug(std::string_view message, LogFields fields = {}) {
  log_line(LogLevel::debug, message, fields);
}
inline void log_info(std::string_view message, LogFields fields = {}) {
  log_line(LogLevel::info, message, fields);
}
inline void log_warning(std::string_view message, LogFields fields = {}) {
  log_line(LogLevel::warning, message, fields);
}
inline void log_error(std::string_view message, LogFields fields = {}) {
  log_line(LogLevel::error, message, fields);
}

// Warnings and errors since the start, also those that --log-level keeps out of the log.
struct LoggedTrouble {
  uint64_t warnings = 0;
  uint64_t errors = 0;
  std::string last;  // message and, where it has one, its field "error"
};
LoggedTrouble logged_trouble();

// The line itself, without its line break: for tests, and for log_line.
std::string format_log_line(LogFormat format, int64_t unix_nanoseconds, LogLevel level,
                            std::string_view message, LogFields fields);

}  // namespace rayhistory
