// What of a request goes on to the head of a cluster, and what of its answer comes back: pure functions.
//
// A head belongs to a tenant, who need not be the visitor's friend, and its answer is shown at the address
// that all tenants share. So both directions have a list of fields that may pass, and everything else stays
// here: the visitor's cookies and sign-in, addresses that a proxy added, and whatever would change the state
// of a browser.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "historyserver/exchange/web_request.h"
#include "http/client.h"

namespace rayhistory::historyserver {

enum class RayToken {
  pass_on,   // the visitor's own x-ray-authorization, which only heads take
  withhold,  // the History Server shows the head a token of its own
};

// `invalid` where the path leads out of the head's own ("..", also in escapes, and backslashes): in front of
// it stands an API server that we are signed in to. `unsupported`: it would change something, though it is a
// GET.
Result<void> check_forwarded_path(std::string_view encoded_path);

// The request's fields that concern the content, one that has Ray mask secrets, and one that has it compress
// nothing.
Headers forwarded_headers(const WebRequest& request, RayToken token);

// The answer's fields that describe its content; the server writes its type and length itself. Browsers are
// asked to store nothing.
std::vector<std::pair<std::string, std::string>> returned_headers(const Headers& headers);

}  // namespace rayhistory::historyserver
