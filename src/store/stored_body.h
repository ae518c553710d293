// An object of a store as the body of a request: the way of a copy where the server makes none.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "http/body.h"
#include "store/store.h"

namespace rayhistory {

// One thread's. Store, key and deadline must outlive it.
class StoredBody final : public Body {
 public:
  StoredBody(Store& store, const std::string& key, uint64_t size, const Deadline& deadline)
      : store_(store), key_(key), size_(size), deadline_(deadline) {}

  uint64_t size() const override { return size_; }

  Result<void> read_at(uint64_t offset, std::span<char> buffer) const override {
    while (!buffer.empty()) {
      const bool is_held = held_at_ <= offset && offset < held_at_ + held_.size();
      if (!is_held) TRY(hold(offset));
      const std::string_view there = std::string_view(held_).substr(static_cast<size_t>(offset - held_at_));
      const size_t piece = std::min(there.size(), buffer.size());
      std::copy_n(there.begin(), piece, buffer.begin());
      buffer = buffer.subspan(piece);
      offset += piece;
    }
    return {};
  }

 private:
  // Of one object at a time and worker: a request for each, and little of a 256 MiB container.
  static constexpr uint64_t kHeldBytes = 4 * 1024 * 1024;

  Result<void> hold(uint64_t offset) const {
    TRY_ASSIGN(held_, store_.get(key_, offset, kHeldBytes, deadline_));
    held_at_ = offset;
    if (held_.empty()) return Error{ErrorKind::invalid, fmt::format("key \"{}\": shorter than it was", key_)};
    return {};
  }

  Store& store_;
  const std::string& key_;
  const uint64_t size_;
  const Deadline& deadline_;
  mutable std::string held_;
  mutable uint64_t held_at_ = 0;
};

}  // namespace rayhistory
