// One exchange with a place that issues Oracle's tokens, or tells what they are issued for.
#pragma once

#include <string>
#include <string_view>

#include "http/client.h"

namespace rayhistory {

// The body of an answer of 200. Errors: `retry` for what passes, `denied` for a refusal; `whom` begins the
// text, then the status and, where the answer says them, its code and message.
Result<std::string> ask_oci_issuer(HttpClient& client, HttpRequest request, std::string_view whom,
                                   const Deadline& deadline);

}  // namespace rayhistory
