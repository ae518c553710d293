#include "base/memory_use.h"

#include <memory>

#include <gtest/gtest.h>

namespace rayhistory {
namespace {

TEST(HeapBytesInUse, FollowWhatIsAllocatedAndFreed) {
  const uint64_t before = heap_bytes_in_use();
  if (before == 0) GTEST_SKIP() << "another allocator is in use, which does not say";
  constexpr size_t kBytes = 64U << 20U;
  auto block = std::make_unique<char[]>(kBytes);
  EXPECT_GE(heap_bytes_in_use(), before + kBytes);
  block.reset();
  EXPECT_LT(heap_bytes_in_use(), before + kBytes);
}

}  // namespace
}  // namespace rayhistory
