#include "shipper/upload.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "base/check.h"
#include "base/file.h"
#include "base/shared_path.h"
#include "base/tail_digest.h"
#include "http/body.h"

namespace rayhistory::collector {
namespace {

// How much of an object's end is compared with the file to tell whether it is a prefix of it. Log lines carry
// times and IDs, so two generations of a log that agree in 4 KiB at the same place do not occur; and
// comparing thousands of files after a restart stays cheap.
constexpr uint64_t kCompareBytes = 4096;

TaskResult done(StoredObject object) {
  return {Outcome::done, std::move(object), std::nullopt};
}
TaskResult different() {
  return {Outcome::different, {}, std::nullopt};
}
TaskResult file_moved() {
  return {Outcome::file_moved, {}, std::nullopt};
}
TaskResult failed(Error error) {
  return {Outcome::failed, {}, std::move(error)};
}

TaskResult list_prefix(const std::string& prefix, Store& store,
                       const std::function<void(ListedObject)>& found, const Deadline& deadline) {
  if (auto ready = store.ensure_bucket(deadline); !ready) return failed(std::move(ready).error());
  if (auto aborted = store.abort_unfinished_uploads(prefix, deadline); !aborted)
    return failed(std::move(aborted).error());
  std::string cursor;
  do {
    auto page = store.list(prefix, cursor, deadline);
    if (!page) return failed(std::move(page).error());
    for (ListedObject& object : page->objects)
      found(std::move(object));
    cursor = std::move(page->next);
  } while (!cursor.empty());
  return done({});
}

// What was offered of a file, and nothing else. Between the offer and the reading, which a store that is away
// keeps waiting, copytruncate may have put the next generation's bytes where the offered ones were.
class OfferedBytes final : public Body {
 public:
  OfferedBytes(const std::shared_ptr<const File>& file, const Shipment& shipment)
      : file_(file), bytes_(file, shipment.size), tail_(shipment.tail) {}

  uint64_t size() const override { return bytes_.size(); }

  Result<void> read_at(uint64_t offset, std::span<char> buffer) const override {
    Result<void> read = bytes_.read_at(offset, buffer);
    // Looked at afterwards: as long as the last bytes are the offered ones, those read before them were, too.
    if (read && is_there()) return {};
    replaced_ = true;
    return read ? Error{ErrorKind::invalid, file_->path() + ": written anew while it was read"}
                : std::move(read);
  }

  // Some reading has failed for it.
  bool were_replaced() const { return replaced_; }

 private:
  bool is_there() const {
    if (!tail_) return true;
    const Result<uint64_t> tail = tail_digest(*file_, size());
    return tail && *tail == *tail_;
  }

