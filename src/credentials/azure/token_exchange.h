// One exchange with a token service of Azure's: the token, or an Error that tells the service's own words.
#pragma once

#include "base/clock.h"
#include "credentials/access_token.h"
#include "http/client.h"

namespace rayhistory {

// Sets the request's limits. Errors as Issuer::issue: `denied` for what an operator has to put right, `retry`
// for what passes, also an answer that is none.
Result<Issued<AccessToken>> exchange_for_azure_token(HttpClient& client, HttpRequest& request,
                                                     const Clock& clock, const Deadline& deadline);

}  // namespace rayhistory
