#include "historyserver/api/datasets.h"

#include <algorithm>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <simdjson.h>

#include "base/json_text.h"
#include "historyserver/api/dated_objects.h"
#include "historyserver/api/fetched_endpoint.h"
#include "historyserver/api/json_value.h"

namespace rayhistory::historyserver {
namespace {

using simdjson::dom::object;

// What the live dashboard has of a dataset and of each operator where it can ask no Prometheus (Ray:
// dashboard/modules/data/data_head.py); the pages need them all.
constexpr std::string_view kNoMetrics =
    R"("ray_data_output_rows": {"max": 0}, "ray_data_spilled_bytes": {"max": 0}, )"
    R"("ray_data_current_bytes": {"value": 0, "max": 0}, "ray_data_cpu_usage_cores": {"value": 0, "max": 0}, )"
    R"("ray_data_gpu_usage_cores": {"value": 0, "max": 0}, )"
    R"("ray_data_memory_usage_bytes": {"value": 0, "max": 0})";

using Row = DatedObject<double>;  // seconds

bool has_ended(std::string_view state) {
  return state == "FINISHED" || state == "FAILED";
}

std::string_view text_in(const object& of, std::string_view key) {
  std::string_view text;
  return of.at_key(key).get(text) == simdjson::SUCCESS ? text : std::string_view();
}

void append_end(std::string& json, const ExportedDataset& dataset) {
  json += dataset.end_seconds == 0 ? "null" : fmt::format("{}", dataset.end_seconds);
}

// No export file tells how many blocks and rows went through (ray 2.60, export_dataset_metadata.proto,
// export_dataset_operator_event.proto and export_dataset_operator_schema.proto).
std::string exported_json(const ExportedDataset& dataset) {
  std::string json =
      fmt::format(R"({{"dataset": {}, "job_id": {}, "state": {}, "progress": null, "total": null, )"
                  R"("total_rows": null, "start_time": {}, "end_time": )",
                  json_string(dataset.dataset_id), json_string(dataset.job_id), json_string(dataset.state),
                  dataset.start_seconds);
  append_end(json, dataset);
  json += R"(, "operators": [)";
  Comma comma;
  for (const ExportedOperator& each : dataset.operators) {
    comma.next(json);
    json += fmt::format(R"({{"operator": {}, "name": {}, "progress": null, "total": null, )"
                        R"("total_rows": null, "queued_blocks": null, "state": {}, {}}})",
                        json_string(each.operator_id), json_string(each.name), json_string(each.state),
                        kNoMetrics);
  }
  json += fmt::format("], {}}}", kNoMetrics);
  return json;
}

void append_operators(std::string& json, simdjson::dom::element operators, const ExportedDataset& newer) {
  simdjson::dom::array list;
  if (operators.get(list) != simdjson::SUCCESS) {
    append_json(json, operators);
    return;
  }
  json += '[';
  Comma comma;
  for (const simdjson::dom::element each : list) {
    comma.next(json);
    object members;
    if (each.get(members) != simdjson::SUCCESS) {
      append_json(json, each);
      continue;
    }
    const std::string_view id = text_in(members, "operator");
    const auto exported =
        std::find_if(newer.operators.begin(), newer.operators.end(),
                     [&](const ExportedOperator& candidate) { return candidate.operator_id == id; });
    json += '{';
    Comma inner;
    for (const auto member : members) {
      append_key(json, inner, member.key);
      if (member.key == "state" && exported != newer.operators.end()) {
        append_json_string(json, exported->state);
      } else {
        append_json(json, member.value);
      }
    }
    json += '}';
  }
  json += ']';
}

// What was fetched of a dataset; its states and its end from `newer`, where that tells of its end and what
// was fetched does not.
std::string fetched_json(const object& fetched, const ExportedDataset* newer) {
  const bool is_older = newer != nullptr && has_ended(newer->state) && !has_ended(text_in(fetched, "state"));
  std::string json = "{";
  Comma comma;
  for (const auto member : fetched) {
    append_key(json, comma, member.key);
    if (is_older && member.key == "state") {
      append_json_string(json, newer->state);
    } else if (is_older && member.key == "end_time") {
      append_end(json, *newer);
    } else if (is_older && member.key == "operators") {
      append_operators(json, member.value, *newer);
    } else {
      append_json(json, member.value);
    }
  }
  json += '}';
  return json;
}

}  // namespace

Response list_datasets(const SessionView& view, std::string_view job_id) {
  auto fetched = fetched_endpoint(view, fmt::format("/api/data/datasets/{}", job_id));
  if (!fetched) return store_failure(fetched.error());
  std::unordered_map<std::string_view, const ExportedDataset*> exported;
  for (const ExportedDataset& dataset : view.state.exported_datasets)
    if (dataset.job_id == job_id) exported.emplace(dataset.dataset_id, &dataset);
  if (exported.empty()) return {.body = *fetched ? std::move(**fetched) : std::string(R"({"datasets": []})")};

  std::vector<Row> rows;
  simdjson::dom::parser parser;
  simdjson::dom::array list;
  if (*fetched && parser.parse(**fetched).at_key("datasets").get(list) == simdjson::SUCCESS) {
    for (const simdjson::dom::element each : list) {
      object dataset;
      if (each.get(dataset) != simdjson::SUCCESS) continue;
      const auto newer = exported.find(text_in(dataset, "dataset"));
      Row row;
      if (dataset.at_key("start_time").get(row.start) != simdjson::SUCCESS) row.start = 0;
      row.json = fetched_json(dataset, newer == exported.end() ? nullptr : newer->second);
      rows.push_back(std::move(row));
      if (newer != exported.end()) exported.erase(newer);
    }
  }
  for (const auto& [id, dataset] : exported)
    rows.push_back({dataset->start_seconds, exported_json(*dataset)});
  return dated_objects_answer("datasets", std::move(rows));
}

}  // namespace rayhistory::historyserver
