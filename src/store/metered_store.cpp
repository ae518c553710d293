#include "store/metered_store.h"

#include <utility>

#include "store/retrying_store.h"

namespace rayhistory {

std::string_view name_of(StoreOperation operation) {
  switch (operation) {
    case StoreOperation::ensure_bucket:
      return "ensure_bucket";
    case StoreOperation::put:
      return "put";
    case StoreOperation::extend:
      return "extend";
    case StoreOperation::copy:
      return "copy";
    case StoreOperation::stat:
      return "stat";
    case StoreOperation::list:
      return "list";
    case StoreOperation::get:
      return "get";
    case StoreOperation::remove:
      return "remove";
    case StoreOperation::abort_unfinished_uploads:
      return "abort_unfinished_uploads";
  }
  UNREACHABLE("a StoreOperation out of range");
}

std::optional<ErrorKind> outcome_of(size_t outcome_index) {
  if (outcome_index == 0) return std::nullopt;
  return static_cast<ErrorKind>(outcome_index - 1);
}

std::string_view name_of_outcome(size_t outcome_index) {
  const std::optional<ErrorKind> error = outcome_of(outcome_index);
  return error ? name_of(*error) : "ok";
}

uint64_t StoreTotals::ended(ErrorKind error) const {
  uint64_t count = 0;
  for (const Operation& operation : operations)
    count += operation.outcomes[outcome_index(error)];
  return count;
}

void StoreMeter::count(StoreOperation operation, std::optional<ErrorKind> error, Nanoseconds took) {
  Operation& counted = operations_[static_cast<size_t>(operation)];
  counted.outcomes[outcome_index(error)].fetch_add(1, std::memory_order_relaxed);
  counted.times.add(took);
  if (error == ErrorKind::cancelled) return;  // says nothing of the store
  if (error && is_waited_out(*error)) {
    SteadyTime none = SteadyTime::max();
    failing_since_.compare_exchange_strong(none, clock_.steady_now());
  } else {
    failing_since_ = SteadyTime::max();
    last_success_ = clock_.unix_nanoseconds();
  }
}

void StoreMeter::note_failure(StoreOperation operation, const std::string& message) {
  const std::lock_guard lock(mutex_);
  last_failure_ = std::string(name_of(operation)) + ": " + message;
}

std::string StoreMeter::last_failure() const {
  const std::lock_guard lock(mutex_);
  return last_failure_;
}

StoreTotals StoreMeter::totals() const {
  StoreTotals totals;
  for (size_t i = 0; i < operations_.size(); ++i) {
    for (size_t j = 0; j < kStoreOutcomes; ++j)
      totals.operations[i].outcomes[j] = operations_[i].outcomes[j].load(std::memory_order_relaxed);
    totals.operations[i].times = operations_[i].times.counts();
  }
  totals.last_success_unix_nanoseconds = last_success_;
  const SteadyTime since = failing_since_;
  if (since != SteadyTime::max()) totals.failing_since = since;
  return totals;
}

MeteredStore::MeteredStore(std::unique_ptr<Store> store, std::shared_ptr<StoreMeter> meter)
    : ForwardingStore(*store), store_(std::move(store)), meter_(std::move(meter)) {}

template <typename Call>
auto MeteredStore::counted(StoreOperation operation, const Call& call) -> decltype(call()) {
  const SteadyTime begun = meter_->clock().steady_now();
  auto outcome = call();
  const auto error = outcome ? std::nullopt : std::optional(outcome.error().kind);
  meter_->count(operation, error, meter_->clock().steady_now() - begun);
  // These two are answers, as a rule: what is there was to be found out.
  const bool is_response = error == ErrorKind::exists || error == ErrorKind::not_found;
  if (error && !is_response && error != ErrorKind::cancelled)
    meter_->note_failure(operation, outcome.error().message);
  return outcome;
}

Result<void> MeteredStore::ensure_bucket(const Deadline& deadline) {
  return counted(StoreOperation::ensure_bucket, [&] { return store_->ensure_bucket(deadline); });
}

Result<StoredObject> MeteredStore::put(const std::string& key, const Body& body,
                                       std::string_view content_type, const Deadline& deadline) {
  return counted(StoreOperation::put, [&] { return store_->put(key, body, content_type, deadline); });
}

Result<StoredObject> MeteredStore::replace(const std::string& key, const std::optional<StoredObject>& before,
                                           const Body& body, std::string_view content_type,
                                           const Deadline& deadline) {
  return counted(StoreOperation::put,
                 [&] { return store_->replace(key, before, body, content_type, deadline); });
}

Result<StoredObject> MeteredStore::extend(const std::string& key, const StoredObject& stored,
                                          const Body& whole, std::string_view content_type,
                                          const Deadline& deadline) {
  return counted(StoreOperation::extend,
                 [&] { return store_->extend(key, stored, whole, content_type, deadline); });
}

Result<StoredObject> MeteredStore::copy(const std::string& from, const StoredObject& expected,
                                        const std::string& to, const Deadline& deadline) {
  return counted(StoreOperation::copy, [&] { return store_->copy(from, expected, to, deadline); });
}

Result<std::optional<StoredObject>> MeteredStore::stat(const std::string& key, const Deadline& deadline) {
  return counted(StoreOperation::stat, [&] { return store_->stat(key, deadline); });
}

Result<ListPage> MeteredStore::list(const std::string& prefix, const std::string& cursor,
                                    const Deadline& deadline) {
  return counted(StoreOperation::list, [&] { return store_->list(prefix, cursor, deadline); });
}

Result<std::string> MeteredStore::get(const std::string& key, uint64_t offset, uint64_t length,
                                      const Deadline& deadline) {
  return counted(StoreOperation::get, [&] { return store_->get(key, offset, length, deadline); });
}

Result<void> MeteredStore::remove(const std::string& key, const Deadline& deadline) {
  return counted(StoreOperation::remove, [&] { return store_->remove(key, deadline); });
}

Result<void> MeteredStore::abort_unfinished_uploads(const std::string& prefix, const Deadline& deadline) {
  return counted(StoreOperation::abort_unfinished_uploads,
                 [&] { return store_->abort_unfinished_uploads(prefix, deadline); });
}

}  // namespace rayhistory
