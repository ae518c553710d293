#include "store/s3/range_taker.h"

#include <algorithm>

namespace rayhistory {
namespace {

constexpr int kPartialContent = 206;
// Room that is made for a range at once. Larger ones grow as they come.
constexpr uint64_t kRoomBytes = 1024 * 1024;

}  // namespace

RangeTaker::RangeTaker(uint64_t offset, uint64_t length) : offset_(offset), length_(length) {}

Result<void> RangeTaker::take(const HttpResponse& response, std::string_view piece) {
  if (received_ == 0) content_.reserve(static_cast<size_t>(std::min(length_, kRoomBytes)));
  is_range_ = response.status == kPartialContent || response.headers.find("Content-Range").has_value();
  const uint64_t body_begins = is_range_ ? offset_ : 0;
  const uint64_t piece_begins = body_begins + received_;
  received_ += piece.size();
  if (piece_begins < offset_)
    piece.remove_prefix(static_cast<size_t>(std::min<uint64_t>(offset_ - piece_begins, piece.size())));
  content_.append(piece.substr(0, static_cast<size_t>(length_ - content_.size())));
  is_done_ = content_.size() == length_ && body_begins + received_ > offset_ + length_;
  if (is_done_) return Error{ErrorKind::cancelled, "all of the range has come"};
  return {};
}

bool RangeTaker::got_others() const {
  return !is_range_ && received_ > content_.size();
}

}  // namespace rayhistory
