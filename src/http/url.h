// URLs, taken apart and encoded. A path is not a query: each has its own characters that stay as they are,
// and what is signed is what is sent, so both come from here.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace rayhistory {

enum class Scheme { http, https };

// An origin and a path, already encoded.
struct Url {
  Scheme scheme = Scheme::https;
  std::string host;           // without brackets for IPv6
  uint16_t port = 0;          // 0 is the scheme's own
  std::string encoded_path;   // begins with '/'
  std::string encoded_query;  // without '?'

  std::string origin() const;       // "http://[::1]:9000", the port left out when it is the scheme's own
  std::string host_header() const;  // "[::1]:9000"
  std::string str() const;
};

// "http://host[:port][/path][?query]"; where `text` has no scheme, `scheme_if_none`. `invalid` says what is
// wrong; user information in a URL is refused, because it would end in logs.
Result<Url> parse_url(std::string_view text, Scheme scheme_if_none);

// RFC 3986: every byte but A-Z a-z 0-9 - . _ ~ becomes %XX, upper case. encode_path leaves '/' too.
std::string encode_path(std::string_view raw);
std::string encode_query_component(std::string_view raw);
// The other way; nothing is special but %XX. `invalid` for a cut or wrong escape.
Result<std::string> decode_percent(std::string_view encoded);

// Raw names and values.
using QueryParameters = std::vector<std::pair<std::string, std::string>>;
// Encoded and sorted by name, then value; "uploads=" for an empty value, as AWS's canonical form has it.
std::string encode_query(const QueryParameters& parameters);

}  // namespace rayhistory
