// How curl's easy handle is set up for one request.
#pragma once

#include <memory>
#include <string>

#include <curl/curl.h>

#include "base/check.h"
#include "base/result.h"
#include "http/curl_exchange.h"
#include "http/curl_options.h"

namespace rayhistory {

struct FreeCurlList {
  void operator()(curl_slist* list) const { ::curl_slist_free_all(list); }
};
using CurlHeaderList = std::unique_ptr<curl_slist, FreeCurlList>;

// `invalid` names a header that would break the request's lines.
Result<CurlHeaderList> curl_header_list(const Headers& headers);

template <typename Value>
void set_option(CURL* easy, CURLoption option, Value value) {
  // Fails for an option that this libcurl does not have or for a value out of range: both are our own
  // mistakes.
  CHECK(::curl_easy_setopt(easy, option, value) == CURLE_OK);
}

// Sets every option of `easy` for the exchange's request, after those of the last one are gone. `exchange`,
// `headers` and `options` must outlive the transfer.
void set_up_curl(CURL* easy, CurlExchange& exchange, const std::string& url, const CurlHeaderList& headers,
                 const CurlOptions& options);

}  // namespace rayhistory
