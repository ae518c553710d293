// An HttpResponseStream over curl.
#pragma once

#include <memory>

#include "base/clock.h"
#include "base/result.h"
#include "http/client.h"
#include "http/curl_handle_pool.h"
#include "http/curl_options.h"
#include "http/response_stream.h"

namespace rayhistory {

// Sends the request and returns when the head of the response has come; `deadline` is for that alone. All
// three references must outlive the stream.
Result<std::unique_ptr<HttpResponseStream>> open_curl_stream(CurlHandlePool& handles,
                                                             const CurlOptions& options, const Clock& clock,
                                                             HttpRequest request, const Deadline& deadline);

}  // namespace rayhistory
