// One exchange with a service that issues tokens, or tells what they are issued for: Google's and Oracle's.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "http/client.h"

namespace rayhistory {

// Finds the reason that a refusal gives; empty where it gives none.
using RefusalReader = std::function<std::string(const std::string& body)>;

// The body of an answer of 200. Errors: `retry` for what passes, because asking again is always safe;
// `denied` for a refusal. `whom` begins the text, then the status and the reason.
Result<std::string> ask_issuer(HttpClient& client, HttpRequest request, std::string_view whom,
                               const RefusalReader& reason_in, const Deadline& deadline);

}  // namespace rayhistory
