// IP addresses and ranges of them, and the rule of whom a client may connect to. For names that others
// give us: what a name means is known only when it is resolved, and may be something else a moment later, so
// that the rule is asked with the address at the moment of connecting.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

struct sockaddr;

namespace rayhistory {

// An IPv4 address is kept as IPv4-mapped IPv6, ::ffff:a.b.c.d (RFC 4291, section 2.5.5.2).
class IpAddress {
 public:
  // Nothing where `text` is no address.
  static std::optional<IpAddress> parse(const std::string& text);
  // Nothing for another family than IP.
  static std::optional<IpAddress> of(const sockaddr& address);

  bool is_v4() const;
  // The IPv4 address that this IPv6 address leads to through a translator or tunnel: NAT64 (RFC 6052), 6to4
  // (RFC 3056) and the deprecated IPv4-compatible form. Otherwise itself.
  IpAddress destination() const;
  const std::array<uint8_t, 16>& bytes() const { return bytes_; }
  std::string str() const;

 private:
  std::array<uint8_t, 16> bytes_{};
};

class IpNetwork {
 public:
  // "10.0.0.0/8", "fd00::/8", or one address. `invalid` says what is wrong.
  static Result<IpNetwork> parse(std::string_view text);

  bool contains(const IpAddress& address) const;

 private:
  IpAddress first_;
  unsigned prefix_bits_ = 0;  // of the 16 bytes
};

// Which addresses a client may connect to. Immutable.
class PeerRule {
 public:
  // Every address except those that mean this machine, this link, a metadata service of a cloud, or more than
  // one machine: nothing that a pod or a service of Kubernetes can have.
  PeerRule() = default;
  // Only addresses in these networks, whatever they mean. `allowed` is not empty.
  explicit PeerRule(std::vector<IpNetwork> allowed);

  // Why not; nothing where the address is allowed.
  std::optional<std::string_view> refusal(const IpAddress& address) const;

 private:
  std::vector<IpNetwork> allowed_;
};

}  // namespace rayhistory
