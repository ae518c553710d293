// An HTTP response whose body comes when it is asked for.
#pragma once

#include <cstddef>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "http/client.h"

namespace rayhistory {

// The head of the response has come. The stream reads from the connection only while next() runs, so that a
// slow reader slows the server down, and it holds at most one piece.
//
// One thread at a time may use it, and not always the same one. A stream that is destroyed before its end
// closes the connection. It must be destroyed before its client.
class HttpResponseStream {
 public:
  virtual ~HttpResponseStream() = default;
  virtual int status() const = 0;
  virtual const Headers& headers() const = 0;
  // Returns the next bytes, at most kPieceBytes of them, and no bytes at the end. Its errors are those of
  // HttpClient::send(): `unknown_outcome` when the body was cut, or when nothing came for the request's
  // stall_timeout.
  virtual Result<std::string> next(const Deadline& deadline) = 0;

  static constexpr size_t kPieceBytes = 256 * 1024;
};

}  // namespace rayhistory
