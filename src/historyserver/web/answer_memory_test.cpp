#include "historyserver/web/answer_memory.h"

#include <optional>
#include <string>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <gtest/gtest.h>

namespace rayhistory::historyserver {
namespace {

namespace net = boost::asio;

class AnswerMemoryTest : public testing::Test {
 protected:
  // Takes, says so, and keeps it.
  void take(const std::string& who, uint64_t bytes, Nanoseconds patience = Seconds(60)) {
    net::co_spawn(
        io_,
        [this, who, bytes, patience]() -> net::awaitable<void> {
          AnswerMemory::Lease lease = co_await memory_.take(bytes, patience);
          said_ += who + (lease.is_granted() ? "+" : "-");
          leases_.push_back(std::move(lease));
        },
        net::detached);
    io_.restart();
    io_.poll();
  }
  void drop_first() {
    leases_.pop_front();
    io_.restart();
    io_.poll();
  }

  net::io_context io_;
  int rooms_ = 0;
  AnswerMemory memory_{io_, 100, [this] { ++rooms_; }};
  std::list<AnswerMemory::Lease> leases_;
  std::string said_;
};

TEST_F(AnswerMemoryTest, GrantsWhatFitsAndTheRestToTheLastWhoCame) {
  take("a", 60);
  take("b", 60);
  take("c", 60);
  take("d", 10);
  EXPECT_EQ(said_, "a+d+");
  EXPECT_TRUE(memory_.has_waiters());
  drop_first();
  EXPECT_EQ(said_, "a+d+c+");
  EXPECT_EQ(memory_.held_bytes(), 70u);
}

TEST_F(AnswerMemoryTest, GrantsToOneWhatIsMoreThanAllOfIt) {
  take("a", 500);
  take("b", 1);
  EXPECT_EQ(said_, "a+");
  drop_first();
  EXPECT_EQ(said_, "a+b+");
}

TEST_F(AnswerMemoryTest, KnowsThatAnAnswerIsLongerOrShorterThanExpected) {
  take("a", 10);
  leases_.front().resize(100);
  take("b", 10);
  EXPECT_EQ(said_, "a+");
  leases_.front().resize(90);
  io_.restart();
  io_.poll();
  EXPECT_EQ(said_, "a+b+");
}

TEST_F(AnswerMemoryTest, SendsAwayWhoHasWaitedTooLong) {
  take("a", 100);
  take("b", 1, Milliseconds(20));
  io_.run();
  EXPECT_EQ(said_, "a+b-");
  EXPECT_EQ(rooms_, 1);
  EXPECT_FALSE(memory_.has_waiters());
  EXPECT_EQ(memory_.held_bytes(), 100u);
}

TEST_F(AnswerMemoryTest, ForgetsAWaiterThatEndsWithItsServer) {
  take("a", 100);
  std::optional<net::io_context> io(std::in_place);
  AnswerMemory memory(*io, 10, [] {});
  std::list<AnswerMemory::Lease> held;
  for (int i = 0; i < 2; ++i) {
    net::co_spawn(
        *io, [&]() -> net::awaitable<void> { held.push_back(co_await memory.take(10, Seconds(60))); },
        net::detached);
  }
  io->poll();
  EXPECT_TRUE(memory.has_waiters());
  io.reset();
  EXPECT_FALSE(memory.has_waiters());
}

}  // namespace
}  // namespace rayhistory::historyserver
