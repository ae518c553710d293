#include "historyserver/api/train_runs.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <utility>
#include <vector>

#include <simdjson.h>

#include "base/ascii.h"
#include "base/json_text.h"
#include "historyserver/api/dated_objects.h"
#include "historyserver/api/fetched_endpoint.h"
#include "historyserver/api/job_list.h"
#include "historyserver/api/json_value.h"
#include "historyserver/api/list_query.h"
#include "historyserver/api/redaction.h"
#include "historyserver/state/ray_id.h"

namespace rayhistory::historyserver {
namespace {

using simdjson::dom::element;
using simdjson::dom::object;

bool has_ended(std::string_view status) {
  return status == "FINISHED" || status == "ERRORED" || status == "ABORTED";
}

// What may be there; simdjson's own empty object cannot be looked into.
using MaybeObject = std::optional<object>;

std::optional<element> member_of(const MaybeObject& from, std::string_view key) {
  element value;
  if (!from || from->at_key(key).get(value) != simdjson::SUCCESS) return std::nullopt;
  return value;
}

std::string_view text_of(const MaybeObject& from, std::string_view key) {
  std::string_view text;
  const auto value = member_of(from, key);
  return value && value->get(text) == simdjson::SUCCESS ? text : std::string_view();
}

MaybeObject object_of(const MaybeObject& from, std::string_view key) {
  const auto value = member_of(from, key);
  object found;
  return value && value->get(found) == simdjson::SUCCESS ? MaybeObject(found) : std::nullopt;
}

// Writes an object of the live answer out of one of the export API, which leaves out what is not set.
class Mapped {
 public:
  Mapped(std::string& json, const MaybeObject& from) : json_(json), from_(from) { json_ += '{'; }
  void end() { json_ += '}'; }

  std::optional<element> member(std::string_view key) const { return member_of(from_, key); }
  MaybeObject object_at(std::string_view key) const { return object_of(from_, key); }
  std::string_view text(std::string_view key) const { return text_of(from_, key); }

  std::string& key(std::string_view key) {
    append_key(json_, comma_, key);
    return json_;
  }
  // As it came; null where it is not there.
  void copy(std::string_view name) { copy(name, name); }
  void copy(std::string_view name, std::string_view from) {
    const auto value = member(from);
    key(name);
    if (value) {
      append_json(json_, *value);
    } else {
      json_ += "null";
    }
  }
  void copy_or(std::string_view name, std::string_view missing) {
    if (member(name)) {
      copy(name);
    } else {
      key(name) += missing;
    }
  }
  // The export API writes 64-bit numbers as texts. Zero stands for one that is not set; a text that is no
  // number is null too.
  void number(std::string_view name) {
    const std::string_view digits = text(name);
    if (digits.empty()) return copy(name);
    int64_t number = 0;
    const char* const end = digits.data() + digits.size();
    const auto read = std::from_chars(digits.data(), end, number);
    const bool is_set = read.ec == std::errc{} && read.ptr == end && number > 0;
    key(name) += is_set ? std::to_string(number) : "null";
  }
  void id(std::string_view name, size_t bytes) {
    std::string hex;
    append_hex_id(hex, text(name), bytes);
    append_json_string(key(name), hex);
  }

