// A Store that counts what another one is asked: by call and outcome, with the time each took. It stands
// below RetryingStore, so that every try is seen.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/duration_histogram.h"
#include "store/forwarding_store.h"

namespace rayhistory {

enum class StoreOperation {
  ensure_bucket,
  put,
  extend,
  copy,
  stat,
  list,
  get,
  remove,
  abort_unfinished_uploads,
};
inline constexpr size_t kStoreOperations = 9;
std::string_view name_of(StoreOperation operation);

// How a call ended: well, or with an ErrorKind.
inline constexpr size_t kStoreOutcomes = 1 + static_cast<size_t>(ErrorKind::cancelled) + 1;
inline constexpr size_t outcome_index(std::optional<ErrorKind> error) {
  return error ? 1 + static_cast<size_t>(*error) : 0;
}
std::optional<ErrorKind> outcome_of(size_t outcome_index);
std::string_view name_of_outcome(size_t outcome_index);  // "ok", "retry", ...

// Since the start.
struct StoreTotals {
  struct Operation {
    std::array<uint64_t, kStoreOutcomes> outcomes{};
    DurationHistogram::Counts times;
  };
  std::array<Operation, kStoreOperations> operations{};
  // Of the last call that the store answered as one can who is there ("no such object" is an answer); 0:
  // none.
  int64_t last_success_unix_nanoseconds = 0;
  // Since when calls fail in a way that is waited out; nothing: the last one did not.
  std::optional<SteadyTime> failing_since;

  const Operation& of(StoreOperation operation) const { return operations[static_cast<size_t>(operation)]; }
  // Calls of any operation that ended so.
  uint64_t ended(ErrorKind error) const;
};

// Any thread may call any of these.
class StoreMeter {
 public:
  // `clock` must outlive it.
  explicit StoreMeter(const Clock& clock) : clock_(clock) {}

  void count(StoreOperation operation, std::optional<ErrorKind> error, Nanoseconds took);
  // Of a call that failed in a way that is waited out, or for good: what it was, and the store's answer.
  void note_failure(StoreOperation operation, const std::string& message);
  // The last one since the start; empty: none.
  std::string last_failure() const;
  StoreTotals totals() const;
  const Clock& clock() const { return clock_; }

 private:
  struct Operation {
    std::array<std::atomic<uint64_t>, kStoreOutcomes> outcomes{};
    DurationHistogram times;
  };
  const Clock& clock_;
  std::array<Operation, kStoreOperations> operations_;
  std::atomic<int64_t> last_success_{0};
  std::atomic<SteadyTime> failing_since_{SteadyTime::max()};  // max: it does not fail
  mutable std::mutex mutex_;                                  // guards the next one
  std::string last_failure_;
};

// It does not count survey(), which is made of other calls and stores nothing that was collected, nor
// bucket_warnings(), which stores nothing and is asked once a start.
class MeteredStore final : public ForwardingStore {
 public:
  MeteredStore(std::unique_ptr<Store> store, std::shared_ptr<StoreMeter> meter);

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
  Result<ListPage> list(const std::string& prefix, const std::string& cursor,
                        const Deadline& deadline) override;
  Result<std::string> get(const std::string& key, uint64_t offset, uint64_t length,
                          const Deadline& deadline) override;
  Result<void> remove(const std::string& key, const Deadline& deadline) override;
  Result<void> abort_unfinished_uploads(const std::string& prefix, const Deadline& deadline) override;

 private:
  template <typename Call>
  auto counted(StoreOperation operation, const Call& call) -> decltype(call());

  const std::unique_ptr<Store> store_;
  const std::shared_ptr<StoreMeter> meter_;
};

}  // namespace rayhistory
