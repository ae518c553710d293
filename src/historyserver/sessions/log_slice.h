// A range of the bytes of a stored log.
#pragma once

#include <cstdint>
#include <string>

namespace rayhistory::historyserver {

// Bytes [begin, end) of the object `key`.
struct LogSlice {
  std::string key;
  uint64_t begin = 0;
  uint64_t end = 0;

  uint64_t size() const { return end - begin; }
  friend bool operator==(const LogSlice&, const LogSlice&) = default;
};

}  // namespace rayhistory::historyserver
