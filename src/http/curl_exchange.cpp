#include "http/curl_exchange.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <curl/curl.h>
#include <fmt/format.h>

namespace rayhistory {
namespace {

// All header lines of one answer. Real ones are below 2 KiB.
constexpr size_t kResponseHeadersLimitBytes = 64 * 1024;
// At most this much room is made ahead, whatever an answer says of itself, because a ranged read of either
// program is no longer.
constexpr uint64_t kBodyRoomBytes = 4U << 20U;

}  // namespace

size_t CurlExchange::fill(char* buffer, size_t capacity) {
  if (request.body == nullptr) return 0;
  const size_t size = static_cast<size_t>(
      std::min<uint64_t>(capacity, request.body->size() - std::min(body_position, request.body->size())));
  if (Result<void> read = request.body->read_at(body_position, {buffer, size}); !read) {
    error = std::move(read).error();
    return CURL_READFUNC_ABORT;
  }
  body_position += size;
  return size;
}

bool CurlExchange::take_header(std::string_view line) {
  headers_bytes += line.size();
  if (headers_bytes > kResponseHeadersLimitBytes) {
    error = Error{ErrorKind::invalid, "the answer's headers are longer than " +
                                          std::to_string(kResponseHeadersLimitBytes) + " bytes"};
    return false;
  }
  if (line.starts_with("HTTP/")) {  // also after a "100 Continue"
    response = {};
    headers_complete = false;
    const size_t space = line.find(' ');
    if (space != std::string_view::npos)
      std::from_chars(line.data() + space + 1, line.data() + line.size(), response.status);
    return true;
  }
  if (line == "\r\n" || line == "\n") headers_complete = true;
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return true;
  std::string_view value = line.substr(colon + 1);
  constexpr std::string_view kSpaces = " \t\r\n";
  value.remove_prefix(std::min(value.find_first_not_of(kSpaces), value.size()));
  value = value.substr(0, value.find_last_not_of(kSpaces) + 1);
  response.headers.add(line.substr(0, colon), value);
  return true;
}

bool CurlExchange::take_body(std::string_view piece) {
  if (request.on_body && is_success()) {
    if (Result<void> taken = request.on_body(response, piece); !taken) {
      error = std::move(taken).error();
      return false;
    }
    return true;
  }
  if (piece.size() > request.response_limit_bytes - response.body.size()) {
    error = Error{ErrorKind::invalid,
                  fmt::format("the answer is longer than {} bytes", request.response_limit_bytes)};
    return false;
  }
  if (response.body.empty()) make_room(piece.size());
  response.body += piece;
  return true;
}

// For all of a body that says how long it is, so that it is not moved as it grows.
void CurlExchange::make_room(size_t first_piece) {
  const auto said = response.headers.find("Content-Length");
  uint64_t length = 0;
  if (said) std::from_chars(said->data(), said->data() + said->size(), length);
  length = std::min({length, uint64_t{request.response_limit_bytes}, kBodyRoomBytes});
  if (length > first_piece) response.body.reserve(length);
}

}  // namespace rayhistory
