#include "historyserver/logs/log_request.h"

#include <algorithm>
#include <charconv>
#include <string_view>

#include <fmt/format.h>

#include "base/utf8.h"

namespace rayhistory::historyserver {
namespace {

// A file system takes names of so many bytes (NAME_MAX).
constexpr size_t kFileNameBytes = 255;

Error wrong(std::string_view parameter, std::string_view value, std::string_view expected) {
  return Error{ErrorKind::invalid,
               fmt::format("invalid {}: \"{}\" (must be {})", parameter, value, expected)};
}

// The text is empty where the query does not have it.
std::string text_of(const Query& query, std::string_view name) {
  return std::string(query.get(name).value_or(std::string_view{}));
}

// Ray writes IDs in lower case; users may paste others.
std::string id_of(const Query& query, std::string_view name) {
  std::string id = text_of(query, name);
  std::transform(id.begin(), id.end(), id.begin(),
                 [](char c) { return 'A' <= c && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return id;
}

template <typename Number>
Result<std::optional<Number>> number_of(const Query& query, std::string_view name, Number least,
                                        std::string_view expected) {
  const std::string text = text_of(query, name);
  if (text.empty()) return std::optional<Number>();
  Number number = 0;
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number);
  if (parsed.ec != std::errc{} || parsed.ptr != end || number < least) return wrong(name, text, expected);
  return std::optional<Number>(number);
}

// It takes the words of Go's strconv.ParseBool, by which KubeRay's server reads a flag, and takes them in
// upper case, too, as Ray does.
Result<bool> flag_of(const Query& query, std::string_view name) {
  const std::string text = text_of(query, name);
  const std::string lower = id_of(query, name);
  if (lower == "true" || lower == "t" || lower == "1") return true;
  if (lower.empty() || lower == "false" || lower == "f" || lower == "0") return false;
  return wrong(name, text, "true or false");
}

Result<void> check_file_name(std::string_view name) {
  constexpr std::string_view kExpected = "UTF-8 of at most 255 bytes without control characters";
  if (name.size() > kFileNameBytes) return wrong("download_filename", "…", kExpected);
  for (std::string_view rest = name; !rest.empty();) {
    const CodePoint point = first_code_point(rest);
    if (point.length == 0 || is_control(point.value)) return wrong("download_filename", "…", kExpected);
    rest.remove_prefix(point.length);
  }
  return {};
}

// A request has to name a log, and has to say on which node it is where the name does not.
Result<void> check_log_is_named(const LogRequest& request) {
  const bool finds_its_node =
      !request.actor_id.empty() || !request.task_id.empty() || !request.submission_id.empty();
  if (!finds_its_node && !request.pid && !request.filename) {
    return Error{
        ErrorKind::invalid,
        "None of actor_id, task_id, pid, submission_id or filename is provided. At least one of them "
        "is required to fetch logs."};
  }
  if (request.node_id && !request.node_ip.empty()) {
    return Error{ErrorKind::invalid, "Both node_id and node_ip are given. Only one of them can be provided."};
  }
  if (!finds_its_node && !request.node_id && request.node_ip.empty()) {
    return Error{ErrorKind::invalid,
                 "node_id or node_ip must be provided when no actor_id, task_id or submission_id is."};
  }
  return {};
}

}  // namespace

Result<void> check_log_timeout(const Query& query) {
  TRY(number_of<int64_t>(query, "timeout", 0, "a whole number of seconds"));
  return {};
}

Result<std::optional<NodeId>> parse_node_id(const Query& query) {
  const std::string text = text_of(query, "node_id");
  if (text.empty()) return std::optional<NodeId>();
  std::optional<NodeId> node = NodeId::parse(text);
  if (!node) return wrong("node_id", text, "a node's ID in lower-case hex");
  return node;
}

Result<LogRequest> parse_log_request(const Query& query) {
  LogRequest request;
  TRY_ASSIGN(request.node_id, parse_node_id(query));
  request.node_ip = text_of(query, "node_ip");
  request.actor_id = id_of(query, "actor_id");
  request.task_id = id_of(query, "task_id");
  request.submission_id = text_of(query, "submission_id");
  TRY_ASSIGN(request.pid, number_of<int64_t>(query, "pid", 1, "the number of a process"));
  if (const std::string name = text_of(query, "filename"); !name.empty()) {
    TRY_ASSIGN(request.filename, LogPath::parse(name, "filename"));
  }
  TRY_ASSIGN(const std::optional<uint32_t> attempt,
             number_of<uint32_t>(query, "attempt_number", 0, "0 or more"));
  request.attempt_number = attempt.value_or(0);
  if (std::string suffix = text_of(query, "suffix"); !suffix.empty()) {
    if (suffix != "out" && suffix != "err") return wrong("suffix", suffix, "out or err");
    request.suffix = std::move(suffix);
  }
  TRY_ASSIGN(const std::optional<int64_t> lines,
             number_of<int64_t>(query, "lines", -1, "a number of lines, or -1 for all"));
  // Ray takes 0 for the default, too.
  if (lines == -1) {
    request.lines = std::nullopt;
  } else if (lines.value_or(0) != 0) {
    request.lines = static_cast<uint64_t>(*lines);
  }
  TRY(check_log_timeout(query));
  TRY_ASSIGN(request.filter_ansi_code, flag_of(query, "filter_ansi_code"));
  if (std::string name = text_of(query, "download_filename"); !name.empty()) {
    TRY(check_file_name(name));
    request.download_filename = std::move(name);
  }

  TRY(check_log_is_named(request));
  return request;
}

}  // namespace rayhistory::historyserver
