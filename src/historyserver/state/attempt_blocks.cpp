#include "historyserver/state/attempt_blocks.h"

#include <cstddef>

#include "historyserver/state/build_steps.h"
#include "historyserver/state/for_each_index.h"

namespace rayhistory::historyserver {
namespace {

void take_definition(TaskPiece& task, const TaskPiece& from) {
  task.has_definition = true;
  task.type = from.type;
  task.name = from.name;
  task.func_or_class_name = from.func_or_class_name;
  task.language = from.language;
  task.parent_task_id = from.parent_task_id;
  task.placement_group_id = from.placement_group_id;
  task.serialized_runtime_env = from.serialized_runtime_env;
  task.call_site = from.call_site;
  task.required_resources = from.required_resources;
  task.label_selector = from.label_selector;
  task.fallback_strategy = from.fallback_strategy;
  task.is_detached_actor = from.is_detached_actor;
  if (task.actor_id.empty()) task.actor_id = from.actor_id;
  if (task.job_id.empty()) task.job_id = from.job_id;
}

// It cuts the attempts, which are in order, into blocks of some thousand that each have all attempts of their
// tasks. It returns the end of each block; the first block begins at 0.
std::vector<size_t> blocks_of(std::span<const AttemptPlace> places) {
  constexpr size_t kBlock = 1024;
  std::vector<size_t> ends;
  for (size_t end = 0; end < places.size(); ends.push_back(end)) {
    end = std::min(end + kBlock, places.size());
    while (end < places.size() && places[end].piece->task_id == places[end - 1].piece->task_id)
      ++end;
  }
  return ends;
}

// An attempt that was not announced (a retried creation of an actor is not) is defined as the first one that
// was. `places` are in order.
void share_definitions(std::span<const AttemptPlace> places) {
  for (auto first = places.begin(); first != places.end();) {
    const auto end = std::find_if(first, places.end(), [&](const AttemptPlace& place) {
      return place.piece->task_id != first->piece->task_id;
    });
    const auto defined =
        std::find_if(first, end, [](const AttemptPlace& place) { return place.piece->has_definition; });
    if (defined != end) {
      for (auto place = first; place != end; ++place)
        if (!place->piece->has_definition) take_definition(*place->piece, *defined->piece);
    }
    first = end;
  }
}

void finish_block(std::span<const AttemptPlace> block, const AttemptFinisher& finisher,
                  const Deadline& deadline) {
  BuildSteps steps(deadline);
  for (const AttemptPlace& place : block) {
    if (steps.must_end()) return;
    finisher.fill(*place.piece);
  }
  share_definitions(block);
  for (const AttemptPlace& place : block) {
    if (steps.must_end()) return;
    finisher.finish(*place.piece);
    place.piece->profile_events.shrink_to_fit();
  }
}

}  // namespace

std::vector<TextPool> finish_attempts(std::span<const AttemptPlace> places, const SessionState& state,
                                      const JobEnds& job_ends, const Deadline& deadline, unsigned threads) {
  const std::vector<size_t> ends = blocks_of(places);
  std::vector<TextPool> texts(ends.size());
  for_each_index(ends.size(), threads, [&](size_t i) {
    const size_t begin = i == 0 ? 0 : ends[i - 1];
    const AttemptFinisher finisher(state, job_ends, texts[i]);
    finish_block(places.subspan(begin, ends[i] - begin), finisher, deadline);
  });
  return texts;
}

}  // namespace rayhistory::historyserver