  const std::shared_ptr<const File> file_;
  const FileBody bytes_;
  const std::optional<uint64_t> tail_;
  mutable std::atomic<bool> replaced_ = false;
};

// The file, if it is still the one that was offered and as long.
Result<std::shared_ptr<const File>> open_file(const Shipment& shipment) {
  if (shipment.held_open) return shipment.held_open;
  TRY_ASSIGN(File file, open_for_reading(shipment.path));
  TRY_ASSIGN(const FileStatus status, file.status());
  if (status.identity != shipment.identity || status.size < shipment.size)
    return Error{ErrorKind::not_found, shipment.path.str() + ": another file than before"};
  return std::make_shared<const File>(std::move(file));
}

TaskResult compare(const Task& task, const OfferedBytes& body, Store& store, const Deadline& deadline) {
  const uint64_t size = task.stored.size;
  CHECK(size <= body.size());
  const uint64_t length = std::min(size, kCompareBytes);
  auto theirs = store.get(task.other_key, size - length, length, deadline);
  if (!theirs && theirs.error().kind == ErrorKind::not_found) return different();
  if (!theirs) return failed(std::move(theirs).error());
  std::string ours(length, '\0');
  if (auto read = body.read_at(size - length, ours); !read) return file_moved();
  return ours == *theirs ? done({}) : different();
}

// Whether the end of the object at `key` is at the same place in the one at `other_key`.
TaskResult compare_kept(const Task& task, Store& store, const Deadline& deadline) {
  const uint64_t length = std::min(task.stored.size, kCompareBytes);
  auto ours = store.get(task.key, task.stored.size - length, length, deadline);
  if (!ours && ours.error().kind == ErrorKind::not_found) return different();
  if (!ours) return failed(std::move(ours).error());
  auto theirs = store.get(task.other_key, task.stored.size - length, length, deadline);
  if (!theirs && theirs.error().kind == ErrorKind::not_found) return different();
  if (!theirs) return failed(std::move(theirs).error());
  return *ours == *theirs ? done(task.stored) : different();
}

TaskResult look(const Task& task, Store& store, const Deadline& deadline) {
  auto object = store.stat(task.other_key.empty() ? task.key : task.other_key, deadline);
  if (!object) return failed(std::move(object).error());
  return *object ? done(std::move(**object)) : different();
}

TaskResult outcome_of(Result<StoredObject> result) {
  if (result) return done(std::move(*result));
  const ErrorKind kind = result.error().kind;
  if (kind == ErrorKind::exists || kind == ErrorKind::not_found)
    return {Outcome::different, {}, std::move(result).error()};
  return failed(std::move(result).error());
}

TaskResult put(const Task& task, const Body& body, Store& store, const Deadline& deadline) {
  const std::string_view type = task.shipment.content_type;
  if (task.replaces_anything) return outcome_of(store.put(task.key, body, type, deadline));
  const auto before = task.stored == StoredObject{} ? std::nullopt : std::optional(task.stored);
  return outcome_of(store.replace(task.key, before, body, type, deadline));
}

// A write that failed because the file was replaced while the store read it says so.
TaskResult unless_replaced(TaskResult result, const OfferedBytes& body) {
  return result.outcome != Outcome::done && body.were_replaced() ? file_moved() : std::move(result);
}

// compare, complete, put and extend, which read the shipment's file.
TaskResult perform_with_file(const Task& task, Store& store, const Deadline& deadline) {
  if (!task.shipment.has_file()) return put(task, MemoryBody(""), store, deadline);
  auto file = open_file(task.shipment);
  if (!file && file.error().kind == ErrorKind::not_found) return file_moved();
  if (!file) return failed(std::move(file).error());
  const OfferedBytes body(*file, task.shipment);
  if (task.step == Task::Step::compare) return compare(task, body, store, deadline);
  if (task.step == Task::Step::put) return unless_replaced(put(task, body, store, deadline), body);
  const std::string& key = task.step == Task::Step::complete ? task.other_key : task.key;
  return unless_replaced(
      outcome_of(store.extend(key, task.stored, body, task.shipment.content_type, deadline)), body);
}

}  // namespace

TaskResult perform(const Task& task, Store& store, const std::function<void(ListedObject)>& found,
                   const Deadline& deadline) {
  using Step = Task::Step;
  switch (task.step) {
    case Step::list_prefix:
      return list_prefix(task.key, store, found, deadline);
    case Step::compare_kept:
      return compare_kept(task, store, deadline);
    case Step::look:
      return look(task, store, deadline);
    case Step::claim:
      return outcome_of(store.copy(task.other_key, task.stored, task.key, deadline));
    case Step::preserve:
      return outcome_of(store.copy(task.key, task.stored, task.other_key, deadline));
    case Step::report_stored:
    case Step::report_ended:
      task.shipment.on_stored();
      return done(task.stored);
    case Step::compare:
    case Step::complete:
    case Step::put:
    case Step::extend:
      return perform_with_file(task, store, deadline);
  }
  UNREACHABLE("every step returns above");
}

}  // namespace rayhistory::collector
