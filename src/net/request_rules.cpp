#include "net/request_rules.h"

#include <algorithm>

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/http/verb.hpp>

#include "base/ascii.h"

namespace rayhistory {

namespace beast = boost::beast;
namespace http = beast::http;

namespace {

using Header = http::header<true, http::fields>;

// The allowance of ChunkFraming; its header names the source.
constexpr uint64_t kFramingBytes = 16 * 1024;
constexpr uint64_t kFramingBytesPerChunk = 16;
constexpr uint64_t kFramingBytesPerContentByte = 2;

std::string_view view(beast::string_view text) {
  return {text.data(), text.size()};
}

bool is_digit(char character) {
  return character >= '0' && character <= '9';
}

// The characters of RFC 3986's reg-name and IPv4 address.
bool is_host_character(char character) {
  static constexpr std::string_view kOthers = "-._~!$&'()*+,;=%";
  return is_digit(character) || (character >= 'a' && character <= 'z') ||
         (character >= 'A' && character <= 'Z') || kOthers.find(character) != std::string_view::npos;
}

bool is_address_character(char character) {
  return is_host_character(character) || character == ':';
}

// uri-host [ ":" port ] of RFC 9110, section 7.2.
bool is_authority(std::string_view authority) {
  std::string_view host = authority;
  std::string_view after;
  if (authority.starts_with('[')) {
    const size_t end = authority.find(']');
    if (end == std::string_view::npos) return false;
    host = authority.substr(1, end - 1);
    after = authority.substr(end + 1);
    if (host.empty() || !std::all_of(host.begin(), host.end(), is_address_character)) return false;
  } else {
    const size_t end = std::min(authority.find(':'), authority.size());
    host = authority.substr(0, end);
    after = authority.substr(end);
    if (!std::all_of(host.begin(), host.end(), is_host_character)) return false;
  }
  if (after.empty()) return true;
  return after.front() == ':' && std::all_of(after.begin() + 1, after.end(), is_digit);
}

std::optional<RequestRefusal> judge_fields(const Header& header) {
  size_t hosts = 0;
  size_t codings = 0;
  for (const auto& field : header) {
    if (has_control_character(view(field.value())))
      return {{400, "a header field holds a control character"}};
    if (field.name() == http::field::host) ++hosts;
    if (field.name() == http::field::transfer_encoding) ++codings;
  }
  if (hosts > 1) return {{400, "the request has more than one Host field"}};
  if (hosts == 0 && header.version() >= 11) return {{400, "the request has no Host field"}};
  if (codings == 0) return std::nullopt;
  // RFC 9112, section 6.1: an HTTP/1.0 sender cannot know transfer codings.
  if (header.version() < 11) return {{400, "an HTTP/1.0 request cannot have a Transfer-Encoding"}};
  if (header.count(http::field::content_length) > 0)
    return {{400, "the request has both a Transfer-Encoding and a Content-Length"}};
  if (codings > 1 || !beast::iequals(header[http::field::transfer_encoding], "chunked"))
    return {{501, "the only Transfer-Encoding that this server knows is chunked"}};
  return std::nullopt;
}

// The length of "http://" or "https://" at the begin of an absolute-form target; 0 for another form.
size_t scheme_length(std::string_view target) {
  for (const std::string_view scheme : {std::string_view("http://"), std::string_view("https://")}) {
    const std::string_view begin = target.substr(0, scheme.size());
    if (beast::iequals({begin.data(), begin.size()}, {scheme.data(), scheme.size()})) return scheme.size();
  }
  return 0;
}

}  // namespace

std::variant<RequestAddress, RequestRefusal> judge_request(const Header& header) {
  if (const auto refusal = judge_fields(header)) return *refusal;
  RequestAddress address{view(header[http::field::host]), view(header.target())};
  if (!is_authority(address.authority)) return RequestRefusal{400, "the Host field is not a host name"};
  if (const size_t scheme = scheme_length(address.target)) {
    const std::string_view rest = address.target.substr(scheme);
    const size_t end = std::min(rest.find_first_of("/?"), rest.size());
    address.authority = rest.substr(0, end);
    address.target = end < rest.size() ? rest.substr(end) : "/";
    if (address.authority.empty() || !is_authority(address.authority))
      return RequestRefusal{400, "the request's target names no host"};
  }
  const bool is_asterisk = address.target == "*" && header.method() == http::verb::options;
  if (!address.target.starts_with('/') && !is_asterisk)
    return RequestRefusal{400, "the request's target is not a path"};
  return address;
}

std::optional<RequestRefusal> refusal_of(boost::system::error_code error) {
  const bool is_http = error.category() == make_error_code(http::error::bad_method).category();
  if (!is_http || error == http::error::end_of_stream || error == http::error::partial_message)
    return std::nullopt;
  if (error == http::error::header_limit) return {{431, "the request's header is too long"}};
  if (error == http::error::buffer_overflow)
    return {{400, "a chunk's extension or the trailer of the body is too long"}};
  return {{400, "this is not a well-formed HTTP request"}};
}

void ChunkFraming::note_read(uint64_t consumed, uint64_t content) {
  content_ += content;
  framing_ += consumed - std::min(consumed, content);
}

bool ChunkFraming::is_too_much() const {
  return framing_ > kFramingBytes + kFramingBytesPerChunk * chunks_ + kFramingBytesPerContentByte * content_;
}

}  // namespace rayhistory
