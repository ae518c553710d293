// HttpClient over libcurl; only the files http/curl_* include curl. CurlClient::open() gives a response whose
// body is handed on as it comes.
//
// The client speaks HTTP/1.1, sends the URL's path as it is, follows no redirects, and always verifies
// certificates: no option switches that off. It never uses a proxy for this machine itself and for link-local
// addresses, where clouds have their metadata services. It reads no environment variable. It keeps
// connections open between exchanges, for a short while. It logs nothing, and never turns on curl's own
// tracing, which would show the Authorization header.
#pragma once

#include <memory>

#include "http/client.h"
#include "http/curl_options.h"
#include "http/response_stream.h"

namespace rayhistory {

class CurlHandlePool;

class CurlClient final : public HttpClient {
 public:
  // `clock` tells when a deadline has passed, and must outlive the client.
  explicit CurlClient(const Clock& clock, CurlOptions options = {});
  // Every send must have returned before.
  ~CurlClient() override;

  // `denied`: the host has no address that CurlOptions::peers allows.
  Result<HttpResponse> send(const HttpRequest& request, const Deadline& deadline) override;

  // Returns when the head of the response has come; `deadline` is for that alone. Any status is a response;
  // errors are send()'s. The method must be GET or HEAD.
  Result<std::unique_ptr<HttpResponseStream>> open(HttpRequest request, const Deadline& deadline);

 private:
  const Clock& clock_;
  const CurlOptions options_;
  const std::unique_ptr<CurlHandlePool> handles_;
};

}  // namespace rayhistory
