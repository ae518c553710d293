#include "testing/memory_store.h"

#include <utility>

namespace rayhistory {
namespace {

Error no_such_object(const std::string& key) {
  return Error{ErrorKind::not_found, "no object " + key + " in memory"};
}

}  // namespace

StoredObject MemoryStore::Object::written() const {
  return {content.size(), "v" + std::to_string(version)};
}

StoredObject MemoryStore::Object::seen() const {
  StoredObject object = written();
  object.modified_nanoseconds = modified_nanoseconds;
  return object;
}

void MemoryStore::fail_next(int count, Error error, std::optional<StoreCall> only) {
  const std::lock_guard lock(mutex_);
  faults_.push_back({only, count, std::move(error)});
}

void MemoryStore::fail_always(Error error, std::optional<StoreCall> only) {
  fail_next(-1, std::move(error), only);
}

void MemoryStore::lose_responses(int count, std::optional<StoreCall> only) {
  const std::lock_guard lock(mutex_);
  faults_.push_back({only, count, std::nullopt});
}

void MemoryStore::recover() {
  const std::lock_guard lock(mutex_);
  faults_.clear();
}

void MemoryStore::before_each_call(std::function<void(StoreCall, const std::string&)> hook) {
  const std::lock_guard lock(mutex_);
  hook_ = std::move(hook);
}

uint64_t MemoryStore::calls(StoreCall call) const {
  const std::lock_guard lock(mutex_);
  return calls_[static_cast<size_t>(call)];
}

uint64_t MemoryStore::bytes_sent() const {
  const std::lock_guard lock(mutex_);
  return bytes_sent_;
}

std::vector<std::string> MemoryStore::keys() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> keys;
  for (const auto& [key, object] : objects_)
    keys.push_back(key);
  return keys;
}

std::optional<std::string> MemoryStore::content(const std::string& key) const {
  const std::lock_guard lock(mutex_);
  const auto found = objects_.find(key);
  if (found == objects_.end()) return std::nullopt;
  return found->second.content;
}

std::optional<std::string> MemoryStore::content_type(const std::string& key) const {
  const std::lock_guard lock(mutex_);
  const auto found = objects_.find(key);
  if (found == objects_.end()) return std::nullopt;
  return found->second.content_type;
}

void MemoryStore::set(const std::string& key, std::string content) {
  const std::lock_guard lock(mutex_);
  write(key, std::move(content), kTextContent);
}

void MemoryStore::set_bucket_warnings(std::vector<std::string> bucket_warnings) {
  const std::lock_guard lock(mutex_);
  bucket_warnings_ = std::move(bucket_warnings);
}

Result<void> MemoryStore::begin(StoreCall call, const std::string& key, const Deadline& deadline) {
  std::function<void(StoreCall, const std::string&)> hook;
  {
    const std::lock_guard lock(mutex_);
    ++calls_[static_cast<size_t>(call)];
    hook = hook_;
  }
  if (hook) hook(call, key);
  if (deadline.stop().stop_requested()) return Error{ErrorKind::cancelled, "stop was requested"};
  const std::lock_guard lock(mutex_);
  if (std::optional<Fault> fault = take_fault(call, false)) return *std::move(fault->error);
  return {};
}

std::optional<MemoryStore::Fault> MemoryStore::take_fault(StoreCall call, bool lost_response) {
  for (auto fault = faults_.begin(); fault != faults_.end(); ++fault) {
    if (fault->error.has_value() == lost_response || (fault->only && *fault->only != call)) continue;
    Fault taken = *fault;
    if (fault->left > 0 && --fault->left == 0) faults_.erase(fault);
    return taken;
  }
  return std::nullopt;
}

Result<StoredObject> MemoryStore::written(StoreCall call, const std::string& key) {
  if (take_fault(call, true))
    return Error{ErrorKind::unknown_outcome, "the answer about " + key + " was lost"};
  return objects_.at(key).written();
}

MemoryStore::Object& MemoryStore::write(const std::string& key, std::string content,
                                        std::string_view content_type) {
  Object& object = objects_[key];
  constexpr int64_t kSecond = 1'000'000'000;
  const int64_t now = clock_.unix_nanoseconds();
  object = {std::move(content), std::string(content_type), ++last_version_,
            now - now % kSecond + (kSecond - 1)};
  return object;
}

Result<void> MemoryStore::ensure_bucket(const Deadline& deadline) {
  return begin(StoreCall::ensure_bucket, "", deadline);
}

