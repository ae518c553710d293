#include "historyserver/sessions/reading_store.h"

#include "store/retry_pace.h"

namespace rayhistory::historyserver {
namespace {

// With the waits of retry_pace.h some 0.7 s on the average.
constexpr int kTries = 4;

Error refused() {
  return Error{ErrorKind::unsupported, "the History Server writes nothing"};
}

}  // namespace

template <typename Call>
auto ReadingStore::repeated(const Deadline& deadline, const Call& call) const -> decltype(call()) {
  return repeat_while_passing(clock_, deadline, call, kTries);
}

Result<std::optional<StoredObject>> ReadingStore::stat(const std::string& key, const Deadline& deadline) {
  return repeated(deadline, [&] { return store_->stat(key, deadline); });
}

Result<ListPage> ReadingStore::list(const std::string& prefix, const std::string& cursor,
                                    const Deadline& deadline) {
  return repeated(deadline, [&] { return store_->list(prefix, cursor, deadline); });
}

Result<std::string> ReadingStore::get(const std::string& key, uint64_t offset, uint64_t length,
                                      const Deadline& deadline) {
  return repeated(deadline, [&] { return store_->get(key, offset, length, deadline); });
}

Result<StoredObject> ReadingStore::put(const std::string&, const Body&, std::string_view, const Deadline&) {
  return refused();
}
Result<StoredObject> ReadingStore::replace(const std::string&, const std::optional<StoredObject>&,
                                           const Body&, std::string_view, const Deadline&) {
  return refused();
}
Result<StoredObject> ReadingStore::extend(const std::string&, const StoredObject&, const Body&,
                                          std::string_view, const Deadline&) {
  return refused();
}
Result<StoredObject> ReadingStore::copy(const std::string&, const StoredObject&, const std::string&,
                                        const Deadline&) {
  return refused();
}
Result<void> ReadingStore::remove(const std::string&, const Deadline&) {
  return refused();
}
Result<void> ReadingStore::abort_unfinished_uploads(const std::string&, const Deadline&) {
  return refused();
}
Result<void> ReadingStore::survey(const std::string& prefix, SurveyUse use, const Deadline& deadline) {
  if (use == SurveyUse::write) return refused();
  return store_->survey(prefix, use, deadline);
}

}  // namespace rayhistory::historyserver
