// Where Azure goes on with a list that was read up to some key.
//
// Azure takes no key to begin after, only the opaque marker that came with the page before. So the markers of
// the last pages are kept, by prefix and last key. Whoever begins after another key (after a restart, say)
// has the pages before it read over: a request for each 1,000 keys that are skipped. Service version
// 2026-02-06 has a parameter for it, startFrom, which no emulator knows yet.
#pragma once

#include <algorithm>
#include <deque>
#include <mutex>
#include <optional>
#include <string>

namespace rayhistory {

// Any thread.
class AzureListMarkers {
 public:
  void keep(const std::string& prefix, const std::string& last_key, std::string marker) {
    const std::lock_guard lock(mutex_);
    kept_.push_back({prefix, last_key, std::move(marker)});
    if (kept_.size() > kMost) kept_.pop_front();
  }

  std::optional<std::string> find(const std::string& prefix, const std::string& last_key) const {
    const std::lock_guard lock(mutex_);
    const auto page = std::find_if(kept_.rbegin(), kept_.rend(), [&](const Page& kept) {
      return kept.prefix == prefix && kept.last_key == last_key;
    });
    if (page == kept_.rend()) return std::nullopt;
    return page->marker;
  }

 private:
  // Of three texts of about 1 KiB each. A list has one in use at a time, and few threads list.
  static constexpr size_t kMost = 64;

  struct Page {
    std::string prefix;
    std::string last_key;
    std::string marker;
  };

  mutable std::mutex mutex_;
  std::deque<Page> kept_;
};

}  // namespace rayhistory
