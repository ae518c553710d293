// Loads the state of a stored session.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "base/clock.h"
#include "base/result.h"
#include "historyserver/sessions/stored_session.h"
#include "historyserver/state/session_state.h"
#include "store/store.h"

namespace rayhistory::historyserver {

// Asked again and again during a load, with what putting the state together will take beside what is
// allocated already. Its error ends the load. Any thread.
using MemoryCheck = std::function<Result<void>(uint64_t coming_bytes)>;

// Reads all event files of the listing, and what else tells of its jobs (job_sources.h), with `threads` calls
// to the store at a time; a file is read in ranges, so that memory holds a few MiB a thread beside the state
// itself. Blocks; any thread.
//
// Whether a file of events is packed by gzip is told by its first bytes and not by its name: some stores pack
// and unpack what passes through them.
//
// An error is the store's, with its kind: what a failing store did not give is never taken for a session
// without it. A file that is gone meanwhile or is damaged is left out as far as it cannot be read, with a
// warning in the log, and SessionState::partial_failure says so; also where the session has no file of events
// at all.
Result<std::shared_ptr<const SessionState>> load_state(Store& store, const SessionListing& listing,
                                                       const Deadline& deadline, unsigned threads,
                                                       const MemoryCheck& check_memory = {});

}  // namespace rayhistory::historyserver
