// Several threads work on the elements of an array.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <thread>
#include <vector>

namespace rayhistory::historyserver {

// So many threads call do_one(i) for each i below `count`.
template <typename DoOne>
void for_each_index(size_t count, unsigned threads, const DoOne& do_one) {
  std::atomic<size_t> next{0};
  const auto work = [&] {
    for (size_t i = next++; i < count; i = next++)
      do_one(i);
  };
  std::vector<std::jthread> others;
  while (others.size() + 1 < std::min<size_t>(threads, count))
    others.emplace_back(work);
  work();
}

}  // namespace rayhistory::historyserver
