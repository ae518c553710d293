#include "historyserver/live/filtered_body.h"

#include <string>
#include <utility>

namespace rayhistory::historyserver {
namespace {

class FilteredBody final : public BodyPieces {
 public:
  FilteredBody(std::unique_ptr<BodyPieces> body, std::unique_ptr<TextFilter> filter)
      : body_(std::move(body)), filter_(std::move(filter)) {}

  // The filter holds part of an unfinished line or string, and makes something else of a piece.
  uint64_t most_bytes() const override { return body_->most_bytes() + 2 * kLongestPieceBytes; }
  void cancel() override { body_->cancel(); }

  Result<std::string> next() override {
    while (ready_.empty() && filter_) {
      TRY_ASSIGN(const std::string piece, body_->next());
      if (piece.empty()) {
        ready_ = filter_->finish();
        filter_ = nullptr;
      } else {
        ready_ = filter_->take(piece);
      }
    }
    // A filter may have made more of it than a piece may hold.
    if (ready_.size() <= kLongestPieceBytes) return std::exchange(ready_, {});
    std::string piece = ready_.substr(0, kLongestPieceBytes);
    ready_.erase(0, kLongestPieceBytes);
    return piece;
  }

 private:
  const std::unique_ptr<BodyPieces> body_;
  std::unique_ptr<TextFilter> filter_;  // null: it has finished
  std::string ready_;
};

}  // namespace

std::unique_ptr<BodyPieces> filtered_body(std::unique_ptr<BodyPieces> body,
                                          std::unique_ptr<TextFilter> filter) {
  return std::make_unique<FilteredBody>(std::move(body), std::move(filter));
}

}  // namespace rayhistory::historyserver
