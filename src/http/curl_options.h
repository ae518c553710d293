// The settings of a CurlClient.
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "http/ip_network.h"

namespace rayhistory {

struct CurlOptions {
  // A server that does not take the connection, TLS included, in this time is as good as down.
  Nanoseconds connect_timeout = Seconds(10);
  // The connection is given up when the server's TCP has acknowledged nothing, or taken nothing, for this
  // long (TCP_USER_TIMEOUT, tcp(7)). A server whose pod was replaced leaves its connections dead without a
  // word, and the kernel would send again for a quarter of an hour. The kernel sends some five times in 10 s,
  // and less than half of a drain's 25 s is gone.
  Nanoseconds dead_connection_timeout = Seconds(10);
  // A PEM file, and a folder as OpenSSL's c_rehash makes it, hold the certificate authorities that the client
  // trusts instead of the system's. It trusts the system's where both are empty.
  std::string ca_file = {};
  std::string ca_folder = {};
  // These authorities, as PEM, take the place of both.
  std::string ca_pem = {};
  // The client shows this certificate to a server that asks for one. Both are PEM, and both or none are set;
  // the key is a secret.
  std::string client_certificate_pem = {};
  std::string client_key_pem = {};
  // An error says this of a certificate that the authorities do not vouch for: it tells an operator what to
  // do.
  std::string authority_advice = "for a private authority, set SSL_CERT_FILE to its PEM file";
  // The proxies for http and for https, as "http://user:password@host:3128", are secrets for their passwords;
  // the client uses none where they are empty. It reaches the hosts of `no_proxy` without one; curl defines
  // that list's form: "localhost,.svc,10.0.0.0/8".
  std::string http_proxy = {};
  std::string https_proxy = {};
  std::string no_proxy = {};
  // The client connects only to addresses that this rule allows, where others give it the names of hosts; it
  // connects to every address where there is no rule. The rule must allow the proxy, too.
  std::optional<PeerRule> peers = {};
};

// `invalid` names the file or folder of authorities that cannot be read.
Result<void> check_authorities(const CurlOptions& options);

}  // namespace rayhistory
