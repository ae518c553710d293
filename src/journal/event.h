// Cuts the body of POST /v1/events into its events: where each one's bytes are, and what decides its file. No
// I/O.
//
// The bytes stay as they came; only an event with a line break between its tokens is written anew without
// space, because a journal holds one event a line. Of duplicate keys the last one counts, as it does in
// Python.
//
// A field's name may stand in either of protobuf's spellings, "eventId" or "event_id" (base/field_name.h).
// Where an event has both, they count as duplicate keys. The same event in both spellings has one eventId, so
// it is stored once.
//
// An event whose sessionName is empty is one of the session that runs: so Ray 2.60 sends its platform events
// (_common/observability/platform_events.py). Those have the eventId of what happened, and come again with it
// when it happens again: what is stored once of them is each telling.
//
// An event whose payload object is one of seven that carry a job belongs to that job, unless its eventType
// begins with NODE_; every other belongs to the node. The seven are KubeRay's (eventcollector.go); other
// payloads that have a jobId (workerLifecycleEvent) are stored as node events there, and so here.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "journal/event_id_memory.h"
#include "layout/ids.h"

namespace rayhistory::collector {

// Elements of one batch. Ray sends 1,000 at the most, and its whole buffer holds 100,000; twice that bounds
// what a body of 64 MiB full of `0,0,0` takes in memory to some 15 MB.
inline constexpr size_t kBatchElementsLimit = 200'000;

inline constexpr uint32_t kNoJob = UINT32_MAX;
inline constexpr uint32_t kNoSession = UINT32_MAX;

struct CutEvent {
  std::string_view raw;
  std::optional<EventIdHash> id;  // nothing where the event has no eventId: it cannot be recognised
  uint32_t session = 0;           // index into CutBatch::sessions; kNoSession: it is the running session's
  uint32_t job = kNoJob;          // index into CutBatch::jobs; kNoJob: a node event
};

struct SetAsideEvent {
  std::string_view raw;
  std::string_view reason;  // static text, without a character that JSON escapes
  std::optional<EventIdHash> id;
  std::string_view type;  // as it stands between its quotes; empty where there is none
};

// In the order of the batch.
struct CutBatch {
  std::vector<CutEvent> events;
  std::vector<SetAsideEvent> set_aside;
  std::vector<SessionName> sessions;
  std::vector<JobId> jobs;
};

struct EventMembers;

// For one thread; keeps its memory between batches (but gives back what only a large one needed).
class BatchCutter {
 public:
  // `invalid` when the body is no well-formed JSON array: nothing of it is to be stored. The batch is valid
  // until the next call, and as long as `body` is.
  Result<const CutBatch*> cut(std::string_view body);

 private:
  void clear();
  void add_event(std::string_view raw, const EventMembers& members);
  void set_aside(std::string_view raw, const EventMembers& members, std::string_view fault);
  std::string_view one_line(std::string_view raw, bool has_line_break);
  std::optional<uint32_t> session_index(std::string_view text);
  uint32_t job_index(std::string_view text);

  CutBatch batch_;
  std::deque<std::string> rewritten_;  // a deque: views of its strings stay valid
  std::unordered_map<std::string, std::optional<uint32_t>> session_indices_;
  std::unordered_map<std::string, uint32_t> job_text_indices_;
  std::unordered_map<std::string, uint32_t> job_indices_;
  // The last of each: events of one batch mostly share both.
  std::string last_session_;
  std::optional<uint32_t> last_session_index_;
  std::string last_job_;
  uint32_t last_job_index_ = kNoJob;
};

// The ID hash of a journal's line: an event, or in `set_aside` space the record of one that was set aside.
// Nothing where there is none, or the line is no JSON.
std::optional<EventIdHash> event_id_of_line(std::string_view line, EventIdSpace space);

}  // namespace rayhistory::collector
