// What an S3Store has found out about its server beside the abilities of store_abilities.h. Any thread.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <limits>

namespace rayhistory {

struct S3Server {
  // Whether a prefix lists the unfinished uploads of all keys that begin with it, as S3 has it, or only those
  // of the key that it is in full, as MinIO does (erasure-multipart.go).
  enum class UploadLists : uint8_t { not_known, by_prefix, by_key };
  std::atomic<UploadLists> upload_lists{UploadLists::not_known};

  // No larger body is sent in one request, as far as there is another way. A proxy tells its limit by 413
  // alone: half of what was refused is tried next.
  static constexpr uint64_t kAnyBody = std::numeric_limits<uint64_t>::max();
  std::atomic<uint64_t> largest_body{kAnyBody};

  // False where the limit was lowered before, or cannot be.
  bool refused_body(uint64_t size, uint64_t least_part_bytes) {
    uint64_t known = largest_body;
    const uint64_t half = size / 2;
    const uint64_t next = size > least_part_bytes ? std::max(half, least_part_bytes) : half;
    while (next < known)
      if (largest_body.compare_exchange_weak(known, next)) return true;
    return false;
  }
  // A limit that somebody has lifted is forgotten.
  void took_body(uint64_t size) {
    if (size > largest_body) largest_body = kAnyBody;
  }
};

}  // namespace rayhistory
