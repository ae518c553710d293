// Reads one event as Ray exports it (RayEvent of Ray's src/ray/protobuf/public/events_base_event.proto, as
// protobuf's JSON) into the piece of state that it tells.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "historyserver/state/session_builder.h"

namespace rayhistory::historyserver {

// Bytes behind an event's text that must be readable, whatever they are: simdjson reads ahead.
inline constexpr size_t kEventPadding = 64;

// For one thread.
class EventReader {
 public:
  // `builder` must outlive it.
  explicit EventReader(SessionBuilder& builder);
  ~EventReader();
  EventReader(const EventReader&) = delete;
  EventReader& operator=(const EventReader&) = delete;

  // False where the text is no JSON object of the form of an event: nothing was added then. An event of a
  // type that is not known is one, and adds nothing.
  bool read(std::string_view event);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace rayhistory::historyserver
