// What of a request goes on to the head of a cluster, and what of its answer comes back: pure functions.
//
// Hop-by-hop fields concern one connection and stay here (RFC 9110, 7.6.1). What stands for a person or for
// power over Kubernetes is passed on only where it belongs.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "historyserver/exchange/web_request.h"
#include "http/client.h"

namespace rayhistory {

enum class ForwardedBy {
  direct,      // to the head's own service
  kubernetes,  // through the API server, which takes our word for who we are
};

// `invalid` where the path leads out of the head's own ("..", also in escapes, and backslashes): in front of
// it stands an API server that we are signed in to. `unsupported`: it would change something, though it is a
// GET.
Result<void> check_forwarded_path(std::string_view encoded_path);

// The request's fields but Host, hop-by-hop ones and those of a body, and one that has Ray mask secrets.
// Where `keeps_credentials` is false, without Authorization and x-ray-authorization; through Kubernetes never
// with Authorization or what impersonates.
Headers forwarded_headers(const WebRequest& request, ForwardedBy by, bool keeps_credentials);

// The answer's fields that go to the client: without hop-by-hop ones, its type and its length, which the
// server writes itself. Of a field that comes several times, the values are joined, but for Set-Cookie.
std::vector<std::pair<std::string, std::string>> returned_headers(const Headers& headers);

}  // namespace rayhistory
