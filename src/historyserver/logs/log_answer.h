// The endpoints of logs: /api/v0/logs, /api/v0/logs/{file,stream} and /api/jobs/{submission}/logs.
//
// Answers are those of Ray's dashboard (dashboard/modules/state/state_head.py, log/log_manager.py, job/
// job_head.py) where it has good ones. Bytes come as they are stored, a range at a time, however large an
// object is; the head of a streamed answer waits for its first bytes, so a store that fails is a status of
// its own and no empty log. /stream sends the tail and ends: nobody writes any more.
//
// Statuses: 400 what cannot be or what nobody knows; 410 a log, node or process that is not there; 503 a
// store that fails. Not 404, which Ray's dashboard in front of us (--proxy-server-url) would take as a reason
// to show the logs of its own cluster; only for the node_ip of a list, where Ray's own answer is 404, it is
// ours.
//
// Any thread.
#pragma once

#include <optional>

#include "base/clock.h"
#include "historyserver/exchange/request.h"
#include "historyserver/exchange/response.h"
#include "historyserver/sessions/stored_session.h"
#include "historyserver/state/session_state.h"
#include "store/store.h"

namespace rayhistory::historyserver {

struct LogView {
  const SessionListing& listing;
  const SessionState& state;
  Store& store;  // these two outlive the answer's body
  const Clock& clock;
};

// Nothing where the path is none of these endpoints'. `deadline` is for what is read before the answer
// begins; its stop ends the body's reads, too.
std::optional<Response> answer_logs(const Request& request, const LogView& view, const Deadline& deadline);

}  // namespace rayhistory::historyserver
