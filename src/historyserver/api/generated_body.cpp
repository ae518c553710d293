#include "historyserver/api/generated_body.h"

#include <utility>

namespace rayhistory::historyserver {
namespace {

// So much goes to the socket at a time (web/http_server.cpp), and is held of each answer.
constexpr size_t kPieceBytes = 256 * 1024;

class GeneratedBody final : public BodyPieces {
 public:
  explicit GeneratedBody(std::function<bool(std::string&)> append_more)
      : append_more_(std::move(append_more)) {}

  uint64_t most_bytes() const override { return 2 * kPieceBytes; }
  Result<std::string> next() override {
    std::string piece;
    while (!is_at_end_ && piece.size() < kPieceBytes)
      is_at_end_ = !append_more_(piece);
    return piece;
  }

 private:
  const std::function<bool(std::string&)> append_more_;
  bool is_at_end_ = false;
};

}  // namespace

std::unique_ptr<BodyPieces> generated_body(std::function<bool(std::string& body)> append_more) {
  return std::make_unique<GeneratedBody>(std::move(append_more));
}

Response generated_answer(size_t rows, std::function<bool(std::string& body)> append_more) {
  Response response;
  if (rows > kRowsAtOnce) {
    response.pieces = generated_body(std::move(append_more));
    return response;
  }
  while (append_more(response.body)) {
  }
  return response;
}

}  // namespace rayhistory::historyserver
