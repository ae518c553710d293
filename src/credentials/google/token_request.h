// One request to a token service of Google's, and the Error that a refusal is.
#pragma once

#include <string>
#include <string_view>

#include "credentials/access_token.h"
#include "http/client.h"

namespace rayhistory {

// What the collector does: objects and, should it be missing, the bucket.
inline constexpr std::string_view kGoogleStorageScope =
    "https://www.googleapis.com/auth/devstorage.read_write";

// The body of the answer, where it is 200. `denied`: refused, with what was said; `retry`: passing, for
// asking again is always safe. `whom` begins the error's text: "token endpoint https://…".
Result<std::string> ask_token_service(HttpClient& client, HttpRequest request, std::string_view whom,
                                      const Deadline& deadline);

// POST of an HTML form, as OAuth has it.
Result<std::string> post_token_form(HttpClient& client, const Url& url, const QueryParameters& form,
                                    Headers headers, const Deadline& deadline);

// The answer that is no token is told as this.
Error no_token_in_response(std::string_view whom);

}  // namespace rayhistory
