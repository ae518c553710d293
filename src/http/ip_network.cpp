#include "http/ip_network.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <utility>

#include <fmt/format.h>

namespace rayhistory {
namespace {

constexpr std::array<uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
constexpr std::array<uint8_t, 12> kCompatible = {};
constexpr std::array<uint8_t, 12> kNat64 = {0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0};
constexpr unsigned kV4PrefixBits = 96;
constexpr unsigned kAddressBits = 128;

struct Special {
  const char* network;
  std::string_view meaning;
};
// IANA's registries of special-purpose addresses, and the metadata services of clouds outside of them: AWS
// (IPv6), Alibaba, Azure's wire server, Oracle.
constexpr Special kSpecial[] = {
    {"0.0.0.0/8", "it means this machine"},
    {"127.0.0.0/8", "it means this machine"},
    {"::/127", "it means this machine"},
    {"169.254.0.0/16", "it is a link-local address, where clouds have their metadata services"},
    {"fe80::/10", "it is a link-local address"},
    {"fd00:ec2::/32", "it is a cloud's metadata service"},
    {"100.100.100.200/32", "it is a cloud's metadata service"},
    {"168.63.129.16/32", "it is a cloud's metadata service"},
    {"192.0.0.192/32", "it is a cloud's metadata service"},
    {"224.0.0.0/4", "it is a multicast address"},
    {"255.255.255.255/32", "it is a broadcast address"},
    {"ff00::/8", "it is a multicast address"},
};

struct SpecialNetwork {
  IpNetwork network;
  std::string_view meaning;
};

const std::vector<SpecialNetwork>& special_networks() {
  static const std::vector<SpecialNetwork> networks = [] {
    std::vector<SpecialNetwork> made;
    for (const Special& special : kSpecial)
      made.push_back({*IpNetwork::parse(special.network), special.meaning});
    return made;
  }();
  return networks;
}

template <size_t N>
bool begins_with(const std::array<uint8_t, 16>& bytes, const std::array<uint8_t, N>& begin) {
  return std::equal(begin.begin(), begin.end(), bytes.begin());
}

}  // namespace

std::optional<IpAddress> IpAddress::parse(const std::string& text) {
  IpAddress address;
  if (::inet_pton(AF_INET6, text.c_str(), address.bytes_.data()) == 1) return address;
  std::copy(kMapped.begin(), kMapped.end(), address.bytes_.begin());
  if (::inet_pton(AF_INET, text.c_str(), address.bytes_.data() + kMapped.size()) == 1) return address;
  return std::nullopt;
}

std::optional<IpAddress> IpAddress::of(const sockaddr& address) {
  IpAddress found;
  if (address.sa_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &address, sizeof v6);
    std::memcpy(found.bytes_.data(), &v6.sin6_addr, found.bytes_.size());
    return found;
  }
  if (address.sa_family != AF_INET) return std::nullopt;
  sockaddr_in v4{};
  std::memcpy(&v4, &address, sizeof v4);
  std::copy(kMapped.begin(), kMapped.end(), found.bytes_.begin());
  std::memcpy(found.bytes_.data() + kMapped.size(), &v4.sin_addr, sizeof v4.sin_addr);
  return found;
}

bool IpAddress::is_v4() const {
  return begins_with(bytes_, kMapped);
}

IpAddress IpAddress::destination() const {
  constexpr size_t k6to4Offset = 2;
  constexpr size_t kV4Bytes = 4;
  constexpr std::array<uint8_t, 2> k6to4 = {0x20, 0x02};
  size_t offset = 0;
  // ::1 and :: are themselves.
  const bool is_compatible = begins_with(bytes_, kCompatible) && (bytes_[12] != 0 || bytes_[13] != 0);
  if (begins_with(bytes_, kNat64) || is_compatible) {
    offset = kCompatible.size();
  } else if (begins_with(bytes_, k6to4)) {
    offset = k6to4Offset;
  } else {
    return *this;
  }
  IpAddress v4;
  std::copy(kMapped.begin(), kMapped.end(), v4.bytes_.begin());
  std::copy_n(bytes_.begin() + offset, kV4Bytes, v4.bytes_.begin() + kMapped.size());
  return v4;
}

std::string IpAddress::str() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const void* bytes = is_v4() ? bytes_.data() + kMapped.size() : bytes_.data();
  return ::inet_ntop(is_v4() ? AF_INET : AF_INET6, bytes, text.data(), text.size());
}

Result<IpNetwork> IpNetwork::parse(std::string_view text) {
  const auto invalid = [text] {
    return Error{ErrorKind::invalid,
                 fmt::format("\"{}\" is not a network, such as 10.0.0.0/8 or fd00::/8", text)};
  };
  const size_t slash = std::min(text.find('/'), text.size());
  const auto address = IpAddress::parse(std::string(text.substr(0, slash)));
  if (!address) return invalid();
  IpNetwork network;
  network.first_ = *address;
  network.prefix_bits_ = kAddressBits;
  if (slash == text.size()) return network;
  const std::string_view digits = text.substr(slash + 1);
  unsigned bits = 0;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
  const unsigned base = address->is_v4() ? kV4PrefixBits : 0;
  if (digits.empty() || parsed.ec != std::errc{} || parsed.ptr != digits.data() + digits.size() ||
      bits > kAddressBits - base) {
    return invalid();
  }
  network.prefix_bits_ = base + bits;
  return network;
}

bool IpNetwork::contains(const IpAddress& address) const {
  constexpr unsigned kByteBits = 8;
  const size_t whole = prefix_bits_ / kByteBits;
  if (!std::equal(first_.bytes().begin(), first_.bytes().begin() + whole, address.bytes().begin()))
    return false;
  const unsigned rest = prefix_bits_ % kByteBits;
  if (rest == 0) return true;
  const auto mask = static_cast<uint8_t>(0xFFU << (kByteBits - rest));
  return (first_.bytes()[whole] & mask) == (address.bytes()[whole] & mask);
}

PeerRule::PeerRule(std::vector<IpNetwork> allowed) : allowed_(std::move(allowed)) {}

std::optional<std::string_view> PeerRule::refusal(const IpAddress& address) const {
  if (!allowed_.empty()) {
    const bool is_allowed = std::any_of(allowed_.begin(), allowed_.end(),
                                        [&](const IpNetwork& network) { return network.contains(address); });
    return is_allowed ? std::nullopt
                      : std::optional<std::string_view>("it is in none of the allowed networks");
  }
  for (const IpAddress& reached : {address, address.destination()}) {
    for (const SpecialNetwork& special : special_networks())
      if (special.network.contains(reached)) return special.meaning;
  }
  return std::nullopt;
}

}  // namespace rayhistory
