#include "historyserver/api/log_events.h"

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "base/json_text.h"
#include "historyserver/api/fetched_endpoint.h"
#include "historyserver/api/json_value.h"
#include "historyserver/api/state_table.h"
#include "layout/rotated_log.h"

namespace rayhistory::historyserver {
namespace {

// Ray's own limits: a line (event_consts.py EVENT_READ_LINE_LENGTH_LIMIT), events of a job (event_head.py
// MAX_EVENTS_TO_CACHE).
constexpr size_t kLineBytes = 2ULL * 1024 * 1024;
constexpr size_t kEventsOfAJob = 10'000;
// Of one file, its last: some 10,000 events. A file of more has more than a job's page shows.
constexpr uint64_t kFileBytes = 8ULL * 1024 * 1024;
// Of all files of a session. Beyond, the newest files by name's order are left out, and cluster_events says
// so.
constexpr uint64_t kAllBytes = 64ULL * 1024 * 1024;

struct LogEvent {
  std::string id;
  std::string job;  // or "global"
  int64_t seconds = 0;
  std::string severity;
  std::string source_type;
  std::string message;
  std::string custom_fields;  // JSON
  std::string page_json;      // as /events has it
};

struct LogEvents {
  std::vector<LogEvent> events;  // by time
  bool is_cut = false;
};

// Ray's logs hold line breaks as "\n" and "\r" of two characters.
std::string with_line_breaks(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size() && (text[i + 1] == 'n' || text[i + 1] == 'r')) {
      result += '\n';
      ++i;
    } else {
      result += text[i];
    }
  }
  return result;
}

std::string text_of(simdjson::dom::object event, std::string_view key) {
  std::string_view text;
  return event.at_key(key).get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

// A number of C++'s, a string of Python's.
int64_t seconds_of(simdjson::dom::object event) {
  constexpr int64_t kYear9999 = 253'402'300'799;  // the last second that a calendar of four digits has
  const auto field = event.at_key("timestamp");
  int64_t seconds = 0;
  double fraction = 0;
  std::string_view text;
  if (field.get(seconds) == simdjson::SUCCESS) return std::clamp<int64_t>(seconds, 0, kYear9999);
  if (field.get(fraction) == simdjson::SUCCESS)
    return static_cast<int64_t>(std::clamp(fraction, 0.0, static_cast<double>(kYear9999)));
  if (field.get(text) == simdjson::SUCCESS)
    return std::clamp<int64_t>(parse_integer(text.substr(0, text.find('.'))).value_or(0), 0, kYear9999);
  return 0;
}

LogEvent make_event(simdjson::dom::object event) {
  LogEvent result{.id = text_of(event, "event_id"),
                  .job = "global",
                  .seconds = seconds_of(event),
                  .severity = text_of(event, "severity"),
                  .source_type = text_of(event, "source_type"),
                  .message = with_line_breaks(text_of(event, "message")),
                  .custom_fields = {},
                  .page_json = {}};
  simdjson::dom::element custom;
  if (event.at_key("custom_fields").get(custom) == simdjson::SUCCESS) {
    append_json(result.custom_fields, custom);
    simdjson::dom::object fields;
    if (custom.get(fields) == simdjson::SUCCESS)
      if (std::string job = text_of(fields, "job_id"); !job.empty()) result.job = std::move(job);
  }
  Comma comma;
  result.page_json += '{';
  for (const auto member : event) {
    append_key(result.page_json, comma, camel_case(member.key));
    if (member.key == "message") {
      append_json_string(result.page_json, result.message);
    } else {
      append_camel_json(result.page_json, member.value);
    }
  }
  result.page_json += '}';
  return result;
}

bool is_event_log(std::string_view key) {
  const size_t folder = key.find("/logs/events/event_");
  return folder != std::string_view::npos && live_log_path(key).ends_with(".log");
}

void read_lines(std::string_view text, simdjson::dom::parser& parser, std::vector<LogEvent>& events) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    simdjson::dom::object event;
    // A torn line, or what is no event, is nothing to fail for.
    if (line.size() > kLineBytes || parser.parse(line.data(), line.size()).get(event) != simdjson::SUCCESS)
      continue;
    events.push_back(make_event(event));
  }
}

// Ray's dashboard lists events on a session's first page, and nothing else of ours is shown there: so what is
// missing of the session is an event, too.
void add_partial_failure(const SessionView& view, std::vector<LogEvent>& events) {
  if (view.state.partial_failure.empty()) return;
  constexpr UnixNanoseconds kSecond = 1'000'000'000;
  std::string line = R"({"event_id": "history-server-partial-failure", "source_type": "HISTORY_SERVER", )"
                     R"("severity": "ERROR", "label": "SESSION_IS_INCOMPLETE", "custom_fields": {}, )";
  line += fmt::format(R"("timestamp": {}, "message": )", view.now / kSecond);
  append_json_string(line, view.state.partial_failure);
  line += '}';
  simdjson::dom::parser parser;
  read_lines(line, parser, events);
}

