// What answers of the dashboard say, as far as it decides whether they are stored. Pure functions, any
// thread. A dashboard may answer anything: nothing here trusts a body's form, and memory is bounded whatever
// it holds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "layout/ids.h"

namespace rayhistory::collector {

// False where a JSON object's "datasets" list is missing, null or empty. A body of another form counts as one
// that has some, as in KubeRay's collector: better stored than dropped.
bool has_datasets(std::string_view body);
// Likewise, of the object "applications".
bool has_serve_applications(std::string_view body);

struct ListedJob {
  JobId id;
  bool has_ended;  // its status is one that it never leaves

  friend bool operator==(const ListedJob&, const ListedJob&) = default;
};

// Of a list of more, the first ones are taken: remembering a job costs more memory than listing it does.
inline constexpr size_t kListedJobsLimit = 50'000;

// The jobs in an answer of /api/jobs/ that have an ID: once each, in the order of their IDs. Of a job listed
// twice, every entry must say that it has ended. Nothing where the answer is no such list.
std::optional<std::vector<ListedJob>> jobs_in(std::string_view body);

// How many jobs an answer of /api/jobs/ lists, with an ID or without.
std::optional<uint64_t> count_jobs(std::string_view body);
// When the youngest of them began, in unix milliseconds. Nothing where none says so.
std::optional<int64_t> newest_job_start(std::string_view body);
// "2.60.0" in an answer of /api/v0/cluster_metadata. Empty where it has none.
std::string ray_version_in(std::string_view body);
// How many nodes are alive in an answer of /nodes?view=summary.
std::optional<uint64_t> count_alive_nodes(std::string_view body);
// How many nodes are active or idle in an answer of /api/cluster_status?format=1, which is a text for people.
std::optional<uint64_t> count_nodes_in_status(std::string_view body);
// How many runs of Ray Train an answer of /api/train/v2/runs/v1 lists.
std::optional<uint64_t> count_train_runs(std::string_view body);

}  // namespace rayhistory::collector
