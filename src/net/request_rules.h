// The rules of HTTP/1.1 that Boost.Beast's parser leaves to its user. Every server of both programs applies
// them to a request before anything else looks at it, so that no proxy in front of us and none of our servers
// can disagree about where a request ends or whom it is for. All functions are pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/system/error_code.hpp>

namespace rayhistory {

// The server answers with this status and reason, and closes the connection: bytes that follow such a request
// cannot be told from its body.
struct RequestRefusal {
  unsigned status = 400;
  std::string_view reason;  // a sentence without a full stop

  friend bool operator==(const RequestRefusal&, const RequestRefusal&) = default;
};

struct RequestAddress {
  // As the client wrote it, with its port: the target's authority if it has one, otherwise the Host field
  // (RFC 9112, section 3.2.2). Empty where an HTTP/1.0 request names no host.
  std::string_view authority;
  // Path and query: begins with a slash. "*" for OPTIONS.
  std::string_view target;

  friend bool operator==(const RequestAddress&, const RequestAddress&) = default;
};

// Judges a request's header (RFC 9110, sections 5.5 and 7.2; RFC 9112, sections 3.2, 6.1 and 6.3). The views
// point into the header.
std::variant<RequestAddress, RequestRefusal> judge_request(
    const boost::beast::http::header<true, boost::beast::http::fields>& header);

// The answer to a request that the parser gave up. Nothing: the client has left, or its connection broke, and
// no answer can reach it.
std::optional<RequestRefusal> refusal_of(boost::system::error_code error);

// Counts the bytes of a chunked body that are not its content: sizes, extensions and trailers. A sender could
// otherwise occupy the server for ever with a body that never grows.
class ChunkFraming {
 public:
  void note_chunk() { ++chunks_; }
  // `consumed` bytes of the connection gave `content` bytes of the body.
  void note_read(uint64_t consumed, uint64_t content);
  // The rule of Go's net/http (internal/chunked.go, CVE-2023-39326): 16 bytes for each chunk, two for each
  // byte of content, and 16 KiB for everything else.
  bool is_too_much() const;

 private:
  uint64_t chunks_ = 0;
  uint64_t content_ = 0;
  uint64_t framing_ = 0;
};

}  // namespace rayhistory
