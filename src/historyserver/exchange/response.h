// What an endpoint answers.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace rayhistory::historyserver {

inline constexpr std::string_view kJsonUtf8 = "application/json; charset=utf-8";
inline constexpr std::string_view kPlainText = "text/plain; charset=utf-8";

// A body that is too large to be held: asked for piece by piece, as fast as the client takes it.
class BodyPieces {
 public:
  virtual ~BodyPieces() = default;
  static constexpr uint64_t kLongestPieceBytes = 1024 * 1024;

  // The next piece, at most kLongestPieceBytes; empty at the end. An error ends the connection, so that the
  // client sees a body cut off and not one that looks whole.
  virtual Result<std::string> next() = 0;
  // The most that it holds of the body, between two calls too.
  virtual uint64_t most_bytes() const { return kLongestPieceBytes; }
  // Nobody wants the rest: what next() waits for at this moment is not to come any more. Any thread.
  virtual void cancel() {}
};

struct Response {
  int status = 200;
  std::string content_type{kJsonUtf8};
  std::vector<std::pair<std::string, std::string>> headers = {};  // beyond the content's type and length
  std::string body = {};
  // The owner of everything that `pieces` refers to; lives longer than they do.
  std::shared_ptr<const void> keeps = nullptr;
  // Sent instead of `body` where there is one.
  std::unique_ptr<BodyPieces> pieces = nullptr;
  std::optional<uint64_t> pieces_size = std::nullopt;  // nothing: chunked
};

// A text of its own, as the live dashboard's aiohttp answers what it refuses.
Response text_response(int status, std::string text);
// {"result": <status == 200>, "msg": …, "data": <data>}, Ray's envelope (dashboard/optional_utils.py
// rest_response). `data` is JSON.
Response envelope(int status, std::string_view message, std::string_view data);

}  // namespace rayhistory::historyserver
