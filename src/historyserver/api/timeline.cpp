#include "historyserver/api/timeline.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "base/json_text.h"
#include "historyserver/api/generated_body.h"
#include "historyserver/api/json_value.h"
#include "historyserver/api/list_query.h"
#include "historyserver/api/state_table.h"
#include "historyserver/api/task_table.h"

namespace rayhistory::historyserver {
namespace {

// Chrome's colour of an event; "generic_work" for all others.
constexpr std::array<std::pair<std::string_view, std::string_view>, 12> kColours{{
    {"fetch_and_run_function", "detailed_memory_dump"},
    {"ray.get", "good"},
    {"ray.put", "terrible"},
    {"ray.wait", "vsync_highlight_color"},
    {"register_remote_function", "detailed_memory_dump"},
    {"submit_task", "background_memory_dump"},
    {"task", "rail_response"},
    {"task:deserialize_arguments", "rail_load"},
    {"task:execute", "rail_animation"},
    {"task:store_outputs", "rail_idle"},
    {"wait_for_function", "detailed_memory_dump"},
    {"worker_idle", "cq_build_abandoned"},
}};

std::string_view colour_of(std::string_view event) {
  const auto found = std::find_if(kColours.begin(), kColours.end(),
                                  [&](const auto& colour) { return colour.first == event; });
  return found == kColours.end() ? "generic_work" : found->second;
}

// A number for each name, in the order in which they come.
template <typename Name>
class Numbering {
 public:
  size_t of(const Name& name) {
    const auto [found, is_new] = number_of_.try_emplace(name, names_.size());
    if (is_new) names_.push_back(name);
    return found->second;
  }
  const std::vector<Name>& names() const { return names_; }

 private:
  std::map<Name, size_t> number_of_;
  std::vector<Name> names_;
};

class Trace {
 public:
  void add(const TaskAttempt& task) {
    if (task.profile_component_type != "worker" && task.profile_component_type != "driver") return;
    if (task.profile_events.empty()) return;
    const size_t node = nodes_.of(task.profile_node_ip);
    const size_t worker =
        workers_.of({node, fmt::format("{}:{}", task.profile_component_type, task.profile_component_id)});
    for (const ProfileEvent& event : task.profile_events)
      add_event(task, event, node, worker);
  }

  // The text since the last call.
  std::string take() { return std::exchange(json_, {}); }

  std::string finish() {
    for (size_t node = 0; node < nodes_.names().size(); ++node)
      add_name("process_name", fmt::format("Node {}", nodes_.names()[node]), node, "null");
    for (size_t worker = 0; worker < workers_.names().size(); ++worker) {
      add_name("thread_name", workers_.names()[worker].second, workers_.names()[worker].first,
               std::to_string(worker));
    }
    json_ += ']';
    return take();
  }

 private:
  void add_event(const TaskAttempt& task, const ProfileEvent& event, size_t node, size_t worker) {
    std::string args = "{";
    Comma comma;
    std::string_view name = event.name;
    std::string_view colour = colour_of(event.name);
    simdjson::dom::object extra;
    if (parse_json(parser_, event.extra_data).get(extra) == simdjson::SUCCESS) {
      for (const auto member : extra) {
        if (is_ours(member.key)) continue;
        append_key(args, comma, member.key);
        append_json(args, member.value);
        std::string_view text;
        if (member.value.get(text) != simdjson::SUCCESS) continue;
        if (member.key == "name") name = text;
        if (member.key == "cname") colour = colour_of(text);
      }
    }
    append_key(args, comma, "task_id");
    append_json_string(args, task.task_id);
    append_key(args, comma, "job_id");
    append_text_or_null(args, task.job_id);
    append_key(args, comma, "attempt_number");
    fmt::format_to(std::back_inserter(args), "{}", task.attempt);
    append_key(args, comma, "func_or_class_name");
    append_text_or_null(args, task.func_or_class_name);
    append_key(args, comma, "actor_id");
    append_text_or_null(args, task.actor_id);
    args += '}';

    // In the steps that Ray takes, for the same digits: milliseconds, then microseconds.
    const double start = static_cast<double>(event.start) / 1e6 * 1e3;
    const double end = static_cast<double>(event.end) / 1e6 * 1e3;
    comma_.next(json_);
    json_ += R"({"cat": )";
    append_json_string(json_, event.name);
    json_ += R"(, "name": )";
    append_json_string(json_, name);
    fmt::format_to(std::back_inserter(json_), R"(, "pid": {}, "tid": {}, "ts": )", node, worker);
    append_float(json_, start);
    json_ += R"(, "dur": )";
    append_float(json_, end - start);
    fmt::format_to(std::back_inserter(json_), R"(, "cname": "{}", "args": )", colour);
    json_ += args;
    json_ += R"(, "ph": "X"})";
  }

  static bool is_ours(std::string_view key) {
    return key == "task_id" || key == "job_id" || key == "attempt_number" || key == "func_or_class_name" ||
           key == "actor_id";
  }

  void add_name(std::string_view what, std::string_view name, size_t process, std::string_view thread) {
    comma_.next(json_);
    fmt::format_to(std::back_inserter(json_),
                   R"({{"name": "{}", "args": {{"name": {}}}, "pid": {}, "tid": {}, "ph": "M"}})", what,
                   json_string(name), process, thread);
  }

  simdjson::dom::parser parser_;
  Numbering<std::string_view> nodes_;
  Numbering<std::pair<size_t, std::string>> workers_;
  std::string json_ = "[";
  Comma comma_;
};

// What may stand in a header and in a file's name, of what the client said.
std::string file_name_part(std::string_view text) {
  std::string part;
  for (const char c : text.substr(0, 64))
    part += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  return part.empty() ? "all" : part;
}

Response trace_of(std::vector<const TaskAttempt*> attempts) {
  struct Progress {
    Trace trace;
    std::vector<const TaskAttempt*> attempts;
    size_t written = 0;
  };
  const size_t shown = attempts.size();
  const auto progress = std::make_shared<Progress>();
  progress->attempts = std::move(attempts);
  return generated_answer(shown, [progress](std::string& body) {
    Progress& now = *progress;
    if (!now.attempts.empty()) now.trace.add(*now.attempts[now.written++]);
    body += now.trace.take();
    if (now.written < now.attempts.size()) return true;
    body += now.trace.finish();
    return false;
  });
}

}  // namespace

Response task_timeline(const SessionView& view, const Request& request) {
  const std::string_view job = request.query.get("job_id").value_or("");
  std::vector<Filter> filters;
  if (!job.empty()) filters.push_back({"job_id", true, std::string(job)});
  auto tasks = select_tasks(view.state, filters, /*exclude_driver=*/true);
  if (!tasks) return state_error(tasks.error());
  tasks->attempts.resize(std::min(tasks->attempts.size(), ListQuery::kHighestLimit));
  Response response = trace_of(std::move(tasks->attempts));
  if (request.query.get("download") == "1") {
    const auto now = std::chrono::sys_seconds(
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::nanoseconds(view.now)));
    response.headers.emplace_back(
        "Content-Disposition",
        fmt::format(R"(attachment; filename="timeline-{}-{:%Y-%m-%d_%H-%M-%S}.json")", file_name_part(job),
                    fmt::gmtime(std::chrono::system_clock::to_time_t(now))));
  }
  return response;
}

}  // namespace rayhistory::historyserver
