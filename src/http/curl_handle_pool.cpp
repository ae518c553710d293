#include "http/curl_handle_pool.h"

#include <utility>

#include <curl/curl.h>

#include "base/check.h"

namespace rayhistory {
namespace {

// More than any --upload-concurrency in use; what is above it is closed after its exchange.
constexpr size_t kIdleHandlesLimit = 64;

void initialise_curl_once() {
  static const CURLcode outcome = ::curl_global_init(CURL_GLOBAL_DEFAULT);
  CHECK(outcome == CURLE_OK);
}

}  // namespace

CurlHandlePool::CurlHandlePool() {
  initialise_curl_once();
}

std::unique_ptr<CurlHandle> CurlHandlePool::take() {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      // The one used last: its connection is the likeliest to be alive, and the others can grow old.
      std::unique_ptr<CurlHandle> handle = std::move(idle_.back());
      idle_.pop_back();
      return handle;
    }
  }
  return std::make_unique<CurlHandle>();
}

void CurlHandlePool::give_back(std::unique_ptr<CurlHandle> handle) {
  const std::lock_guard lock(mutex_);
  if (idle_.size() < kIdleHandlesLimit) idle_.push_back(std::move(handle));
}

void CurlHandlePool::drop_idle() {
  std::vector<std::unique_ptr<CurlHandle>> dropped;  // closed after the lock is released
  const std::lock_guard lock(mutex_);
  dropped.swap(idle_);
}

}  // namespace rayhistory
