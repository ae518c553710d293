// The memory of answers that are made or on their way to clients. Clients that read slowly, or not at all,
// wait for each other, and the server does not grow with their number.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/clock.h"

namespace rayhistory::historyserver {

// On the io_context's thread only. Must outlive its leases.
class AnswerMemory {
 public:
  // Some bytes, until it is gone.
  class Lease {
   public:
    Lease() = default;
    Lease(Lease&& other) noexcept
        : memory_(std::exchange(other.memory_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
    Lease& operator=(Lease&& other) noexcept {
      std::swap(memory_, other.memory_);
      std::swap(bytes_, other.bytes_);
      return *this;
    }
    ~Lease() {
      if (memory_ != nullptr) memory_->give_back(bytes_);
    }
    bool is_granted() const { return memory_ != nullptr; }
    // When it is known how much it is; more than is free makes others wait.
    void resize(uint64_t bytes);

   private:
    friend class AnswerMemory;
    Lease(AnswerMemory& memory, uint64_t bytes) : memory_(&memory), bytes_(bytes) {}
    AnswerMemory* memory_ = nullptr;
    uint64_t bytes_ = 0;
  };

  // `make_room` is called once a second while someone waits: it may end what others hold for too long.
  AnswerMemory(boost::asio::io_context& io, uint64_t limit_bytes, std::function<void()> make_room)
      : io_(io), limit_bytes_(limit_bytes), make_room_(std::move(make_room)) {}

  // The last to come is served first: who has waited long is often one of many that will not read anyway, or
  // has given up, and a newcomer can be served in time (adaptive LIFO: Maurer, "Fail at Scale", ACM Queue
  // 13(8), 2015). A lease that is not granted after `patience`.
  boost::asio::awaitable<Lease> take(uint64_t bytes, Nanoseconds patience);

  // Grants nothing any more: the io_context is about to be destroyed, with those who wait.
  void close() { is_closed_ = true; }

  uint64_t held_bytes() const { return held_bytes_; }
  bool has_waiters() const { return !waiters_.empty(); }

 private:
  struct Waiter {
    boost::asio::steady_timer& timer;
    uint64_t bytes;
    bool is_granted = false;
  };

  bool fits(uint64_t bytes) const { return held_bytes_ == 0 || held_bytes_ + bytes <= limit_bytes_; }
  void give_back(uint64_t bytes);

  boost::asio::io_context& io_;
  const uint64_t limit_bytes_;
  const std::function<void()> make_room_;
  bool is_closed_ = false;
  uint64_t held_bytes_ = 0;
  std::list<Waiter*> waiters_;  // the last to come first
};

}  // namespace rayhistory::historyserver
