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
  Url url;
  url.scheme = scheme_if_none;
  std::string_view rest = text;
  const size_t authority_end_guess = text.find_first_of("/?#");
  const size_t colon = text.find("://");
  // The "://" of a query's value is no scheme.
  const bool has_scheme = colon != std::string_view::npos && colon < authority_end_guess;
  if (has_scheme) rest.remove_prefix(colon + 3);

  const size_t authority_end = std::min(rest.find_first_of("/?#"), rest.size());
  std::string_view authority = rest.substr(0, authority_end);
  rest.remove_prefix(authority_end);
  // First, because no other message may then quote a password.
  if (authority.find('@') != std::string_view::npos) {
    return Error{ErrorKind::invalid,
                 "URL with a user name or password in it: give these in their own settings"};
  }

  if (has_scheme) {
    const std::string scheme = lower_case(text.substr(0, colon));
    if (scheme == "http") {
      url.scheme = Scheme::http;
    } else if (scheme == "https") {
      url.scheme = Scheme::https;
    } else {
      return bad_url(text, "the scheme must be http or https");
    }
  }

  std::string_view port_text;
  bool has_port = false;
  if (authority.starts_with('[')) {
    const size_t close = authority.find(']');
    if (close == std::string_view::npos)
      return bad_url(text, "the bracket of the IPv6 address is not closed");
    const std::string_view address = authority.substr(1, close - 1);
    if (address.find(':') == std::string_view::npos ||
        !std::all_of(address.begin(), address.end(), is_address_character))
      return bad_url(text, "what is in brackets is no IPv6 address");
    url.host = lower_case(address);
    const std::string_view after = authority.substr(close + 1);
    has_port = after.starts_with(':');
    if (!has_port && !after.empty()) return bad_url(text, "unexpected text after the IPv6 address");
    if (has_port) port_text = after.substr(1);
  } else {
    const size_t port_colon = authority.find(':');
    const std::string_view host = authority.substr(0, port_colon);
    if (host.empty()) return bad_url(text, "no host");
    if (!std::all_of(host.begin(), host.end(), is_name_character))
      return bad_url(text, "the host has characters that no host has");
    url.host = lower_case(host);
    has_port = port_colon != std::string_view::npos;
    if (has_port) port_text = authority.substr(port_colon + 1);
  }
  if (has_port) {
    const auto [end, error] =
        std::from_chars(port_text.data(), port_text.data() + port_text.size(), url.port);
    if (error != std::errc() || end != port_text.data() + port_text.size() || url.port == 0)
      return bad_url(text, "the port must be a number from 1 to 65535");
  }

  if (rest.find('#') != std::string_view::npos)
    return bad_url(text, "a fragment ('#') means nothing to a server");
  if (!std::all_of(rest.begin(), rest.end(), is_visible))
    return bad_url(text, "spaces, control and non-ASCII characters must be percent-encoded");
  const size_t question = rest.find('?');
  url.encoded_path = rest.substr(0, question);
  if (url.encoded_path.empty()) url.encoded_path = "/";
  if (question != std::string_view::npos) url.encoded_query = rest.substr(question + 1);
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
