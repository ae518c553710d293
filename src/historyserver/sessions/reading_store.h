// A Store that is only read from: the History Server changes nothing of what was collected.
//
// What passes (`retry`) is tried again a few times, for a second or so: somebody waits for the answer, and
// can ask again himself. Writes are refused as `unsupported`, except that a missing bucket may be made, as
// KubeRay's History Server does.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store/forwarding_store.h"

namespace rayhistory::historyserver {

class ReadingStore final : public ForwardingStore {
 public:
  // `clock` must outlive it.
  ReadingStore(std::unique_ptr<Store> store, const Clock& clock)
      : ForwardingStore(*store), store_(std::move(store)), clock_(clock) {}

  Result<std::optional<StoredObject>> stat(const std::string& key, const Deadline& deadline) override;
  Result<ListPage> list(const std::string& prefix, const std::string& cursor,
                        const Deadline& deadline) override;
  Result<std::string> get(const std::string& key, uint64_t offset, uint64_t length,
                          const Deadline& deadline) override;

  Result<StoredObject> put(const std::string& key, const Body& body, std::string_view content_type,
                           const Deadline& deadline) override;
  Result<StoredObject> replace(const std::string& key, const std::optional<StoredObject>& before,
                               const Body& body, std::string_view content_type,
                               const Deadline& deadline) override;
  Result<StoredObject> extend(const std::string& key, const StoredObject& stored, const Body& whole,
                              std::string_view content_type, const Deadline& deadline) override;
  Result<StoredObject> copy(const std::string& from, const StoredObject& expected, const std::string& to,
                            const Deadline& deadline) override;
  Result<void> remove(const std::string& key, const Deadline& deadline) override;
  Result<void> abort_unfinished_uploads(const std::string& prefix, const Deadline& deadline) override;
  Result<void> survey(const std::string& prefix, SurveyUse use, const Deadline& deadline) override;

 private:
  template <typename Call>
  auto repeated(const Deadline& deadline, const Call& call) const -> decltype(call());

  const std::unique_ptr<Store> store_;
  const Clock& clock_;
};

}  // namespace rayhistory::historyserver
