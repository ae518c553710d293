#include "historyserver/logs/log_body.h"

#include <algorithm>
#include <deque>
#include <iterator>
#include <stop_token>
#include <string>
#include <utility>

namespace rayhistory::historyserver {
namespace {

// One ranged read, retries included; Ray's default `timeout` of these endpoints.
constexpr Seconds kReadTimeout{30};
// BodyPieces' limit.
constexpr size_t kPieceBytes = 1024 * 1024;

class LogBody final : public BodyPieces {
 public:
  LogBody(Store& store, LogTail tail, std::unique_ptr<TextFilter> filter, const Clock& clock,
          std::stop_token stop)
      : store_(store),
        unread_(std::make_move_iterator(tail.unread.begin()), std::make_move_iterator(tail.unread.end())),
        read_(std::move(tail.read)),
        filter_(std::move(filter)),
        clock_(clock),
        stop_(std::move(stop)) {}

  Result<void> read_first(const Deadline& deadline) {
    TRY_ASSIGN(ready_, next_piece(deadline));
    return {};
  }

  Result<std::string> next() override {
    if (ready_.empty()) {
      TRY_ASSIGN(ready_, next_piece(Deadline::after(clock_, kReadTimeout, stop_)));
    }
    // A filter may have made more of it than a piece may hold.
    if (ready_.size() <= kPieceBytes) return std::exchange(ready_, {});
    std::string piece = ready_.substr(0, kPieceBytes);
    ready_.erase(0, kPieceBytes);
    return piece;
  }

 private:
  // Empty at the end.
  Result<std::string> next_piece(const Deadline& deadline) {
    while (true) {
      TRY_ASSIGN(std::string text, next_text(deadline));
      if (!filter_) return text;
      if (text.empty()) {
        std::string rest = filter_->finish();
        filter_ = nullptr;
        return rest;
      }
      std::string piece = filter_->take(text);
      if (!piece.empty()) return piece;
    }
  }

  Result<std::string> next_text(const Deadline& deadline) {
    while (!unread_.empty()) {
      LogSlice& slice = unread_.front();
      if (slice.size() == 0) {
        unread_.pop_front();
        continue;
      }
      const uint64_t length = std::min(kLogReadBytes, slice.size());
      TRY_ASSIGN(std::string text, read_log(store_, slice.key, slice.begin, length, deadline));
      slice.begin += length;
      return text;
    }
    while (!read_.empty()) {
      std::string text = std::move(read_.front());
      read_.pop_front();
      if (!text.empty()) return text;
    }
    return std::string();
  }

  Store& store_;
  std::deque<LogSlice> unread_;
  std::deque<std::string> read_;
  std::unique_ptr<TextFilter> filter_;  // null: none, or it has finished
  const Clock& clock_;
  const std::stop_token stop_;
  std::string ready_;
};

}  // namespace

Result<std::unique_ptr<BodyPieces>> open_log_body(Store& store, LogTail tail,
                                                  std::unique_ptr<TextFilter> filter, const Clock& clock,
                                                  const Deadline& deadline) {
  auto body = std::make_unique<LogBody>(store, std::move(tail), std::move(filter), clock, deadline.stop());
  TRY(body->read_first(deadline));
  return std::unique_ptr<BodyPieces>(std::move(body));
}

}  // namespace rayhistory::historyserver
