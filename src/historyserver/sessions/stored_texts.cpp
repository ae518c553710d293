#include "historyserver/sessions/stored_texts.h"

#include <algorithm>

#include <fmt/format.h>

namespace rayhistory::historyserver {

Result<std::shared_ptr<const std::string>> StoredTexts::first(const ListedObject& object, uint64_t limit,
                                                              const Deadline& deadline) {
  return read(object, 0, std::min(limit, object.object.size), deadline);
}

Result<std::shared_ptr<const std::string>> StoredTexts::last(const ListedObject& object, uint64_t limit,
                                                             const Deadline& deadline) {
  const uint64_t length = std::min(limit, object.object.size);
  return read(object, object.object.size - length, length, deadline);
}

Result<std::shared_ptr<const std::string>> StoredTexts::read(const ListedObject& object, uint64_t offset,
                                                             uint64_t length, const Deadline& deadline) {
  if (length == 0) return std::make_shared<const std::string>();
  // '\n' is in no ETag and no number, and the key comes last.
  const std::string name =
      fmt::format("{}\n{}\n{}\n{}\n{}", object.object.size, object.object.etag, offset, length, object.key);
  {
    const std::lock_guard lock(mutex_);
    if (const auto kept = kept_.find(name); kept != kept_.end()) return kept->second;
  }
  // The read is not under the lock: two that ask at once read the object twice, and no one waits for
  // another's object.
  TRY_ASSIGN(std::string text, read_listed(store_, *listing_, object.key, offset, length, deadline));
  auto shared = std::make_shared<const std::string>(std::move(text));
  const std::lock_guard lock(mutex_);
  if (kept_bytes_ + shared->size() <= kKeptBytes && kept_.try_emplace(name, shared).second)
    kept_bytes_ += shared->size();
  return shared;
}

}  // namespace rayhistory::historyserver
