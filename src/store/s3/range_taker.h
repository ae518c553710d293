// The bytes of a range out of the body of an answer, piece by piece: of the range (206, or any answer with a
// Content-Range: rclone's has status 200), or of the whole object from a server that reads no ranges (200).
// Holds no more than the range.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/client.h"

namespace rayhistory {

// One exchange's.
class RangeTaker {
 public:
  RangeTaker(uint64_t offset, uint64_t length);

  // As HttpRequest::on_body has it. An error, once all of the range has come and more follows, ends the
  // exchange.
  Result<void> take(const HttpResponse& response, std::string_view piece);

  bool is_done() const { return is_done_; }
  // Whether the server has sent bytes that are none of the range.
  bool got_others() const;
  std::string content() && { return std::move(content_); }

 private:
  const uint64_t offset_;
  const uint64_t length_;
  bool is_range_ = false;
  uint64_t received_ = 0;
  bool is_done_ = false;
  std::string content_;
};

}  // namespace rayhistory
