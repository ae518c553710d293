#include "ray/endpoint_answers.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <string>
#include <utility>

#include <simdjson.h>

namespace rayhistory::collector {
namespace {

// simdjson's index takes four bytes for each bracket and comma, so a hostile body costs five times its size.
// Real ones: 860 bytes a job, 16 kB a node. A longer one is not looked into.
constexpr size_t kParsedLimitBytes = 16 * 1024 * 1024;
// What is longer is not empty: around no applications at all, Serve lists 300 bytes a proxy, one on each
// node.
constexpr size_t kEmptyLimitBytes = 1024 * 1024;

// Real ones have up to 20 ("3.0.0.dev0+cu128.rc1"). A longer one is none, and is kept out of the log.
constexpr size_t kVersionLimitBytes = 64;

// Jobs never leave these (ray 2.60, dashboard/modules/job/common.py).
bool is_last_status(std::string_view status) {
  return status == "SUCCEEDED" || status == "FAILED" || status == "STOPPED";
}

// A document cannot be moved once it is iterated, so the two stay together.
struct Json {
  explicit Json(std::string_view body) : padded(body) {}
  simdjson::padded_string padded;
  simdjson::ondemand::parser parser;
  simdjson::ondemand::document document;

  bool iterate() {
    return padded.size() <= kParsedLimitBytes && parser.iterate(padded).get(document) == simdjson::SUCCESS;
  }
};

// Whether the root object's member, a `Container`, holds anything. What has another form does; what is
// missing or null does not.
template <typename Container>
bool holds_some(std::string_view body, std::string_view name) {
  if (body.size() > kEmptyLimitBytes) return true;
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  if (parser.parse(body.data(), body.size()).get(root) != simdjson::SUCCESS) return true;
  if (root.is_null()) return false;
  simdjson::dom::object object;
  if (root.get(object) != simdjson::SUCCESS) return true;
  simdjson::dom::element member;
  if (object[name].get(member) != simdjson::SUCCESS || member.is_null()) return false;
  Container container;
  return member.get(container) != simdjson::SUCCESS || container.size() > 0;
}

// Calls `each` with every object in `list`, an array or the error that it could not be had for. False where
// it is no list of objects to its end.
template <typename List, typename Each>
bool for_each_object(List&& list, const Each& each) {
  simdjson::ondemand::array array;
  if (std::forward<List>(list).get(array) != simdjson::SUCCESS) return false;
  for (auto element : array) {
    simdjson::ondemand::object object;
    if (element.get_object().get(object) != simdjson::SUCCESS) return false;
    each(object);
  }
  return true;
}

// Empty where there is no such text.
std::string_view text_in(simdjson::ondemand::object& object, std::string_view name) {
  std::string_view text;
  return object[name].get_string().get(text) == simdjson::SUCCESS ? text : std::string_view();
}

// " 12 node_65ca…": the number of nodes of one type.
uint64_t nodes_in_line(std::string_view line) {
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  uint64_t count = 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), count);
  const bool is_count = error == std::errc() && end != line.data() + line.size() && *end == ' ';
  return is_count ? count : 0;
}

}  // namespace

bool has_datasets(std::string_view body) {
  return holds_some<simdjson::dom::array>(body, "datasets");
}

bool has_serve_applications(std::string_view body) {
  return holds_some<simdjson::dom::object>(body, "applications");
}

std::optional<std::vector<ListedJob>> jobs_in(std::string_view body) {
  Json json(body);
  if (!json.iterate()) return std::nullopt;
  std::map<JobId, bool> ended;
  const bool is_list = for_each_object(json.document.get_array(), [&](simdjson::ondemand::object& job) {
    const auto id = JobId::parse(text_in(job, "job_id"));
    if (!id || (ended.size() >= kListedJobsLimit && !ended.contains(*id))) return;
    bool& has_ended = ended.emplace(*id, true).first->second;
    has_ended = has_ended && is_last_status(text_in(job, "status"));
  });
  if (!is_list) return std::nullopt;
  std::vector<ListedJob> jobs;
  jobs.reserve(ended.size());
  for (const auto& [id, has_ended] : ended)
    jobs.push_back({id, has_ended});
  return jobs;
}

std::optional<uint64_t> count_jobs(std::string_view body) {
  Json json(body);
  if (!json.iterate()) return std::nullopt;
  uint64_t jobs = 0;
  const bool is_list =
      for_each_object(json.document.get_array(), [&](simdjson::ondemand::object&) { ++jobs; });
  if (!is_list) return std::nullopt;
  return jobs;
}

std::optional<int64_t> newest_job_start(std::string_view body) {
  Json json(body);
  if (!json.iterate()) return std::nullopt;
  std::optional<int64_t> newest;
  const bool is_list = for_each_object(json.document.get_array(), [&](simdjson::ondemand::object& job) {
    int64_t start = 0;
    if (job["start_time"].get_int64().get(start) == simdjson::SUCCESS && (!newest || start > *newest))
      newest = start;
  });
  if (!is_list) return std::nullopt;
  return newest;
}

std::string ray_version_in(std::string_view body) {
  Json json(body);
  std::string_view version;
  if (!json.iterate() || json.document["data"]["rayVersion"].get_string().get(version) != simdjson::SUCCESS ||
      version.size() > kVersionLimitBytes)
    return {};
  return std::string(version);
}

std::optional<uint64_t> count_alive_nodes(std::string_view body) {
  Json json(body);
  if (!json.iterate()) return std::nullopt;
  uint64_t nodes = 0;
  const bool is_list =
      for_each_object(json.document["data"]["summary"].get_array(), [&](simdjson::ondemand::object& node) {
        std::string_view state;
        if (node["raylet"]["state"].get_string().get(state) == simdjson::SUCCESS && state == "ALIVE") ++nodes;
      });
  if (!is_list) return std::nullopt;
  return nodes;
}

std::optional<uint64_t> count_train_runs(std::string_view body) {
  Json json(body);
  if (!json.iterate()) return std::nullopt;
  uint64_t runs = 0;
  const bool is_list =
      for_each_object(json.document["train_runs"].get_array(), [&](simdjson::ondemand::object&) { ++runs; });
  if (!is_list) return std::nullopt;
  return runs;
}

std::optional<uint64_t> count_nodes_in_status(std::string_view body) {
  Json json(body);
  if (!json.iterate()) return std::nullopt;
  std::string_view status;
  if (json.document["data"]["clusterStatus"].get_string().get(status) != simdjson::SUCCESS)
    return std::nullopt;
  uint64_t nodes = 0;
  bool counting = false;
  while (!status.empty()) {
    const size_t end = std::min(status.find('\n'), status.size());
    const std::string_view line = status.substr(0, end);
    status.remove_prefix(std::min(end + 1, status.size()));
    if (!line.empty() && line.back() == ':') counting = line == "Active:" || line == "Idle:";
    if (counting) nodes += nodes_in_line(line);
  }
  return nodes;
}

}  // namespace rayhistory::collector
