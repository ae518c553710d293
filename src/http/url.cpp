#include "http/url.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "base/ascii.h"

namespace rayhistory {
namespace {

bool is_unreserved(unsigned char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

std::string encode(std::string_view raw, bool keep_slash) {
  constexpr std::string_view kHexDigits = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(raw.size());
  for (const unsigned char c : raw) {
    if (is_unreserved(c) || (keep_slash && c == '/')) {
      encoded += static_cast<char>(c);
    } else {
      encoded += '%';
      encoded += kHexDigits[c >> 4];
      encoded += kHexDigits[c & 15];
    }
  }
  return encoded;
}

std::optional<unsigned> hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

uint16_t default_port(Scheme scheme) {
  return scheme == Scheme::https ? 443 : 80;
}
std::string_view name_of(Scheme scheme) {
  return scheme == Scheme::https ? "https" : "http";
}

Error bad_url(std::string_view text, std::string_view reason) {
  return Error{ErrorKind::invalid, fmt::format("URL \"{}\": {}", text, reason)};
}

bool is_name_character(char c) {
  return is_unreserved(static_cast<unsigned char>(c)) && c != '~';
}

bool is_address_character(char c) {
  return hex_value(c).has_value() || c == ':' || c == '.';
}

bool is_visible(char c) {
  return c > ' ' && c < 0x7f;
}

// A URL's text, cut at its delimiters and not yet checked.
struct UrlPieces {
  std::optional<std::string_view> scheme;
  std::string_view authority;
  std::string_view path_and_query;
};

UrlPieces cut_url(std::string_view text) {
  constexpr std::string_view kSchemeEnd = "://";
  constexpr std::string_view kAuthorityEnds = "/?#";
  UrlPieces pieces;
  std::string_view rest = text;
  const size_t colon = text.find(kSchemeEnd);
  // The "://" of a query's value is no scheme.
  if (colon != std::string_view::npos && colon < text.find_first_of(kAuthorityEnds)) {
    pieces.scheme = text.substr(0, colon);
    rest.remove_prefix(colon + kSchemeEnd.size());
  }
  const size_t authority_end = std::min(rest.find_first_of(kAuthorityEnds), rest.size());
  pieces.authority = rest.substr(0, authority_end);
  pieces.path_and_query = rest.substr(authority_end);
  return pieces;
}

std::optional<Scheme> scheme_named(std::string_view name) {
  const std::string lower = lower_case(name);
  if (lower == "http") return Scheme::http;
  if (lower == "https") return Scheme::https;
  return std::nullopt;
}

// These read their piece of the URL `text` into `url`.

Result<void> read_port(std::string_view text, std::string_view port, Url& url) {
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), url.port);
  if (error != std::errc() || end != port.data() + port.size() || url.port == 0)
    return bad_url(text, "the port must be a number from 1 to 65535");
  return {};
}

Result<void> read_ipv6_authority(std::string_view text, std::string_view authority, Url& url) {
  const size_t close = authority.find(']');
  if (close == std::string_view::npos) return bad_url(text, "the bracket of the IPv6 address is not closed");
  const std::string_view address = authority.substr(1, close - 1);
  if (address.find(':') == std::string_view::npos ||
      !std::all_of(address.begin(), address.end(), is_address_character))
    return bad_url(text, "what is in brackets is no IPv6 address");
  url.host = lower_case(address);
  const std::string_view after = authority.substr(close + 1);
  if (after.empty()) return {};
  if (!after.starts_with(':')) return bad_url(text, "unexpected text after the IPv6 address");
  return read_port(text, after.substr(1), url);
}

Result<void> read_authority(std::string_view text, std::string_view authority, Url& url) {
  if (authority.starts_with('[')) return read_ipv6_authority(text, authority, url);
  const size_t colon = authority.find(':');
  const std::string_view host = authority.substr(0, colon);
  if (host.empty()) return bad_url(text, "no host");
  if (!std::all_of(host.begin(), host.end(), is_name_character))
    return bad_url(text, "the host has characters that no host has");
  url.host = lower_case(host);
  if (colon == std::string_view::npos) return {};
  return read_port(text, authority.substr(colon + 1), url);
}

Result<void> read_path_and_query(std::string_view text, std::string_view path_and_query, Url& url) {
  if (path_and_query.find('#') != std::string_view::npos)
    return bad_url(text, "a fragment ('#') means nothing to a server");
  if (!std::all_of(path_and_query.begin(), path_and_query.end(), is_visible))
    return bad_url(text, "spaces, control and non-ASCII characters must be percent-encoded");
  const size_t question = path_and_query.find('?');
  url.encoded_path = path_and_query.substr(0, question);
  if (url.encoded_path.empty()) url.encoded_path = "/";
  if (question != std::string_view::npos) url.encoded_query = path_and_query.substr(question + 1);
  return {};
}

}  // namespace

std::string Url::host_header() const {
  const bool is_ipv6 = host.find(':') != std::string::npos;
  std::string header = is_ipv6 ? "[" + host + "]" : host;
  if (port != 0 && port != default_port(scheme)) header += fmt::format(":{}", port);
  return header;
}

std::string Url::origin() const {
  return fmt::format("{}://{}", name_of(scheme), host_header());
}

std::string Url::str() const {
  std::string text = origin() + encoded_path;
  if (!encoded_query.empty()) text += "?" + encoded_query;
  return text;
}

Result<Url> parse_url(std::string_view text, Scheme scheme_if_none) {
  const UrlPieces pieces = cut_url(text);
  // This check is the first, because every other message quotes the URL, and a quoted password would leak.
  if (pieces.authority.find('@') != std::string_view::npos) {
    return Error{ErrorKind::invalid,
                 "URL with a user name or password in it: give these in their own settings"};
  }
  Url url;
  url.scheme = scheme_if_none;
  if (pieces.scheme) {
    const std::optional<Scheme> scheme = scheme_named(*pieces.scheme);
    if (!scheme) return bad_url(text, "the scheme must be http or https");
    url.scheme = *scheme;
  }
  TRY(read_authority(text, pieces.authority, url));
  TRY(read_path_and_query(text, pieces.path_and_query, url));
  return url;
}

std::string encode_path(std::string_view raw) {
  return encode(raw, true);
}
std::string encode_query_component(std::string_view raw) {
  return encode(raw, false);
}

Result<std::string> decode_percent(std::string_view encoded) {
  std::string raw;
  raw.reserve(encoded.size());
  for (size_t i = 0; i < encoded.size(); ++i) {
    if (encoded[i] != '%') {
      raw += encoded[i];
      continue;
    }
    const auto high = i + 1 < encoded.size() ? hex_value(encoded[i + 1]) : std::nullopt;
    const auto low = i + 2 < encoded.size() ? hex_value(encoded[i + 2]) : std::nullopt;
    if (!high || !low)
      return Error{ErrorKind::invalid, fmt::format("\"{}\": a '%' without two hex digits after it", encoded)};
    raw += static_cast<char>(*high * 16 + *low);
    i += 2;
  }
  return raw;
}

std::string encode_query(const QueryParameters& parameters) {
  QueryParameters encoded;
  encoded.reserve(parameters.size());
  for (const auto& [name, value] : parameters)
    encoded.emplace_back(encode_query_component(name), encode_query_component(value));
  // The order is that of the encoded bytes: '{' is after 'a' raw and before it as "%7B".
  std::sort(encoded.begin(), encoded.end());
  std::string query;
  for (const auto& [name, value] : encoded) {
    query.append(query.empty() ? "" : "&").append(name).append("=").append(value);
  }
  return query;
}

}  // namespace rayhistory
