// Reads objects of one session that answers are made from (fetched endpoints, event logs, debug_state.txt),
// each once: the frontend asks every four seconds for what does not change.
//
// Any thread may ask. The texts belong to one listing of a session, and a newer listing has its own. They
// know an object by key, size and ETag.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/result.h"
#include "historyserver/sessions/stored_session.h"
#include "store/store.h"

namespace rayhistory::historyserver {

class StoredTexts {
 public:
  // `store` must outlive it.
  StoredTexts(Store& store, std::shared_ptr<const SessionListing> listing)
      : store_(store), listing_(std::move(listing)) {}

  // They return at most `limit` bytes of the object: its first, or its last.
  Result<std::shared_ptr<const std::string>> first(const ListedObject& object, uint64_t limit,
                                                   const Deadline& deadline);
  Result<std::shared_ptr<const std::string>> last(const ListedObject& object, uint64_t limit,
                                                  const Deadline& deadline);

 private:
  // This much is kept of one session. All event logs of a large cluster fit in it; each answer that needs
  // more reads that again.
  static constexpr uint64_t kKeptBytes = 16ULL * 1024 * 1024;

  Result<std::shared_ptr<const std::string>> read(const ListedObject& object, uint64_t offset,
                                                  uint64_t length, const Deadline& deadline);

  Store& store_;
  const std::shared_ptr<const SessionListing> listing_;
  std::mutex mutex_;
  // They are by key, size, ETag and range.
  std::map<std::string, std::shared_ptr<const std::string>> kept_;
  uint64_t kept_bytes_ = 0;
};

}  // namespace rayhistory::historyserver
