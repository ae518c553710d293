// How many bytes the journals may take on the local disk (--event-max-disk-mb), and how many they take.
//
// Ray's agent waits and sends again when it is told to (503), and the store may be away for hours: this is
// what keeps the node's disk from filling up meanwhile. Any thread may call any of these.
#pragma once

#include <atomic>
#include <cstdint>

namespace rayhistory::collector {

class DiskBudget {
 public:
  explicit DiskBudget(uint64_t limit_bytes) : limit_bytes_(limit_bytes) {}

  void add(uint64_t bytes) { used_bytes_ += bytes; }
  void remove(uint64_t bytes);
  uint64_t used_bytes() const { return used_bytes_; }
  uint64_t limit_bytes() const { return limit_bytes_; }

  // From 80 % on nothing more is taken; nor is a batch that would go past the whole budget, unless it is the
  // only thing there: refused for ever, it would stop the sender for good.
  bool refuses(uint64_t batch_bytes) const;

 private:
  const uint64_t limit_bytes_;
  std::atomic<uint64_t> used_bytes_{0};
};

}  // namespace rayhistory::collector
