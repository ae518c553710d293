// Which requests are refused before anything is looked up for them, because a browser sends them on behalf of
// a page of another site.
#pragma once

#include <optional>

#include "historyserver/exchange/response.h"
#include "historyserver/exchange/web_request.h"
#include "historyserver/web/allowed_hosts.h"

namespace rayhistory::historyserver {

//   421  the request is for a host that the History Server does not answer to (RFC 9110, section 15.5.20)
//   403  a page of another site asks, by other means than a link that a person follows; or it chooses the
//        visitor's session (/enter_cluster), for which a link is too little, too
//
// A browser tells by Sec-Fetch-Site and Sec-Fetch-Mode (W3C Fetch Metadata) whose page asks; other clients do
// not send them. Nothing: the request may be answered.
std::optional<Response> refuse_at_gate(const WebRequest& request, const AllowedHosts& hosts);

}  // namespace rayhistory::historyserver
