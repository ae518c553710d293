#include "ingest/body_memory.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/check.h"

namespace rayhistory::collector {

namespace net = boost::asio;

boost::asio::awaitable<BodyMemory::Lease> BodyMemory::lease(size_t bytes, std::chrono::nanoseconds patience) {
  CHECK(bytes <= limit_bytes_);
  if (waiting_.empty() && fits(bytes)) {
    used_bytes_ += bytes;
    co_return Lease(this, bytes);
  }
  net::steady_timer timer(co_await net::this_coro::executor);
  timer.expires_after(patience);
  Waiting waiting{bytes, &timer};
  waiting_.push_back(&waiting);
  // Leaves the queue also when the coroutine is destroyed while it waits.
  struct Leave {
    BodyMemory& memory;
    Waiting& waiting;
    ~Leave() { memory.waiting_.remove(&waiting); }
  };
  {
    const Leave leave{*this, waiting};
    co_await timer.async_wait(net::as_tuple(net::use_awaitable));
  }
  grant();  // its place in the queue may have been what kept others waiting
  if (!waiting.granted) co_return Lease();
  co_return Lease(this, bytes);
}

void BodyMemory::grant() {
  for (Waiting* waiting : waiting_) {
    if (waiting->granted) continue;
    if (!fits(waiting->bytes)) return;
    used_bytes_ += waiting->bytes;
    waiting->granted = true;
    waiting->timer->cancel();
  }
}

void BodyMemory::Lease::release() {
  if (memory_ == nullptr) return;
  BodyMemory* const memory = std::exchange(memory_, nullptr);
  memory->used_bytes_ -= std::exchange(bytes_, 0);
  memory->grant();
}

}  // namespace rayhistory::collector
