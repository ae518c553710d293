// The fields by which every answer tells a browser how to treat it.
#pragma once

#include "historyserver/exchange/response.h"

namespace rayhistory::historyserver {

// Adds the fields that the answer does not have already:
//
//   Content-Security-Policy       a page: no scripts but files of this server, no other site's frame around
//   it;
//                                 anything else: it runs nothing and asks for nothing, should a browser show
//                                 it by itself. Tenants wrote the logs and answers.
//   X-Frame-Options               as the policy, for browsers that do not know it
//   Cross-Origin-Resource-Policy  no page of another site can embed it
//   Referrer-Policy               names of sessions stay here
//
// `X-Content-Type-Options: nosniff` comes from the server itself (http_server.h).
void add_security_headers(Response& response);

}  // namespace rayhistory::historyserver