// What the autoscaler sends as events it does not write into its log.
void add_autoscaler_reports(const SessionView& view, std::vector<LogEvent>& events) {
  constexpr std::string_view kSource = "AUTOSCALER";
  constexpr UnixNanoseconds kSecond = 1'000'000'000;
  const bool has_log = std::any_of(events.begin(), events.end(),
                                   [&](const LogEvent& event) { return event.source_type == kSource; });
  if (has_log) return;
  const auto& reports = view.state.autoscaler_reports;
  simdjson::dom::parser parser;
  const size_t first = reports.size() > kEventsOfAJob ? reports.size() - kEventsOfAJob : 0;
  for (size_t i = first; i < reports.size(); ++i) {
    std::string line = R"({"event_id": )" + json_string(reports[i].event_id) +
                       R"(, "source_type": "AUTOSCALER", "label": "", "custom_fields": {}, "severity": )";
    line += reports[i].is_warning ? R"("WARNING")" : R"("INFO")";
    line += fmt::format(R"(, "timestamp": {}, "message": )", reports[i].time / kSecond);
    append_json_string(line, reports[i].message);
    line += '}';
    read_lines(line, parser, events);
  }
}

Result<LogEvents> read_events(const SessionView& view) {
  LogEvents result;
  std::vector<LogEvent> all;
  simdjson::dom::parser parser;
  uint64_t bytes = 0;
  for (const ListedObject& object : view.listing.objects) {
    if (!is_event_log(std::string_view(object.key).substr(view.listing.session.prefix.size()))) continue;
    if (object.object.size == 0) continue;  // most processes report nothing
    const uint64_t length = std::min(kFileBytes, object.object.size);
    if (bytes + length > kAllBytes) {
      result.is_cut = true;
      break;
    }
    bytes += length;
    TRY_ASSIGN(const auto text, view.texts.last(object, kFileBytes, view.deadline));
    std::string_view lines = *text;
    if (length < object.object.size) {
      result.is_cut = true;
      lines.remove_prefix(std::min(lines.size(), std::min(lines.find('\n'), lines.size() - 1) + 1));
    }
    read_lines(lines, parser, all);
  }
  add_autoscaler_reports(view, all);
  std::stable_sort(all.begin(), all.end(),
                   [](const LogEvent& a, const LogEvent& b) { return a.seconds < b.seconds; });
  // Of equal IDs the last; of a job, the newest.
  std::unordered_map<std::string_view, size_t> last_of;
  for (size_t i = 0; i < all.size(); ++i)
    if (!all[i].id.empty()) last_of[all[i].id] = i;
  std::unordered_map<std::string_view, size_t> of_job;
  std::vector<char> keep(all.size(), 0);
  for (size_t i = all.size(); i-- > 0;) {
    if (!all[i].id.empty() && last_of.at(all[i].id) != i) continue;
    if (++of_job[all[i].job] > kEventsOfAJob) continue;
    keep[i] = 1;
  }
  for (size_t i = 0; i < all.size(); ++i)
    if (keep[i] != 0) result.events.push_back(std::move(all[i]));
  add_partial_failure(view, result.events);
  return result;
}

constexpr auto kColumns = std::to_array<Column<LogEvent>>({
    {.name = "severity",
     .filterable = true,
     .cell = [](const LogEvent& e) { return Cell{std::string_view(e.severity)}; }},
    {.name = "time",
     .write =
         [](const LogEvent& e, RowScratch&, std::string& json) {
           append_json_string(json, fmt::format("{:%Y-%m-%d %H:%M:%S}", fmt::gmtime(time_t{e.seconds})));
         }},
    {.name = "source_type",
     .filterable = true,
     .cell = [](const LogEvent& e) { return Cell{std::string_view(e.source_type)}; }},
    {.name = "message", .cell = [](const LogEvent& e) { return Cell{std::string_view(e.message)}; }},
    {.name = "event_id",
     .filterable = true,
     .cell = [](const LogEvent& e) { return Cell{std::string_view(e.id)}; }},
    {.name = "custom_fields",
     .detail = true,
     .write = [](const LogEvent& e, RowScratch&,
                 std::string& json) { json += e.custom_fields.empty() ? "null" : e.custom_fields; }},
});

}  // namespace

Response event_page(const SessionView& view, const Request& request) {
  const auto read = read_events(view);
  if (!read) return store_failure(read.error());
  const auto job = request.query.get("job_id");
  if (job) {
    std::string data = fmt::format(R"({{"jobId": {}, "events": [)", json_string(*job));
    Comma comma;
    for (const LogEvent& event : read->events) {
      if (event.job != *job) continue;
      comma.next(data);
      data += event.page_json;
    }
    data += "]}";
    return envelope(200, "Job events fetched.", data);
  }
  std::map<std::string_view, std::string> of_job;
  for (const LogEvent& event : read->events) {
    std::string& events = of_job[event.job];
    if (!events.empty()) events += ", ";
    events += event.page_json;
  }
  std::string data = R"({"events": {)";
  Comma comma;
  for (const auto& [name, events] : of_job) {
    append_key(data, comma, name);
    data += fmt::format("[{}]", events);
  }
  data += "}}";
  return envelope(200, "All events fetched.", data);
}

Response list_cluster_events(const SessionView& view, const Request& request) {
  const auto read = read_events(view);
  if (!read) return state_error(read.error());
  std::vector<std::string> warnings;
  if (read->is_cut) {
    warnings.push_back(
        fmt::format("Only the newest of the event logs are read: the last {} MiB of a file, {} "
                    "MiB of all.",
                    kFileBytes >> 20U, kAllBytes >> 20U));
  }
  return list_rows(std::span<const Column<LogEvent>>(kColumns), read->events, request.query,
                   view.state.partial_failure, warnings);
}

}  // namespace rayhistory::historyserver
