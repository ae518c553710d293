// Which session this is, and whether it has ended: of the History Server alone, no dashboard has it.
#pragma once

#include <string_view>

#include "historyserver/api/session_view.h"
#include "historyserver/exchange/response.h"

namespace rayhistory::historyserver {

// /api/history/session:
//   namespace, cluster, owner_kind and owner_name (null: none), session
//   last_seen_ms     the time of the last event, Unix milliseconds; null: there is none
//   last_stored_ms   when the store got the newest object, by its own clock; null where it does not say
//   has_ended        as session_end.h has it
//   partial_failure  what is missing, as in the state API; empty: nothing
//   unknown_events   events whose type this version does not know, and so does not show: their `total`, and
//                    how many there are `of_type`; at most 20 types are named
Response session_summary(const SessionView& view);

// /api/history/page.js: what Ray's pages are given of a stored session (session_script.js), with the above in
// it.
Response session_script(const SessionView& view);

extern const std::string_view kSessionScript;

}  // namespace rayhistory::historyserver
