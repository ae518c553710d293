// HttpClient over libcurl: the only file that includes curl.
//
// HTTP/1.1, the URL's path sent as it is, no redirects, certificates always verified. A proxy is taken from
// the usual environment variables, but never for this machine itself. Connections stay open between
// exchanges, for a short while. Nothing is logged, and curl's own tracing is never on: it would show the
// Authorization header.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "http/client.h"

namespace rayhistory {

struct CurlOptions {
  // A server that does not take the connection, TLS included, in this time is as good as down.
  Nanoseconds connect_timeout = Seconds(10);
  // A PEM file of certificate authorities to trust instead of the system's. Empty: the system's.
  std::string ca_file = {};
};

class CurlClient final : public HttpClient {
 public:
  // `clock` tells when a deadline has passed, and must outlive the client.
  explicit CurlClient(const Clock& clock, CurlOptions options = {});
  // After the last send has returned.
  ~CurlClient() override;

  Result<Response> send(const Request& request, const Deadline& deadline) override;

 private:
  class Handle;

  std::unique_ptr<Handle> take_handle();
  void give_back(std::unique_ptr<Handle> handle);
  void drop_idle_handles();

  const Clock& clock_;
  const CurlOptions options_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Handle>> idle_;
};

}  // namespace rayhistory
