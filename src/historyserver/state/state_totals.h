// These functions total a state: when the session was last seen, and how much memory the state takes.
#pragma once

#include <cstdint>

#include "historyserver/state/build_steps.h"
#include "historyserver/state/session_state.h"

namespace rayhistory::historyserver {

// It returns the last time that anything in `state` names.
UnixNanoseconds last_time_in(const SessionState& state, BuildSteps& steps);

uint64_t size_of(const SessionState& state, BuildSteps& steps);

}  // namespace rayhistory::historyserver
