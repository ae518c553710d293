#include "journal/sealed_journals.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/shared_path.h"
#include "journal/gzip_file.h"
#include "journal/journal_file.h"

namespace rayhistory::collector {
namespace {

// Tries to compress a file, a tick apart, before it is shipped as it is.
constexpr int kCompressTries = 3;

Result<void> truncate_file(const SharedPath& path, uint64_t size) {
  TRY_ASSIGN(File file, open_for_writing(path));
  return file.truncate(size);
}

}  // namespace

void SealedJournals::add(SealedJournal sealed) {
  if (!sealed.is_known()) {
    waiting_.push_back(std::move(sealed));
  } else if (sealed.compress) {
    to_compress_.push_back(std::move(sealed));
  } else {
    offer(std::move(sealed));
  }
}

void SealedJournals::resolve_waiting() {
  std::vector<SealedJournal> waiting = std::exchange(waiting_, {});
  for (SealedJournal& sealed : waiting) {
    if (const Result<void> named = give_known_name(sealed); !named) {
      log_warning("an event journal cannot be given its name, and waits", {{"error", named.error().message}});
    }
    add(std::move(sealed));
  }
}

// Does nothing as long as session and node are not both known.
Result<void> SealedJournals::give_known_name(SealedJournal& sealed) {
  SessionNodes& nodes = shared_->nodes;
  const std::optional<SessionName> session =
      sealed.session == unknown_session() ? nodes.running_session() : std::optional(sealed.session);
  if (!session) return {};
  const std::optional<NodeId> node =
      sealed.name.node == unknown_node() ? nodes.node_of(*session) : std::optional(sealed.name.node);
  if (!node) return {};

  JournalName name = sealed.name;
  name.node = *node;
  name = shared_->free_name(*session, name);
  const SharedPath from = sealed.path;
  const SharedPath to = shared_->folder.file(*session, name).with_suffix(sealed.gzip ? ".gz" : "");
  TRY(make_folders(to.parent()));
  TRY(rename_file(from, to));
  sealed.session = *session;
  sealed.name = name;
  sealed.path = to;
  remove_empty_folders(from.parent(), shared_->folder.root());
  return sync_folder(to.parent());
}

void SealedJournals::offer(SealedJournal sealed) {
  Shipment final = shared_->shipment(sealed.session, sealed.name, sealed.gzip);
  final.path = sealed.path;
  final.identity = sealed.identity;
  final.size = sealed.size;
  final.final = true;
  final.on_stored = [weak = weak_from_this(), sealed = std::move(sealed)] {
    if (const auto self = weak.lock()) self->stored(sealed);
  };
  shared_->consumer.offer(std::move(final));
}

void SealedJournals::stored(const SealedJournal& sealed) {
  remember_before_removing(sealed);
  const std::lock_guard lock(shared_->mutex);
  if (const Result<void> removed = remove_file(sealed.path); !removed) {
    log_warning("a stored event journal stays on the disk, and will be stored again at the next start",
                {{"error", removed.error().message}});
    return;
  }
  shared_->budget.remove(sealed.size);
  remove_empty_folders(sealed.path.parent(), shared_->folder.root());
}

void SealedJournals::remember_before_removing(const SealedJournal& sealed) {
  const std::lock_guard one_writer(save_mutex_);
  std::optional<RememberedEvents::Unsaved> unsaved;
  {
    const std::lock_guard lock(shared_->mutex);
    unsaved = shared_->remembered.unsaved(sealed.last_id);
  }
  if (!unsaved) return;
  if (const Result<void> saved = shared_->remembered.save(*unsaved); !saved) {
    // The file goes all the same: a full disk is the likeliest reason, and removing it is the cure.
    log_warning("event IDs are not saved: after a crash now, a batch that is sent again may be stored twice",
                {{"error", saved.error().message}});
    return;
  }
  const std::lock_guard lock(shared_->mutex);
  shared_->remembered.set_saved(*unsaved);
}

void SealedJournals::compress() {
  const std::lock_guard one_at_a_time(compress_mutex_);
  std::deque<SealedJournal> files;
  {
    const std::lock_guard lock(shared_->mutex);
    files = to_compress_;  // they stay in the backlog until done
  }
  for (SealedJournal& sealed : files) {
    if (shared_->cancelled) return;
    compress(std::move(sealed));
  }
}

void SealedJournals::compress(SealedJournal sealed) {
  const SharedPath plain_path = sealed.path;
  const SharedPath gzip_path = plain_path.with_suffix(".gz");
  const auto make_compressed = [&]() -> Result<FileStatus> {
    TRY(gzip_file(plain_path, sealed.size, gzip_path, shared_->cancelled));
    remember_before_removing(sealed);
    // Only one of the two may ever be stored, so the compressed one counts when the plain one is gone.
    if (Result<void> removed = remove_file(plain_path); !removed) {
      (void)remove_file(gzip_path);
      return std::move(removed).error();
    }
    return status_of(gzip_path);
  };
  const Result<FileStatus> compressed = make_compressed();
  if (!compressed && compressed.error().kind == ErrorKind::cancelled) return;

  const std::lock_guard lock(shared_->mutex);
  const auto entry = std::find_if(to_compress_.begin(), to_compress_.end(),
                                  [&](const SealedJournal& file) { return file.path == plain_path; });
  CHECK(entry != to_compress_.end());
  if (!compressed) {
    const bool last_try = ++entry->compress_failures == kCompressTries;
    log_warning(last_try ? "an event journal cannot be compressed, and is stored as it is"
                         : "an event journal cannot be compressed; trying again",
                {{"error", compressed.error().message}});
    if (!last_try) return;
    // Nothing was ever offered under its plain key, so it is still stored once.
    to_compress_.erase(entry);
    offer(std::move(sealed));
    return;
  }
  to_compress_.erase(entry);
  shared_->budget.add(compressed->size);
  shared_->budget.remove(sealed.size);
  sealed.gzip = true;
  sealed.path = gzip_path;
  sealed.identity = compressed->identity;
  sealed.size = compressed->size;
  offer(std::move(sealed));
}

void SealedJournals::take_up(const FoundJournals& found) {
  for (const FoundJournal& journal : found.plain) {
    if (!is_superseded(journal)) take_up_plain(journal);
  }
  for (const FoundJournal& journal : found.compressed) {
    const Result<FileStatus> status = status_of(journal.path);
    if (status) take_up_sealed(journal, status->size);  // else it was not whole, and removed above
  }
  {
    const std::lock_guard lock(shared_->mutex);
    resolve_waiting();
  }
  if (!found.plain.empty() || !found.compressed.empty()) {
    log_info("event journals of an earlier run are taken up",
             {{"files", found.plain.size() + found.compressed.size()}, {"bytes", found.bytes}});
  }
}

// Whether the plain file is only left over beside its compressed form, and so removed. Where that form is not
// whole it is the one that goes.
bool SealedJournals::is_superseded(const FoundJournal& journal) {
  const SharedPath gzip_path = journal.path.with_suffix(".gz");
  const Result<FileStatus> gzip = status_of(gzip_path);
  if (!gzip || gzip->type != FileType::regular) return false;
  const Result<bool> whole = is_whole_gzip(gzip_path, shared_->cancelled);
  const bool superseded = whole && *whole;
  if (const Result<void> removed = remove_file(superseded ? journal.path : gzip_path); !removed) {
    log_warning(
        "of an event journal and its compressed form, one cannot be removed: both wait for the next start",
        {{"error", removed.error().message}});
    return true;
  }
  shared_->budget.remove(superseded ? journal.status.size : gzip->size);
  return superseded;
}

void SealedJournals::take_up_plain(const FoundJournal& journal) {
  Result<uint64_t> size = size_of_whole_lines(journal.path, journal.status.size);
  if (!size) {
    log_warning("an event journal of an earlier run cannot be read, and stays where it is",
                {{"error", size.error().message}});
    return;
  }
  shared_->budget.remove(journal.status.size - *size);
  if (*size > 0) {
    // The size alone keeps the torn line from being stored: cutting it away only frees the disk.
    if (*size < journal.status.size) (void)truncate_file(journal.path, *size);
    take_up_sealed(journal, *size);
  } else if (const Result<void> removed = remove_file(journal.path); removed) {
    const std::lock_guard lock(shared_->mutex);
    remove_empty_folders(journal.path.parent(), shared_->folder.root());
  }
}

void SealedJournals::take_up_sealed(const FoundJournal& journal, uint64_t size) {
  const std::lock_guard lock(shared_->mutex);
  // Never compressed now: part of a plain file may be in the store already, under its plain key.
  add({.session = journal.found.session,
       .name = journal.found.name,
       .gzip = journal.found.gzip,
       .path = journal.path,
       .identity = journal.status.identity,
       .size = size,
       .last_id = shared_->remembered.ids().latest(),
       .compress = false,
       .compress_failures = 0});
}

void SealedJournals::add_to(JournalBacklog& backlog) const {
  const int64_t now = shared_->clock.unix_nanoseconds();
  for (const SealedJournal& file : waiting_)
    backlog.add_waiting(file.size, Nanoseconds(now - file.name.opened_nanoseconds));
  for (const SealedJournal& file : to_compress_)
    backlog.add_uncompressed(file.size, Nanoseconds(now - file.name.opened_nanoseconds));
}

}  // namespace rayhistory::collector
