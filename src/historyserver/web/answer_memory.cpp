#include "historyserver/web/answer_memory.h"

#include <chrono>
#include <memory>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace rayhistory::historyserver {

namespace net = boost::asio;

namespace {

constexpr Seconds kRoomInterval{1};

}  // namespace

void AnswerMemory::Lease::resize(uint64_t bytes) {
  if (memory_ == nullptr) return;
  memory_->held_bytes_ += bytes;
  memory_->give_back(std::exchange(bytes_, bytes));
}

void AnswerMemory::give_back(uint64_t bytes) {
  held_bytes_ -= bytes;
  while (!is_closed_ && !waiters_.empty() && fits(waiters_.front()->bytes)) {
    Waiter& next = *waiters_.front();
    waiters_.pop_front();
    held_bytes_ += next.bytes;
    next.is_granted = true;
    next.timer.cancel();
  }
}

net::awaitable<AnswerMemory::Lease> AnswerMemory::take(uint64_t bytes, Nanoseconds patience) {
  if (fits(bytes)) {
    held_bytes_ += bytes;
    co_return Lease(*this, bytes);
  }
  net::steady_timer timer(io_);
  Waiter waiter{timer, bytes};
  waiters_.push_front(&waiter);
  // Also when the server stops and this frame is destroyed.
  const std::unique_ptr<Waiter, std::function<void(Waiter*)>> end(
      &waiter, [this](Waiter* ended) { waiters_.remove(ended); });
  for (Nanoseconds left = patience; left > Nanoseconds::zero(); left -= kRoomInterval) {
    timer.expires_after(std::min<Nanoseconds>(left, kRoomInterval));
    co_await timer.async_wait(net::as_tuple(net::use_awaitable));
    if (waiter.is_granted) co_return Lease(*this, bytes);
    make_room_();
    if (waiter.is_granted) co_return Lease(*this, bytes);
  }
  co_return Lease();
}

}  // namespace rayhistory::historyserver
