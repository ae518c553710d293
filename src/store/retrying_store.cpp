#include "store/retrying_store.h"

#include <utility>

#include <fmt/format.h>

#include "base/duration.h"
#include "base/log.h"
#include "store/retry_pace.h"

namespace rayhistory {
namespace {

// A refusal that was chance is over by then: some 10 s.
constexpr int kRefusalTries = 8;
// As many for a call that fails alone, so that its worker goes on with others; its caller tries again later.
constexpr int kTriesWhileOthersSucceed = 8;
// While an outage lasts; and between the warnings of a store that fails now and then.
constexpr Seconds kReminderInterval{60};
// In a hurry: some lines of a drain's 25 s.
constexpr Seconds kHurriedReminderInterval{5};

}  // namespace

bool is_waited_out(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::retry:
    case ErrorKind::unknown_outcome:
    case ErrorKind::denied:
    case ErrorKind::no_space:
      return true;
    case ErrorKind::not_found:
    case ErrorKind::exists:
    case ErrorKind::invalid:
    case ErrorKind::unsupported:
    case ErrorKind::cancelled:
      return false;
  }
  UNREACHABLE("an ErrorKind out of range");
}

void StoreOutage::failed(std::string_view call, const Error& error, bool hurried) {
  const std::lock_guard lock(mutex_);
  const SteadyTime now = clock_.steady_now();
  if (!is_out_) {
    is_out_ = true;
    is_told_ = false;
    began_ = now;
    failures_ = 0;
  }
  ++failures_;
  const Seconds interval = hurried ? kHurriedReminderInterval : kReminderInterval;
  if (was_ever_told_ && now - last_told_ < interval) return;
  was_ever_told_ = true;
  last_told_ = now;
  if (!is_told_) {
    is_told_ = true;
    // The words must not send an operator to look for a network that is well.
    log_warning(error.kind == ErrorKind::denied
                    ? "the store refuses what is asked of it: trying again until it is allowed"
                    : "store unreachable: trying again until it answers",
                {{"store", store_}, {"call", call}, {"kind", name_of(error.kind)}, {"error", error.message}});
  } else {
    log_warning(error.kind == ErrorKind::denied ? "the store still refuses what is asked of it"
                                                : "store still unreachable",
                {{"store", store_},
                 {"for", format_duration(std::chrono::floor<Seconds>(now - began_))},
                 {"failed_calls", failures_},
                 {"kind", name_of(error.kind)},
                 {"error", error.message}});
  }
}

void StoreOutage::succeeded() {
  ++successes_;
  const std::lock_guard lock(mutex_);
  if (!is_out_) return;
  is_out_ = false;
  if (!is_told_) return;
  log_info("store reachable again",
           {{"store", store_},
            {"after", format_duration(std::chrono::floor<Milliseconds>(clock_.steady_now() - began_))},
            {"failed_calls", failures_}});
}

RetryingStore::RetryingStore(std::unique_ptr<Store> store, const Clock& clock, std::stop_token hurry,
                             RetryPolicy policy)
    : ForwardingStore(*store),
      store_(std::move(store)),
      clock_(clock),
      hurry_(std::move(hurry)),
      policy_(policy),
      outage_(store_->description(), clock) {}

template <typename Outcome, typename... Parameters, typename... Arguments>
Outcome RetryingStore::until_it_passes(std::string_view name, Outcome (Store::*call)(Parameters...),
                                       const Deadline& own, const Arguments&... arguments) {
  const Deadline deadline = own.hurried_by(hurry_);
  RetryPace pace(clock_);
  int refusals = 0;
  const uint64_t successes_before = outage_.successes();
  while (true) {
    Outcome outcome = ((*store_).*call)(arguments..., deadline);
    if (outcome) {
      outage_.succeeded();
      return outcome;
    }
    const Error& error = outcome.error();
    if (!is_waited_out(error.kind)) {
      if (error.kind != ErrorKind::cancelled) outage_.succeeded();  // the store has answered
      return outcome;
    }
    const bool waits_for_operator = error.kind == ErrorKind::denied || error.kind == ErrorKind::no_space;
    if (waits_for_operator && !policy_.waits_for_operator) return outcome;
    if (policy_.tries && pace.tries() + 1 >= *policy_.tries) return outcome;
    outage_.failed(name, error, hurry_.stop_requested());
    refusals = error.is_refusal ? refusals + 1 : 0;
    if (refusals >= kRefusalTries) {
      return Error{ErrorKind::invalid,
                   fmt::format("the store has refused it {} times: {}", refusals, error.message)};
    }
    const bool others_succeed = outage_.successes() > successes_before;
    if (!waits_for_operator && others_succeed && pace.tries() + 1 >= kTriesWhileOthersSucceed) return outcome;
    if (!pace.wait(error, deadline))
      return Error{ErrorKind::cancelled, fmt::format("given up at the deadline; last: {}", error.message)};
    // A refusal may be a bucket that is not there: deleted since, or not to be looked for when it was. If
    // this fails, so does the call, which says why.
    if (error.kind == ErrorKind::denied) (void)store_->ensure_bucket(deadline);
  }
}

Result<void> RetryingStore::ensure_bucket(const Deadline& deadline) {
  return until_it_passes("ensure_bucket", &Store::ensure_bucket, deadline);
}

Result<StoredObject> RetryingStore::put(const std::string& key, const Body& body,
                                        std::string_view content_type, const Deadline& deadline) {
  return until_it_passes("put", &Store::put, deadline, key, body, content_type);
}

Result<StoredObject> RetryingStore::replace(const std::string& key, const std::optional<StoredObject>& before,
                                            const Body& body, std::string_view content_type,
                                            const Deadline& deadline) {
  return until_it_passes("put", &Store::replace, deadline, key, before, body, content_type);
}

Result<StoredObject> RetryingStore::extend(const std::string& key, const StoredObject& stored,
                                           const Body& whole, std::string_view content_type,
                                           const Deadline& deadline) {
  return until_it_passes("extend", &Store::extend, deadline, key, stored, whole, content_type);
}

Result<StoredObject> RetryingStore::copy(const std::string& from, const StoredObject& expected,
                                         const std::string& to, const Deadline& deadline) {
  return until_it_passes("copy", &Store::copy, deadline, from, expected, to);
}

Result<std::optional<StoredObject>> RetryingStore::stat(const std::string& key, const Deadline& deadline) {
  return until_it_passes("stat", &Store::stat, deadline, key);
}

Result<ListPage> RetryingStore::list(const std::string& prefix, const std::string& cursor,
                                     const Deadline& deadline) {
  return until_it_passes("list", &Store::list, deadline, prefix, cursor);
}

Result<std::string> RetryingStore::get(const std::string& key, uint64_t offset, uint64_t length,
                                       const Deadline& deadline) {
  return until_it_passes("get", &Store::get, deadline, key, offset, length);
}

Result<void> RetryingStore::remove(const std::string& key, const Deadline& deadline) {
  return until_it_passes("remove", &Store::remove, deadline, key);
}

Result<void> RetryingStore::abort_unfinished_uploads(const std::string& prefix, const Deadline& deadline) {
  return until_it_passes("abort_unfinished_uploads", &Store::abort_unfinished_uploads, deadline, prefix);
}

Result<void> RetryingStore::survey(const std::string& prefix, SurveyUse use, const Deadline& deadline) {
  return until_it_passes("survey", &Store::survey, deadline, prefix, use);
}

Result<std::vector<std::string>> RetryingStore::bucket_warnings(const Deadline& deadline) {
  return until_it_passes("remarks", &Store::bucket_warnings, deadline);
}

}  // namespace rayhistory
