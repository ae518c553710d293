#include "journal/batch_plan.h"

#include <algorithm>
#include <utility>

#include "base/rfc3339.h"

namespace rayhistory::collector {
namespace {

// Ray's longest type has 33 characters (SUBMISSION_JOB_DEFINITION_EVENT and the like).
constexpr size_t kEventTypeLimit = 64;

// Only what has the form of Ray's types reaches the log: an event that was set aside may hold anything.
std::string type_for_the_log(std::string_view type) {
  const auto is_of_a_type = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  const bool is_type =
      !type.empty() && type.size() <= kEventTypeLimit && std::all_of(type.begin(), type.end(), is_of_a_type);
  return is_type ? std::string(type) : "unknown";
}

}  // namespace

BatchPlan::BatchPlan(const CutBatch& batch, SessionNodes& nodes, const EventIdMemory& known,
                     int64_t unix_nanoseconds, size_t groups_limit)
    : batch_(batch),
      nodes_(nodes),
      known_(known),
      unix_nanoseconds_(unix_nanoseconds),
      groups_limit_(groups_limit),
      seen_(batch.events.size() + batch.set_aside.size()) {
  for (const CutEvent& event : batch.events)
    add(event);
  for (const SetAsideEvent& event : batch.set_aside)
    add(event);
}

void BatchPlan::add(const CutEvent& event) {
  if (is_duplicate(event.id)) return;
  Group* group = group_of(event);
  if (group == nullptr) {
    set_aside(event.raw, "its batch has events for too many sessions and jobs", {});
    return;
  }
  ++outcome_.stored;
  group->add(event.raw);
  group->add("\n");
}

void BatchPlan::add(const SetAsideEvent& event) {
  if (!is_duplicate(event.id)) set_aside(event.raw, event.reason, event.type);
}

bool BatchPlan::is_duplicate(const std::optional<EventIdHash>& id) {
  if (!id) return false;
  if (known_.contains(*id) || seen_.contains(*id, ids_)) {
    ++outcome_.duplicate;
    return true;
  }
  ids_.push_back(*id);
  seen_.add(ids_.size() - 1, ids_);
  return false;
}

// The group of the event's session and job; nullptr when the batch has too many of them.
BatchPlan::Group* BatchPlan::group_of(const CutEvent& event) {
  const uint32_t index = event.session == kNoSession ? index_of_nameless() : event.session;
  const uint64_t key = (uint64_t{index} << 32) | event.job;
  if (key == last_key_ && last_group_ != nullptr) return last_group_;
  auto known = by_key_.find(key);
  if (known == by_key_.end()) {
    if (groups_.size() >= groups_limit_) return nullptr;
    const SessionName session = index == kNoSession ? session_of_nameless() : batch_.sessions[index];
    const bool of_job = event.job != kNoJob;
    groups_.push_back({{session, of_job ? JournalKind::job_events : JournalKind::node_events,
                        of_job ? std::optional(batch_.jobs[event.job]) : std::nullopt,
                        nodes_.node_of(session).value_or(unknown_node())},
                       {},
                       0});
    known = by_key_.emplace(key, &groups_.back()).first;
  }
  last_key_ = key;
  last_group_ = known->second;
  return last_group_;
}

void BatchPlan::set_aside(std::string_view raw, std::string_view reason, std::string_view type) {
  if (set_aside_ == nullptr) {
    outcome_.example = {.event_type = type_for_the_log(type), .reason = reason};
    groups_.push_back({place_of_set_aside(), {}, 0});
    set_aside_ = &groups_.back();
    between_ = "\",\"receivedAt\":\"" + format_rfc3339_milliseconds(unix_nanoseconds_) + "\",\"event\":";
  }
  ++outcome_.rejected;
  set_aside_->add("{\"reason\":\"");
  set_aside_->add(reason);
  set_aside_->add(between_);
  set_aside_->add(raw);
  set_aside_->add("}\n");
}

uint32_t BatchPlan::index_of_nameless() {
  if (!nameless_) {
    const auto named = std::find(batch_.sessions.begin(), batch_.sessions.end(), session_of_nameless());
    nameless_ =
        named == batch_.sessions.end() ? kNoSession : static_cast<uint32_t>(named - batch_.sessions.begin());
  }
  return *nameless_;
}

SessionName BatchPlan::session_of_nameless() const {
  if (nodes_.running_session()) return *nodes_.running_session();
  if (!batch_.sessions.empty()) return batch_.sessions.back();
  return nodes_.named_session().value_or(unknown_session());
}

JournalPlace BatchPlan::place_of_set_aside() {
  SessionName session = session_of_nameless();
  const NodeId node = nodes_.node_of(session).value_or(unknown_node());
  return {std::move(session), JournalKind::rejected_events, std::nullopt, node};
}

}  // namespace rayhistory::collector
