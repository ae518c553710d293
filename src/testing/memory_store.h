// A Store in memory that fails on command and counts what it is asked, for tests of whatever uses a Store.
//
// Any thread may call it, its faults included. Faults come in the order in which they were ordered; a call
// that meets none does what the Store contract says. The limits of real stores are not imitated: an object
// may be extended from its first byte on. When it was written, to the second, only stat and list tell, as
// with S3.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "store/store.h"

namespace rayhistory {

enum class StoreCall {
  ensure_bucket,
  put,
  extend,
  copy,
  stat,
  list,
  get,
  remove,
  abort_unfinished_uploads,
  bucket_warnings
};
inline constexpr size_t kStoreCalls = 10;

class MemoryStore final : public Store {
 public:
  explicit MemoryStore(size_t page_size = 1000) : MemoryStore(system_clock(), page_size) {}
  // `clock` must outlive it.
  explicit MemoryStore(const Clock& clock, size_t page_size = 1000) : clock_(clock), page_size_(page_size) {}

  // --- faults ---
  // The next `count` calls (of that kind, or of any) do nothing and give this error.
  void fail_next(int count, Error error, std::optional<StoreCall> only = std::nullopt);
  // All calls do nothing and give this error, until recover().
  void fail_always(Error error, std::optional<StoreCall> only = std::nullopt);
  // The next `count` writes (of that kind, or of any) happen, and give unknown_outcome.
  void lose_responses(int count, std::optional<StoreCall> only = std::nullopt);
  void recover();  // forgets all faults
  // Called before each call, without locks: to wait, to look, to change things. The key, prefix, or nothing.
  void before_each_call(std::function<void(StoreCall, const std::string& key)> hook);

  // --- what happened ---
  uint64_t calls(StoreCall call) const;
  uint64_t bytes_sent() const;  // by put and extend
  std::vector<std::string> keys() const;
  // Nothing where there is no such object.
  std::optional<std::string> content(const std::string& key) const;
  std::optional<std::string> content_type(const std::string& key) const;
  // As another process would: no fault, not counted.
  void set(const std::string& key, std::string content);
  // bucket_warnings() returns them from now on.
  void set_bucket_warnings(std::vector<std::string> bucket_warnings);

  // --- Store ---
  std::string description() const override { return "memory"; }
  std::string credentials_origin() const override { return {}; }
  Result<void> ensure_bucket(const Deadline& deadline) override;
  Result<StoredObject> put(const std::string& key, const Body& body, std::string_view content_type,
                           const Deadline& deadline) override;
  Result<StoredObject> replace(const std::string& key, const std::optional<StoredObject>& before,
                               const Body& body, std::string_view content_type,
                               const Deadline& deadline) override;
  Result<StoredObject> extend(const std::string& key, const StoredObject& stored, const Body& whole,
                              std::string_view content_type, const Deadline& deadline) override;
  Result<StoredObject> copy(const std::string& from, const StoredObject& expected, const std::string& to,
                            const Deadline& deadline) override;
  Result<std::optional<StoredObject>> stat(const std::string& key, const Deadline& deadline) override;
  Result<ListPage> list(const std::string& prefix, const std::string& after,
                        const Deadline& deadline) override;
  Result<std::string> get(const std::string& key, uint64_t offset, uint64_t length,
                          const Deadline& deadline) override;
  Result<void> remove(const std::string& key, const Deadline& deadline) override;
  Result<void> abort_unfinished_uploads(const std::string& prefix, const Deadline& deadline) override;
  Result<std::vector<std::string>> bucket_warnings(const Deadline& deadline) override;

 private:
  struct Object {
    std::string content;
    std::string content_type;
    uint64_t version = 0;
    int64_t modified_nanoseconds = 0;

    StoredObject written() const;  // as the answer to its write says
    StoredObject seen() const;     // as stat and list say
  };
  struct Fault {
    std::optional<StoreCall> only;
    int left;                    // negative: for ever
    std::optional<Error> error;  // none: the answer is lost
  };

  // Counts the call and runs the hook; the error of a fault that keeps the call from happening.
  Result<void> begin(StoreCall call, const std::string& key, const Deadline& deadline);
  // The end of a write: what it gives, or unknown_outcome where a fault loses its answer. Needs mutex_.
  Result<StoredObject> written(StoreCall call, const std::string& key);
  std::optional<Fault> take_fault(StoreCall call, bool lost_response);
  Object& write(const std::string& key, std::string content, std::string_view content_type);

  const Clock& clock_;
  const size_t page_size_;
  mutable std::mutex mutex_;
  std::map<std::string, Object> objects_;
  std::deque<Fault> faults_;
  std::function<void(StoreCall, const std::string&)> hook_;
  std::array<uint64_t, kStoreCalls> calls_{};
  std::vector<std::string> bucket_warnings_;
  uint64_t bytes_sent_ = 0;
  uint64_t last_version_ = 0;
};

}  // namespace rayhistory
