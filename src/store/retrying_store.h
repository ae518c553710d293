// A Store that waits out what passes: the only place where calls are repeated for as long as it takes.
//
// Repeated are `retry`, `unknown_outcome`, `no_space` and `denied` (an operator will bring the right back,
// and what was collected until then is not to be lost), until the deadline; then the error is `cancelled` and
// tells the last one. After `denied` the bucket is ensured anew, for it may be missing. Everything else is
// the caller's to decide and passes through. So does, after some tries, what a server that is there refuses
// (Error::is_refusal), as `invalid`, and what fails for one call while others succeed: that is no outage.
//
// It tells the operator: one warning when calls begin to fail, one a minute while they go on failing, one
// every few seconds of a drain, and one line when they succeed again. Not a line a call: sixteen workers over
// an hour would bury all else.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "store/forwarding_store.h"

namespace rayhistory {

// Whether a call that failed so is repeated until it succeeds.
bool is_waited_out(ErrorKind kind);

// Whether a store can be reached, as its calls show, told in the log. Any thread.
class StoreOutage {
 public:
  StoreOutage(std::string store, const Clock& clock) : store_(std::move(store)), clock_(clock) {}
  // `hurried`: soon there will be nobody any more who tells it.
  void failed(std::string_view call, const Error& error, bool hurried);
  void succeeded();
  // How many calls have succeeded.
  uint64_t successes() const { return successes_; }

 private:
  const std::string store_;
  const Clock& clock_;
  std::mutex mutex_;
  bool is_out_ = false;
  bool is_told_ = false;  // this outage's warning is in the log
  bool was_ever_told_ = false;
  SteadyTime began_;
  SteadyTime last_told_;
  uint64_t failures_ = 0;  // of this outage
  std::atomic<uint64_t> successes_{0};
};

struct RetryPolicy {
  // Whether `denied` and `no_space` are waited out, too.
  bool waits_for_operator = true;
  // Of a call that fails in passing; then its error passes through. Nothing: until the deadline.
  std::optional<int> tries = {};
};

class RetryingStore final : public ForwardingStore {
 public:
  // `clock` must outlive it. Once `hurry` is requested, every call is in a hurry (retry_pace.h).
  RetryingStore(std::unique_ptr<Store> store, const Clock& clock, std::stop_token hurry = {},
                RetryPolicy policy = {});

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
  Result<std::vector<std::string>> bucket_warnings(const Deadline& deadline) override;
  Result<void> survey(const std::string& prefix, SurveyUse use, const Deadline& deadline) override;

 private:
  template <typename Outcome, typename... Parameters, typename... Arguments>
  Outcome until_it_passes(std::string_view name, Outcome (Store::*call)(Parameters...), const Deadline& own,
                          const Arguments&... arguments);

  const std::unique_ptr<Store> store_;
  const Clock& clock_;
  const std::stop_token hurry_;
  const RetryPolicy policy_;
  StoreOutage outage_;
};

}  // namespace rayhistory
