#include "journal/growing_journals.h"

#include <sys/resource.h>

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/shared_path.h"

namespace rayhistory::collector {
namespace {

// How many files keep their descriptors open; the others are opened again when something comes for them. At
// most a quarter of what the process may have: the rest is for logs, connections and the store.
constexpr size_t kDescriptorsLimit = 256;
constexpr uint64_t kDescriptorsShare = 4;

size_t descriptors_limit() {
  struct rlimit limit {};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return kDescriptorsLimit;
  return std::clamp<size_t>(limit.rlim_cur / kDescriptorsShare, 1, kDescriptorsLimit);
}

}  // namespace

GrowingJournals::GrowingJournals(JournalShared& shared, SealedJournals& sealed, uint64_t max_file_bytes)
    : shared_(shared),
      sealed_(sealed),
      max_file_bytes_(max_file_bytes),
      descriptors_limit_(descriptors_limit()) {}

Result<GrowingJournals::File> GrowingJournals::file_for(const JournalPlace& place,
                                                        std::set<SharedPath>& folders_to_sync) {
  const auto known = by_place_.find(place);
  // An event must not be acknowledged that lies in a file which nobody can open any more.
  if (known == by_place_.end() || forget_if_vanished(known->second))
    return new_file_for(place, folders_to_sync);
  files_.splice(files_.end(), files_, known->second);
  return known->second;
}

Result<GrowingJournals::File> GrowingJournals::new_file_for(const JournalPlace& place,
                                                            std::set<SharedPath>& folders_to_sync) {
  const int64_t opened = shared_.remembered.next_opened(shared_.clock.unix_nanoseconds());
  const JournalName name = shared_.free_name(place.session, {place.kind, place.job, place.node, opened});
  TRY_ASSIGN(JournalFile file,
             JournalFile::create(shared_.folder.file(place.session, name), folders_to_sync));
  shared_.remembered.set_opened(name.opened_nanoseconds);
  files_.push_back({place, name.opened_nanoseconds, shared_.clock.steady_now(), std::move(file), 0, 0});
  const File added = std::prev(files_.end());
  by_place_.emplace(place, added);
  return added;
}

Result<void> GrowingJournals::write(const BatchPlan& plan) {
  std::vector<File> files;
  if (Result<void> written = write_and_sync(plan, files); !written) {
    undo(files);
    return written;
  }
  commit(plan, files);
  keep_limits();
  return {};
}

// On failure `files` are those that have to be undone.
Result<void> GrowingJournals::write_and_sync(const BatchPlan& plan, std::vector<File>& files) {
  // As many as may have their descriptors open at a time are written, then synced, then the next.
  files.reserve(plan.groups().size());
  std::set<SharedPath> folders_to_sync;
  auto group = plan.groups().begin();
  while (group != plan.groups().end()) {
    const size_t first = files.size();
    for (; group != plan.groups().end() && files.size() - first < descriptors_limit_; ++group) {
      TRY_ASSIGN(const File file, file_for(group->place, folders_to_sync));
      if (Result<void> written = file->file.write(group->pieces, group->bytes); !written) {
        retire(file);
        return written;
      }
      files.push_back(file);
    }
    for (size_t i = first; i < files.size(); ++i) {
      const SteadyTime start = shared_.clock.steady_now();
      Result<void> synced = files[i]->file.sync();
      sync_times_.add(shared_.clock.steady_now() - start);
      if (!synced) {
        // What the kernel did with this file's pages is not known: it gets no more events.
        const File broken = files[i];
        files.erase(files.begin() + static_cast<std::ptrdiff_t>(i));
        retire(broken);
        return synced;
      }
    }
    const bool more = group != plan.groups().end();
    for (size_t i = first; more && i < files.size(); ++i)
      files[i]->file.release_descriptor();
  }
  // Once each, and not once for each new file in it: a batch may bring a thousand new jobs.
  for (const SharedPath& folder : folders_to_sync)
    TRY(sync_folder(folder));
  return {};
}

void GrowingJournals::commit(const BatchPlan& plan, const std::vector<File>& files) {
  EventIdMemory& ids = shared_.remembered.ids();
  for (const EventIdHash& id : plan.ids())
    ids.remember(id);
  for (const File file : files) {
    file->file.commit();
    file->last_id = ids.latest();
    update_budget(*file);
  }
  for (const File file : files) {
    if (file->file.size() >= max_file_bytes_) {
      seal(file);
    } else {
      offer(*file);
    }
  }
}

void GrowingJournals::undo(const std::vector<File>& files) {
  for (const File file : files) {
    if (file->file.size() == 0 || !file->file.undo()) {
      retire(file);
    } else {
      update_budget(*file);
    }
  }
}

// It counts what is on the disk, the room of files that grow with it.
void GrowingJournals::update_budget(GrowingJournal& growing) {
  const uint64_t before = std::exchange(growing.budgeted_bytes, growing.file.disk_bytes());
  if (growing.budgeted_bytes > before) {
    shared_.budget.add(growing.budgeted_bytes - before);
  } else {
    shared_.budget.remove(before - growing.budgeted_bytes);
  }
}

// Ends a file that must not be written to again: what counted of it is shipped, and where nothing did it
// goes.
void GrowingJournals::retire(File file) {
  const Result<void> undone = file->file.undo();
  if (forget_if_vanished(file)) return;
  if (file->file.size() > 0) {
    if (!undone) {
      log_warning("a failed write could not be undone: the file is sealed before it",
                  {{"error", undone.error().message}});
    }
    seal(file);
    return;
  }
  if (const Result<void> removed = remove_file(file->file.path()); !removed) {
    log_warning("an empty event journal stays behind", {{"error", removed.error().message}});
  }
  remove_empty_folders(file->file.path().parent(), shared_.folder.root());
  by_place_.erase(file->place);
  files_.erase(file);
}

void GrowingJournals::keep_limits() {
  while (files_.size() > kLimit)
    seal(files_.begin());
  size_t open = 0;
  // clang 14, which checks and fuzzes this, cannot compile libstdc++'s reverse_view.
  // NOLINTNEXTLINE(modernize-loop-convert)
  for (auto file = files_.rbegin(); file != files_.rend(); ++file) {
    if (file->file.holds_descriptor() && ++open > descriptors_limit_) file->file.release_descriptor();
  }
}

void GrowingJournals::seal_if(const std::function<bool(const GrowingJournal&)>& is_wanted) {
  for (auto file = files_.begin(); file != files_.end();) {
    file = is_wanted(*file) ? seal(file) : std::next(file);
  }
}

GrowingJournals::File GrowingJournals::seal(File file) {
  if (const Result<void> given = file->file.give_room_back(); !given) {
    log_warning("an event journal keeps more of the disk than it needs until it is stored",
                {{"error", given.error().message}});
  }
  shared_.budget.remove(file->budgeted_bytes - file->file.size());
  SealedJournal sealed{.session = file->place.session,
                       .name = file->name(),
                       .gzip = false,
                       .path = file->file.path(),
                       .identity = file->file.identity(),
                       .size = file->file.size(),
                       .last_id = file->last_id,
                       .compress = shared_.compresses(file->place.kind),
                       .compress_failures = 0};
  by_place_.erase(file->place);
  const File next = files_.erase(file);
  sealed_.add(std::move(sealed));
  return next;
}

void GrowingJournals::offer(const GrowingJournal& growing) {
  if (!growing.place.is_known() || shared_.compresses(growing.place.kind)) return;
  Shipment shipment = shared_.shipment(growing.place.session, growing.name(), false);
  shipment.path = growing.file.path();
  shipment.identity = growing.file.identity();
  shipment.size = growing.file.size();
  shared_.consumer.offer(std::move(shipment));
}

void GrowingJournals::forget_vanished() {
  for (auto file = files_.begin(); file != files_.end();)
    forget_if_vanished(file++);
}

bool GrowingJournals::forget_if_vanished(File file) {
  const Result<FileIdentity> identity = file_identity(file->file.path());
  const bool there =
      identity ? *identity == file->file.identity() : identity.error().kind != ErrorKind::not_found;
  if (there) return false;
  log_error("an event journal was removed by somebody else: what the store does not have of it is lost",
            {{"path", file->file.path().str()}, {"bytes", file->file.size()}});
  if (file->place.is_known())
    shared_.consumer.withdraw(shared_.keys.journal(file->place.session, file->name(), false));
  shared_.budget.remove(file->budgeted_bytes);
  by_place_.erase(file->place);
  files_.erase(file);
  return true;
}

void GrowingJournals::add_to(JournalBacklog& backlog) const {
  const int64_t now = shared_.clock.unix_nanoseconds();
  for (const GrowingJournal& growing : files_) {
    const Nanoseconds age(now - growing.opened_nanoseconds);
    if (!growing.place.is_known()) {
      backlog.add_waiting(growing.file.size(), age);
    } else if (shared_.compresses(growing.place.kind)) {
      backlog.add_uncompressed(growing.file.size(), age);
    }
  }
}

}  // namespace rayhistory::collector
