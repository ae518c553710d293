// An event reader reads one event as Ray exports it (RayEvent of Ray's
// src/ray/protobuf/public/events_base_event.proto, as protobuf's JSON) into the piece of state that it tells.
#pragma once

#include <memory>
#include <string_view>

#include "historyserver/state/session_builder.h"

namespace rayhistory::historyserver {

// One thread uses it.
class EventReader {
 public:
  // `builder` must outlive it.
  explicit EventReader(SessionBuilder& builder);
  ~EventReader();
  EventReader(const EventReader&) = delete;
  EventReader& operator=(const EventReader&) = delete;

  // kEventPadding more bytes behind the event can be read.
  // It returns false where the text is no JSON object of the form of an event: nothing was added then. An
  // event of a type that is not known is one, and adds nothing.
  bool read(std::string_view event);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace rayhistory::historyserver
