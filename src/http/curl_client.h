// HttpClient over libcurl: the only file that includes curl.
//
// HTTP/1.1, the URL's path sent as it is, no redirects, certificates always verified: there is no option that
// switches that off. A proxy is never used for this machine itself and for link-local addresses, where clouds
// have their metadata services. No environment variable is read. Connections stay open between exchanges, for
// a short while. Nothing is logged, and curl's own tracing is never on: it would show the
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
  // A PEM file, and a folder as OpenSSL's c_rehash makes it, of certificate authorities to trust instead of
  // the system's. Both empty: the system's.
  std::string ca_file = {};
  std::string ca_folder = {};
  // The proxies for http and for https, "http://user:password@host:3128", secrets therefore; empty: none. And
  // the hosts that are reached without one, as curl has it: "localhost,.svc,10.0.0.0/8".
  std::string http_proxy = {};
  std::string https_proxy = {};
  std::string no_proxy = {};
};

// `invalid` names the file or folder of authorities that cannot be read.
Result<void> check_authorities(const CurlOptions& options);

class CurlClient final : public HttpClient {
 public:
  // `clock` tells when a deadline has passed, and must outlive the client.
  explicit CurlClient(const Clock& clock, CurlOptions options = {});
  // After the last send has returned.
  ~CurlClient() override;

  Result<HttpResponse> send(const HttpRequest& request, const Deadline& deadline) override;

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
