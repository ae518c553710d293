#include "historyserver/logs/log_generations.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <limits>
#include <optional>
#include <set>
#include <utility>

#include "layout/rotated_log.h"

namespace rayhistory::historyserver {
namespace {

// The kernel stamps files with the time of its last tick, which is up to 10 ms (100 Hz) behind the clock that
// stamps events.
constexpr int64_t kFileTimeLag = 10'000'000;

struct Position {
  size_t generation = 0;
  uint64_t offset = 0;

  friend auto operator<=>(const Position&, const Position&) = default;
};

Position begin_of(const std::vector<LogGeneration>& generations, uint64_t start, int64_t began, int64_t end) {
  const size_t live = generations.size() - 1;
  if (began == 0) {
    const uint64_t needed = std::max<uint64_t>(start, end < 0 ? 0 : static_cast<uint64_t>(end));
    for (size_t at = live + 1; at-- > 0;)
      if (generations[at].size >= needed) return {at, start};
    return {live, std::min(start, generations[live].size)};
  }
  size_t at = 0;
  while (at < live && generations[at].last_written < began - kFileTimeLag)
    ++at;
  // Noted at the end of a file that the output's first bytes had rotated.
  if (at > 0 && start > 0 && start == generations[at - 1].size) return {at, 0};
  if (at < live && start >= generations[at].size) return {at + 1, 0};
  return {at, std::min(start, generations[at].size)};
}

Position end_of(const std::vector<LogGeneration>& generations, const Position& begin, uint64_t end,
                int64_t ended) {
  const size_t live = generations.size() - 1;
  for (size_t at = begin.generation; at < live; ++at) {
    const LogGeneration& generation = generations[at];
    const bool fits = end <= generation.size && (at > begin.generation || end >= begin.offset);
    // Had it ended here, nothing but its own output would follow before that time.
    const bool written_until_then = ended == 0 || generation.last_written >= ended - kFileTimeLag;
    if (fits && (end == generation.size || written_until_then)) return {at, end};
  }
  return {live, std::min(end, generations[live].size)};
}

// What our collector stored, and KubeRay's since 1.8: the name tells the file's time.
std::vector<LogGeneration> by_time(const SessionListing& listing, const std::string& folder,
                                   const std::string& live_path) {
  const size_t path_begins = listing.session.prefix.size() + folder.size();
  std::vector<std::pair<RotatedLog, const ListedObject*>> rotated;
  for (const ListedObject* object : listing.below(folder + rotated_log_beginning(live_path))) {
    auto log = parse_rotated_log(std::string_view(object->key).substr(path_begins));
    if (log && log->live_path == live_path) rotated.emplace_back(std::move(*log), object);
  }
  std::sort(rotated.begin(), rotated.end(), [](const auto& a, const auto& b) {
    return std::pair(a.first.modified_nanoseconds, a.first.inode) <
           std::pair(b.first.modified_nanoseconds, b.first.inode);
  });
  std::vector<LogGeneration> generations;
  generations.reserve(rotated.size());
  for (const auto& [log, object] : rotated)
    generations.push_back({object->key, object->object.size, log.modified_nanoseconds});
  return generations;
}

// What KubeRay's collector stored until 1.7: the highest number is the oldest.
std::vector<LogGeneration> by_number(const SessionListing& listing, const std::string& folder,
                                     const std::string& live_path) {
  const size_t path_begins = listing.session.prefix.size() + folder.size();
  std::vector<std::pair<uint64_t, const ListedObject*>> numbered;
  for (const ListedObject* object : listing.below(folder + live_path + ".")) {
    const auto backup = parse_rotated_backup(std::string_view(object->key).substr(path_begins));
    if (backup && backup->live_path == live_path) numbered.emplace_back(backup->number, object);
  }
  std::stable_sort(numbered.begin(), numbered.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<LogGeneration> generations;
  generations.reserve(numbered.size());
  for (const auto& [number, object] : numbered)
    generations.push_back({object->key, object->object.size, 0});
  return generations;
}

// By the place in `numbered`: the place in `timed` of that generation's double, which is as long and comes
// after the double before it. Both are in order.
std::vector<std::optional<size_t>> doubles_in(const std::vector<LogGeneration>& timed,
                                              const std::vector<LogGeneration>& numbered) {
  std::vector<std::optional<size_t>> doubles(numbered.size());
  size_t next = 0;
  for (size_t at = 0; at < numbered.size() && next < timed.size(); ++at) {
    const auto twin =
        std::find_if(timed.begin() + static_cast<std::ptrdiff_t>(next), timed.end(),
                     [&](const LogGeneration& candidate) { return candidate.size == numbered[at].size; });
    if (twin == timed.end()) continue;
    doubles[at] = static_cast<size_t>(twin - timed.begin());
    next = *doubles[at] + 1;
  }
  return doubles;
}

// Both are in order. A numbered generation comes where its timed double is; one that has no double comes
// before all that follow its predecessor's.
std::vector<LogGeneration> joined(std::vector<LogGeneration> numbered, std::vector<LogGeneration> timed) {
  const std::vector<std::optional<size_t>> doubles = doubles_in(timed, numbered);
  std::vector<LogGeneration> all;
  all.reserve(numbered.size() + timed.size());
  auto next = timed.begin();
  for (size_t at = 0; at < numbered.size(); ++at) {
    if (!doubles[at]) {
      all.push_back(std::move(numbered[at]));
      continue;
    }
    const auto behind_twin = timed.begin() + static_cast<std::ptrdiff_t>(*doubles[at]) + 1;
    std::move(next, behind_twin, std::back_inserter(all));
    next = behind_twin;
  }
  std::move(next, timed.end(), std::back_inserter(all));
  return all;
}

}  // namespace

std::vector<LogGeneration> generations_of(const SessionListing& listing, const NodeId& node,
                                          const std::string& live_path) {
  const std::string folder = node.str() + "/logs/";
  std::vector<LogGeneration> generations =
      joined(by_number(listing, folder, live_path), by_time(listing, folder, live_path));
  if (const ListedObject* live = listing.find(folder + live_path))
    generations.push_back({live->key, live->object.size, std::numeric_limits<int64_t>::max()});
  return generations;
}

std::map<std::string, std::string> generations_under_two_names(const SessionListing& listing,
                                                               const NodeId& node) {
  const std::string folder = node.str() + "/logs/";
  const size_t path_begins = listing.session.prefix.size() + folder.size();
  std::set<std::string> with_numbers;
  std::set<std::string> with_times;
  for (const ListedObject* object : listing.below(folder)) {
    const std::string_view path = std::string_view(object->key).substr(path_begins);
    if (auto log = parse_rotated_log(path)) with_times.insert(std::move(log->live_path));
    if (auto backup = parse_rotated_backup(path)) with_numbers.insert(std::move(backup->live_path));
  }
  std::map<std::string, std::string> timed_keys;
  for (const std::string& live_path : with_numbers) {
    if (!with_times.contains(live_path)) continue;
    const std::vector<LogGeneration> numbered = by_number(listing, folder, live_path);
    const std::vector<LogGeneration> timed = by_time(listing, folder, live_path);
    const std::vector<std::optional<size_t>> doubles = doubles_in(timed, numbered);
    for (size_t at = 0; at < numbered.size(); ++at)
      if (doubles[at]) timed_keys.emplace(numbered[at].key, timed[*doubles[at]].key);
  }
  return timed_keys;
}

std::vector<LogSlice> all_of(const std::vector<LogGeneration>& generations) {
  std::vector<LogSlice> slices;
  slices.reserve(generations.size());
  for (const LogGeneration& generation : generations)
    slices.push_back({generation.key, 0, generation.size});
  return slices;
}

std::vector<LogSlice> slices_of(const std::vector<LogGeneration>& generations, const TaskOutput& output,
                                const NextOutput* next) {
  CHECK(!generations.empty());
  // With one whose time is unknown, times say nothing of the others either.
  const bool are_timed = std::all_of(generations.begin(), generations.end(),
                                     [](const LogGeneration& each) { return each.last_written != 0; });
  const int64_t began = are_timed ? output.began : 0;
  const int64_t ended = are_timed ? output.ended : 0;
  const Position begin = begin_of(generations, output.start, began, output.end);
  Position end{generations.size() - 1, generations.back().size};
  if (output.end >= 0) {
    end = end_of(generations, begin, static_cast<uint64_t>(output.end), ended);
  } else if (next) {
    const Position bound = begin_of(generations, next->start, are_timed ? next->began : 0, -1);
    if (bound >= begin) end = bound;
  }

  std::vector<LogSlice> slices;
  for (size_t at = begin.generation; at <= end.generation; ++at) {
    const uint64_t from = at == begin.generation ? begin.offset : 0;
    const uint64_t to = at == end.generation ? end.offset : generations[at].size;
    if (from < to) slices.push_back({generations[at].key, from, to});
  }
  return slices;
}

}  // namespace rayhistory::historyserver
