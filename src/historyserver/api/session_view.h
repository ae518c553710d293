// All that an answer is made of.
#pragma once

#include "base/clock.h"
#include "historyserver/sessions/stored_session.h"
#include "historyserver/sessions/stored_texts.h"
#include "historyserver/state/session_state.h"

namespace rayhistory::historyserver {

struct SessionView {
  const SessionState& state;
  const SessionListing& listing;  // what `state` was loaded from
  StoredTexts& texts;             // of `listing`
  UnixNanoseconds now = 0;
  Deadline deadline;  // of whatever has to be read for the answer
};

}  // namespace rayhistory::historyserver
