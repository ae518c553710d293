#include "historyserver/logs/log_body.h"

#include <gtest/gtest.h>

#include "testing/manual_clock.h"
#include "testing/memory_store.h"

namespace rayhistory::historyserver {
namespace {

// Says everything twice, and at the end how often it was asked.
class Doubling final : public TextFilter {
 public:
  std::string take(std::string_view piece) override {
    ++taken_;
    return std::string(piece) + std::string(piece);
  }
  std::string finish() override { return std::to_string(taken_); }

 private:
  int taken_ = 0;
};

class LogBodyTest : public testing::Test {
 protected:
  Result<std::unique_ptr<BodyPieces>> open(LogTail tail, std::unique_ptr<TextFilter> filter = nullptr) {
    return open_log_body(store_, std::move(tail), std::move(filter), clock_, Deadline::never());
  }
  std::string all_of(BodyPieces& body) {
    std::string text;
    while (true) {
      const auto piece = body.next();
      EXPECT_TRUE(piece);
      if (!piece || piece->empty()) return text;
      EXPECT_LE(piece->size(), 1024u * 1024);
      text += *piece;
    }
  }

  MemoryStore store_;
  ManualClock clock_;
};

TEST_F(LogBodyTest, GivesTheSlicesAndThenWhatWasRead) {
  std::string text(2'500'000, 'x');
  text[1'234'567] = 'y';
  store_.set("a", text);
  store_.set("b", "0123456789");
  const auto body =
      open({.unread = {{"a", 0, text.size()}, {"b", 3, 3}, {"b", 3, 5}}, .read = {"mn", "", "op"}});
  ASSERT_TRUE(body);
  EXPECT_EQ(all_of(**body), text + "34mnop");
  EXPECT_TRUE((*body)->next()->empty());
}

TEST_F(LogBodyTest, ReadsNothingBeforeItIsAskedFor) {
  store_.set("a", std::string(50 * kLogReadBytes, 'x'));
  const auto body = open({.unread = {{"a", 0, 50 * kLogReadBytes}}, .read = {}});
  ASSERT_TRUE(body);
  EXPECT_EQ(store_.calls(StoreCall::get), 1u);
  ASSERT_TRUE((*body)->next());
  EXPECT_EQ(store_.calls(StoreCall::get), 1u);
  ASSERT_TRUE((*body)->next());
  EXPECT_EQ(store_.calls(StoreCall::get), 2u);
}

TEST_F(LogBodyTest, KeepsPiecesSmallWhateverTheFilterMakes) {
  store_.set("a", std::string(2 * kLogReadBytes, 'x'));
  const auto body = open({.unread = {{"a", 0, 2 * kLogReadBytes}}, .read = {}}, std::make_unique<Doubling>());
  ASSERT_TRUE(body);
  EXPECT_EQ(all_of(**body), std::string(4 * kLogReadBytes, 'x') + "2");
}

TEST_F(LogBodyTest, IsAnErrorWhereTheStoreFails) {
  store_.set("a", std::string(2 * kLogReadBytes, 'x'));
  store_.fail_next(1, Error{ErrorKind::denied, "403"}, StoreCall::get);
  EXPECT_FALSE(open({.unread = {{"a", 0, 2 * kLogReadBytes}}, .read = {}}));

  const auto body = open({.unread = {{"a", 0, 2 * kLogReadBytes}}, .read = {}});
  ASSERT_TRUE(body);
  ASSERT_TRUE((*body)->next());
  store_.fail_next(1, Error{ErrorKind::retry, "500"}, StoreCall::get);
  EXPECT_FALSE((*body)->next());
}

TEST_F(LogBodyTest, MayBeEmpty) {
  const auto body = open({});
  ASSERT_TRUE(body);
  EXPECT_EQ(all_of(**body), "");
}

}  // namespace
}  // namespace rayhistory::historyserver