Result<StoredObject> MemoryStore::put(const std::string& key, const Body& body, std::string_view content_type,
                                      const Deadline& deadline) {
  TRY(begin(StoreCall::put, key, deadline));
  std::string content(body.size(), '\0');
  TRY(body.read_at(0, content));
  const std::lock_guard lock(mutex_);
  bytes_sent_ += content.size();
  write(key, std::move(content), content_type);
  return written(StoreCall::put, key);
}

Result<StoredObject> MemoryStore::replace(const std::string& key, const std::optional<StoredObject>& before,
                                          const Body& body, std::string_view content_type,
                                          const Deadline& deadline) {
  TRY(begin(StoreCall::put, key, deadline));
  std::string content(body.size(), '\0');
  TRY(body.read_at(0, content));
  const std::lock_guard lock(mutex_);
  const auto found = objects_.find(key);
  const std::optional<StoredObject> there =
      found == objects_.end() ? std::nullopt : std::optional(found->second.written());
  if (there != before) return Error{ErrorKind::exists, key + " is not what it was when it was replaced"};
  bytes_sent_ += content.size();
  write(key, std::move(content), content_type);
  return written(StoreCall::put, key);
}

Result<StoredObject> MemoryStore::extend(const std::string& key, const StoredObject& stored,
                                         const Body& whole, std::string_view content_type,
                                         const Deadline& deadline) {
  CHECK(0 < stored.size && stored.size <= whole.size());
  TRY(begin(StoreCall::extend, key, deadline));
  std::string tail(whole.size() - stored.size, '\0');
  TRY(whole.read_at(stored.size, tail));
  const std::lock_guard lock(mutex_);
  const auto found = objects_.find(key);
  if (found == objects_.end() || found->second.written() != stored)
    return Error{ErrorKind::exists, key + " is not what it was when it was extended"};
  bytes_sent_ += tail.size();
  write(key, found->second.content + tail, content_type);
  return written(StoreCall::extend, key);
}

Result<StoredObject> MemoryStore::copy(const std::string& from, const StoredObject& expected,
                                       const std::string& to, const Deadline& deadline) {
  TRY(begin(StoreCall::copy, from, deadline));
  const std::lock_guard lock(mutex_);
  const auto found = objects_.find(from);
  if (found == objects_.end()) return no_such_object(from);
  if (found->second.written() != expected) return Error{ErrorKind::exists, from + " has changed"};
  write(to, found->second.content, found->second.content_type);
  return written(StoreCall::copy, to);
}

Result<std::optional<StoredObject>> MemoryStore::stat(const std::string& key, const Deadline& deadline) {
  TRY(begin(StoreCall::stat, key, deadline));
  const std::lock_guard lock(mutex_);
  const auto found = objects_.find(key);
  if (found == objects_.end()) return std::optional<StoredObject>();
  return std::optional(found->second.seen());
}

Result<ListPage> MemoryStore::list(const std::string& prefix, const std::string& after,
                                   const Deadline& deadline) {
  TRY(begin(StoreCall::list, prefix, deadline));
  const std::lock_guard lock(mutex_);
  ListPage page;
  auto next = after < prefix ? objects_.lower_bound(prefix) : objects_.upper_bound(after);
  for (; next != objects_.end() && next->first.starts_with(prefix); ++next) {
    if (page.objects.size() == page_size_) {
      page.next = page.objects.back().key;
      break;
    }
    page.objects.push_back({next->first, next->second.seen()});
  }
  return page;
}

Result<std::string> MemoryStore::get(const std::string& key, uint64_t offset, uint64_t length,
                                     const Deadline& deadline) {
  TRY(begin(StoreCall::get, key, deadline));
  const std::lock_guard lock(mutex_);
  const auto found = objects_.find(key);
  if (found == objects_.end()) return no_such_object(key);
  const std::string& content = found->second.content;
  if (offset >= content.size()) return std::string();
  return content.substr(offset, length);
}

Result<void> MemoryStore::remove(const std::string& key, const Deadline& deadline) {
  TRY(begin(StoreCall::remove, key, deadline));
  const std::lock_guard lock(mutex_);
  objects_.erase(key);
  return {};
}

Result<void> MemoryStore::abort_unfinished_uploads(const std::string& prefix, const Deadline& deadline) {
  return begin(StoreCall::abort_unfinished_uploads, prefix, deadline);
}

Result<std::vector<std::string>> MemoryStore::bucket_warnings(const Deadline& deadline) {
  TRY(begin(StoreCall::bucket_warnings, "", deadline));
  const std::lock_guard lock(mutex_);
  return bucket_warnings_;
}

}  // namespace rayhistory
