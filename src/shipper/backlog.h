// The settings of mirroring and its figures: what waits, what does not get on, and what was done.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"

namespace rayhistory::collector {

struct ShipperOptions {
  int workers = 16;                         // --upload-concurrency
  Nanoseconds push_interval = Seconds(60);  // --push-interval
  int log_batching = 1000;                  // --log-batching
};

// Files and bytes that the store does not have yet.
struct Backlog {
  uint64_t files = 0;
  uint64_t bytes = 0;
  Nanoseconds oldest{0};     // how long the oldest of these bytes has been waiting
  std::string oldest_key{};  // the key that it belongs to

  bool empty() const { return files == 0; }
};

// The last failure that no success has followed.
struct ShippingFailure {
  std::string key;  // or the prefix that could not be listed
  std::string message;

  friend bool operator==(const ShippingFailure&, const ShippingFailure&) = default;
};

// Bytes that wait long after they were due, because their uploads fail or because nothing at all is stored.
struct Stall {
  uint64_t files = 0;
  std::string key;         // of the file that is overdue longest
  Nanoseconds overdue{0};  // how long that file has been due
  std::string failure;     // of its last upload; empty when none has ended

  friend bool operator==(const Stall&, const Stall&) = default;
};
// A file is stalled when it has been due for this many --push-intervals. Most disturbances end sooner.
inline constexpr int kStallIntervals = 3;

struct ShipperTotals {
  uint64_t objects_written = 0;  // put, extended or copied
  uint64_t bytes_sent = 0;
  uint64_t bytes_abandoned = 0;  // seen, and gone before they could be sent
  uint64_t files_abandoned = 0;  // the files that these bytes belonged to
};

// Logs are live and rotated ones together.
template <typename Figures>
struct EventsAndLogs {
  Figures events;
  Figures logs;
};

}  // namespace rayhistory::collector
