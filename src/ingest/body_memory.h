// Bounds what the bodies of all requests together hold in memory: who would go past it waits for its turn,
// first come, first served. For the thread of the io_context only.
#pragma once

#include <chrono>
#include <cstddef>
#include <list>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

namespace rayhistory::collector {

class BodyMemory {
 public:
  explicit BodyMemory(size_t limit_bytes) : limit_bytes_(limit_bytes) {}

  // Bytes that may be used for as long as it lives.
  class Lease {
   public:
    Lease() = default;
    Lease(Lease&& other) noexcept
        : memory_(std::exchange(other.memory_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
    // Cancelling a timer, which release() may do, throws in signature only.
    // NOLINTNEXTLINE(bugprone-exception-escape)
    Lease& operator=(Lease&& other) noexcept {
      release();
      memory_ = std::exchange(other.memory_, nullptr);
      bytes_ = std::exchange(other.bytes_, 0);
      return *this;
    }
    ~Lease() { release(); }  // NOLINT(bugprone-exception-escape)

    size_t bytes() const { return bytes_; }
    void release();

   private:
    friend class BodyMemory;
    Lease(BodyMemory* memory, size_t bytes) : memory_(memory), bytes_(bytes) {}
    BodyMemory* memory_ = nullptr;
    size_t bytes_ = 0;
  };

  // Waits until `bytes`, at most the limit, are free; a lease of none when that takes longer than `patience`.
  boost::asio::awaitable<Lease> lease(size_t bytes, std::chrono::nanoseconds patience);

 private:
  struct Waiting {
    size_t bytes;
    boost::asio::steady_timer* timer;
    bool granted = false;
  };

  bool fits(size_t bytes) const { return used_bytes_ + bytes <= limit_bytes_; }
  void grant();

  const size_t limit_bytes_;
  size_t used_bytes_ = 0;
  std::list<Waiting*> waiting_;
};

}  // namespace rayhistory::collector
