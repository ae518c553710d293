// HttpClient over libcurl: the only file that includes curl. And, for a body that is handed on as it comes,
// its HttpAnswer.
//
// HTTP/1.1, the URL's path sent as it is, no redirects, certificates always verified: there is no option that
// switches that off. A proxy is never used for this machine itself and for link-local addresses, where clouds
// have their metadata services. No environment variable is read. Connections stay open between exchanges, for
// a short while. Nothing is logged, and curl's own tracing is never on: it would show the
// Authorization header.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "http/client.h"
#include "http/ip_network.h"

namespace rayhistory {

struct CurlOptions {
  // A server that does not take the connection, TLS included, in this time is as good as down.
  Nanoseconds connect_timeout = Seconds(10);
  // How long what was sent may stay unacknowledged by the server's TCP, or unsent because the server takes
  // nothing, before the connection is given up (TCP_USER_TIMEOUT, tcp(7)). A server whose pod was replaced
  // leaves its connections dead without a word, and the kernel would send again for a quarter of an hour.
  // Some five sendings again fit in; and less than half of a drain's 25 s is gone.
  Nanoseconds dead_connection_timeout = Seconds(10);
  // A PEM file, and a folder as OpenSSL's c_rehash makes it, of certificate authorities to trust instead of
  // the system's. Both empty: the system's.
  std::string ca_file = {};
  std::string ca_folder = {};
  // Authorities as PEM, instead of both.
  std::string ca_pem = {};
  // Who we are, as PEM: for a server that asks for a certificate. Both or none; the key is a secret.
  std::string client_certificate_pem = {};
  std::string client_key_pem = {};
  // What an operator does about a certificate that the authorities do not vouch for.
  std::string authority_advice = "for a private authority, set SSL_CERT_FILE to its PEM file";
  // The proxies for http and for https, "http://user:password@host:3128", secrets therefore; empty: none. And
  // the hosts that are reached without one, as curl has it: "localhost,.svc,10.0.0.0/8".
  std::string http_proxy = {};
  std::string https_proxy = {};
  std::string no_proxy = {};
  // Whom the client may connect to, where others give it the names of hosts; nothing: everyone. A proxy would
  // have to be among them.
  std::optional<PeerRule> peers = {};
};

// `invalid` names the file or folder of authorities that cannot be read.
Result<void> check_authorities(const CurlOptions& options);

// An answer whose head is here, and whose body comes when it is asked for: nothing is read from the
// connection but while next() runs, so that a slow reader slows the server down and no more than a piece is
// held.
//
// One thread at a time, not always the same one. Gone before its end, it closes the connection; it must go
// before its client does.
class HttpResponseStream {
 public:
  virtual ~HttpResponseStream() = default;
  virtual int status() const = 0;
  virtual const Headers& headers() const = 0;
  // The next bytes, at most kPieceBytes; empty at the end. Errors as send()'s: `unknown_outcome` when the
  // body was cut or nothing came for the request's stall_timeout.
  virtual Result<std::string> next(const Deadline& deadline) = 0;

  static constexpr size_t kPieceBytes = 256 * 1024;
};

class CurlClient final : public HttpClient {
 public:
  // `clock` tells when a deadline has passed, and must outlive the client.
  explicit CurlClient(const Clock& clock, CurlOptions options = {});
  // After the last send has returned.
  ~CurlClient() override;

  // `denied`: the host has no address that CurlOptions::peers allows.
  Result<HttpResponse> send(const HttpRequest& request, const Deadline& deadline) override;

  // Returns when the head of the answer is here; `deadline` is for that alone. Any status is an answer;
  // errors are send()'s. For GET and HEAD.
  Result<std::unique_ptr<HttpResponseStream>> open(HttpRequest request, const Deadline& deadline);

 private:
  class Handle;
  class Response;

  std::unique_ptr<Handle> take_handle();
  void give_back(std::unique_ptr<Handle> handle);
  void drop_idle_handles();

  const Clock& clock_;
  const CurlOptions options_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Handle>> idle_;
};

}  // namespace rayhistory
