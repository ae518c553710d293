// The handles of a client that are idle, each with its open connection.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "http/curl_handle.h"

namespace rayhistory {

// Any thread may call the pool.
class CurlHandlePool {
 public:
  CurlHandlePool();

  std::unique_ptr<CurlHandle> take();
  void give_back(std::unique_ptr<CurlHandle> handle);
  // A failure that broke one connection has probably broken its idle neighbours: the next request
  // gets a fresh one.
  void drop_idle();

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<CurlHandle>> idle_;
};

}  // namespace rayhistory