 private:
  std::string& json_;
  const MaybeObject from_;
  Comma comma_;
};

// "values" of a message that holds one map or list.
void append_values(std::string& json, const Mapped& of, std::string_view key) {
  const auto values = member_of(of.object_at(key), "values");
  if (values) {
    append_json(json, *values);
  } else {
    json += of.member(key) ? "{}" : "null";
  }
}

void append_backend_config(std::string& json, const MaybeObject& from) {
  Mapped config(json, from);
  const std::string framework = lower_case(config.text("framework"));
  append_text_or_null(config.key("framework"),
                      framework == "training_framework_unspecified" ? std::string_view() : framework);
  config.copy_or("config", "{}");
  config.end();
}

void append_scaling_config(std::string& json, const MaybeObject& from) {
  Mapped config(json, from);
  config.key("num_workers");
  const MaybeObject range = config.object_at("num_workers_range");
  if (const auto fixed = config.member("num_workers_fixed")) {
    append_json(json, *fixed);
  } else if (const auto least = member_of(range, "min"), most = member_of(range, "max"); least && most) {
    json += '[';
    append_json(json, *least);
    json += ", ";
    append_json(json, *most);
    json += ']';
  } else {
    json += "null";
  }
  config.copy_or("use_gpu", "false");
  append_values(config.key("resources_per_worker"), config, "resources_per_worker");
  config.copy("placement_strategy");
  config.copy("accelerator_type");
  config.copy_or("use_tpu", "false");
  config.copy("topology");
  config.key("bundle_label_selector");
  simdjson::dom::array list;
  const auto values = member_of(config.object_at("label_selector_list"), "values");
  if (values && values->get(list) == simdjson::SUCCESS) {
    json += '[';
    Comma comma;
    for (const element each : list) {
      comma.next(json);
      object selector;
      const bool is_object = each.get(selector) == simdjson::SUCCESS;
      const auto of_one = member_of(is_object ? MaybeObject(selector) : std::nullopt, "values");
      if (of_one) {
        append_json(json, *of_one);
      } else {
        json += "{}";
      }
    }
    json += ']';
  } else {
    append_values(json, config, "label_selector_single");
  }
  config.end();
}

void append_data_config(std::string& json, const MaybeObject& from) {
  Mapped config(json, from);
  config.key("datasets_to_split");
  if (config.member("datasets")) {
    const auto values = member_of(config.object_at("datasets"), "values");
    if (values) {
      append_json(json, *values);
    } else {
      json += "[]";
    }
  } else {
    json += R"("all")";
  }
  config.key("execution_options") += "null";
  config.copy("data_execution_options");
  config.copy("enable_shard_locality");
  config.end();
}

void append_run_config(std::string& json, const MaybeObject& from) {
  Mapped config(json, from);
  config.copy("name");
  config.copy("failure_config");
  config.copy_or("worker_runtime_env", "{}");
  config.key("checkpoint_config");
  Mapped checkpoints(json, config.object_at("checkpoint_config"));
  checkpoints.number("num_to_keep");
  checkpoints.copy("checkpoint_score_attribute");
  append_text_or_null(checkpoints.key("checkpoint_score_order"),
                      lower_case(checkpoints.text("checkpoint_score_order")));
  checkpoints.end();
  config.copy("storage_path");
  config.copy("storage_filesystem");
  config.end();
}

void append_run_settings(std::string& json, const MaybeObject& from) {
  Mapped settings(json, from);
  settings.copy("train_loop_config");
  settings.key("backend_config");
  append_backend_config(json, settings.object_at("backend_config"));
  settings.key("scaling_config");
  append_scaling_config(json, settings.object_at("scaling_config"));
  settings.copy_or("datasets", "[]");
  settings.key("data_config");
  append_data_config(json, settings.object_at("data_config"));
  settings.key("run_config");
  append_run_config(json, settings.object_at("run_config"));
  settings.end();
}

void append_worker(std::string& json, const MaybeObject& from, const SessionState& state) {
  Mapped worker(json, from);
  worker.copy_or("world_rank", "0");
  worker.copy_or("local_rank", "0");
  worker.copy_or("node_rank", "0");
  worker.id("actor_id", kActorIdBytes);
  worker.id("node_id", kNodeIdBytes);
  worker.copy("node_ip");
  worker.copy_or("pid", "0");
  worker.copy_or("gpu_ids", "[]");
  std::string actor_id;
  append_hex_id(actor_id, worker.text("actor_id"), kActorIdBytes);
  const Actor* const actor = state.find_actor(actor_id);
  std::string_view status = actor != nullptr ? actor->state : worker.text("status");
  if (status == "ACTOR_STATUS_UNSPECIFIED") status = {};
  append_text_or_null(worker.key("status"), status);
  worker.copy_or("resources", R"({"resources": {}})");
  worker.copy("log_file_path");
  worker.key("processStats") += "null";
  worker.key("gpus") += "[]";
  worker.end();
}

void append_attempt(std::string& json, const MaybeObject& from, const SessionState& state) {
  Mapped attempt(json, from);
  attempt.copy("run_id");
  attempt.copy("attempt_id");
  attempt.copy("status");
  attempt.copy("status_detail");
  attempt.number("start_time_ns");
  attempt.number("end_time_ns");
  attempt.copy_or("resources", "[]");
  attempt.key("workers") += '[';
  simdjson::dom::array workers;
  Comma comma;
  if (const auto list = attempt.member("workers"); list && list->get(workers) == simdjson::SUCCESS) {
    for (const element each : workers) {
      object worker;
      if (each.get(worker) != simdjson::SUCCESS) continue;
      comma.next(json);
      append_worker(json, worker, state);
    }
  }
  json += ']';
  attempt.end();
}

// A run that its controller left behind (Ray: dashboard/modules/train/train_head.py, _get_run_status).
constexpr std::string_view kLeftBehind = "Terminated due to system errors or killed by the user.";

void append_run(std::string& json, const MaybeObject& from, std::span<const ExportedTrainRow> attempts,
                const SessionView& view) {
  Mapped run(json, from);
  run.copy("id");
  run.copy("name");
  run.id("job_id", kJobIdBytes);
  run.id("controller_actor_id", kActorIdBytes);
  std::string controller_id;
  append_hex_id(controller_id, run.text("controller_actor_id"), kActorIdBytes);
  const Actor* const controller = view.state.find_actor(controller_id);
  if (controller != nullptr && controller->state == "DEAD" && run.text("status") == "RUNNING") {
    append_json_string(run.key("status"), "ABORTED");
    append_json_string(run.key("status_detail"), kLeftBehind);
  } else {
    run.copy("status");
    run.copy("status_detail");
  }
  run.number("start_time_ns");
  run.number("end_time_ns");
  run.copy("controller_log_file_path");
  run.copy_or("framework_versions", "{}");
  run.key("run_settings");
  append_run_settings(json, run.object_at("run_settings"));
  run.key("attempts") += '[';
  Comma comma;
  simdjson::dom::parser parser;
  for (const ExportedTrainRow& each : attempts) {
    object attempt;
    if (parse_json(parser, each.json).get(attempt) != simdjson::SUCCESS) continue;
    comma.next(json);
    append_attempt(json, attempt, view.state);
  }
  json += ']';
  std::string job_id;
  append_hex_id(job_id, run.text("job_id"), kJobIdBytes);
  run.key("job_details") += job_json(view, job_id).value_or("null");
  run.end();
}

using Row = DatedObject<int64_t>;  // nanoseconds

// The run and its attempts, which follow it.
struct ExportedRun {
  const ExportedTrainRow* run = nullptr;
  std::vector<ExportedTrainRow> attempts;
};

std::unordered_map<std::string_view, ExportedRun> runs_of(const SessionState& state) {
  std::unordered_map<std::string_view, ExportedRun> runs;
  for (const ExportedTrainRow& row : state.exported_train_rows) {
    if (row.attempt_id.empty()) {
      runs[row.run_id].run = &row;
    } else {
      runs[row.run_id].attempts.push_back(row);
    }
  }
  // What is known of an attempt alone tells no run.
  std::erase_if(runs, [](const auto& entry) { return entry.second.run == nullptr; });
  return runs;
}

std::optional<Row> row_of(const ExportedRun& exported, const SessionView& view) {
  simdjson::dom::parser parser;
  object run;
  if (parse_json(parser, exported.run->json).get(run) != simdjson::SUCCESS) return std::nullopt;
  Row row;
  std::string_view start;
  if (run.at_key("start_time_ns").get(start) == simdjson::SUCCESS)
    row.start = parse_integer(start).value_or(0);
  append_run(row.json, run, exported.attempts, view);
  row.json = with_secrets_masked(std::move(row.json));
  return row;
}

}  // namespace

Response list_train_runs(const SessionView& view) {
  auto fetched = fetched_endpoint(view, "/api/train/v2/runs/v1");
  if (!fetched) return store_failure(fetched.error());
  auto exported = runs_of(view.state);
  if (exported.empty()) {
    if (*fetched) return {.body = std::move(**fetched)};
    return text_response(501, "No state of Ray Train is stored of this session.");
  }
  std::vector<Row> rows;
  simdjson::dom::parser parser;
  simdjson::dom::array list;
  if (*fetched && parser.parse(**fetched).at_key("train_runs").get(list) == simdjson::SUCCESS) {
    for (const element each : list) {
      object run;
      if (each.get(run) != simdjson::SUCCESS) continue;
      const auto known = exported.find(text_of(run, "id"));
      const bool is_older =
          known != exported.end() && known->second.run->has_ended && !has_ended(text_of(run, "status"));
      if (is_older) continue;
      if (known != exported.end()) exported.erase(known);
      Row row;
      if (run.at_key("start_time_ns").get(row.start) != simdjson::SUCCESS) row.start = 0;
      append_json(row.json, each);
      rows.push_back(std::move(row));
    }
  }
  for (const auto& [id, run] : exported)
    if (auto row = row_of(run, view)) rows.push_back(*std::move(row));
  return dated_objects_answer("train_runs", std::move(rows));
}

}  // namespace rayhistory::historyserver
