#include "journal/journal.h"

#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <list>
#include <map>
#include <mutex>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/rfc3339.h"
#include "journal/disk_budget.h"
#include "journal/event.h"
#include "journal/event_id_memory.h"
#include "journal/gzip_file.h"
#include "journal/journal_file.h"
#include "journal/recovery.h"
#include "store/store.h"

namespace rayhistory {
namespace {

// Sixteen of the largest batches of Ray's agent; 256 KiB in the file recent_event_ids, 1 MiB in memory.
constexpr size_t kEventIdsKept = 16'384;
// Files that may be unsealed at a time, some 2 kB of memory each with their shipments. A node that runs more
// jobs than this at once gets more, smaller files. Events of one batch for still more files are set aside.
constexpr size_t kUnsealedFilesLimit = 2'048;
// Of these, how many keep their descriptors open; the others are opened again when something comes for them.
// At most a quarter of what the process may have: the rest is for logs, connections and the store.
constexpr size_t kDescriptorsLimit = 256;
constexpr uint64_t kDescriptorsShare = 4;
// Tries to compress a file, a tick apart, before it is shipped as it is.
constexpr int kCompressTries = 3;
// A name that is taken is tried again with the next nanosecond; so many in a row are not taken by chance.
constexpr int kNameTries = 1'000;
// An earlier run's last name is believed up to this far ahead of the clock; further, it was the clock that
// was wrong.
constexpr int64_t kClockStepNanoseconds = int64_t{24} * 3600 * 1'000'000'000;

Result<void> truncate_file(const std::string& path, uint64_t size) {
  TRY_ASSIGN(File file, File::open_for_writing(path));
  return file.truncate(size);
}

size_t descriptors_limit() {
  struct rlimit limit {};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return kDescriptorsLimit;
  return std::clamp<size_t>(limit.rlim_cur / kDescriptorsShare, 1, kDescriptorsLimit);
}

// What decides the file an event goes to.
struct Place {
  SessionName session;
  JournalKind kind;
  std::optional<JobId> job;
  NodeId node;

  bool is_known() const { return session != unknown_session() && node != unknown_node(); }
  friend auto operator<=>(const Place&, const Place&) = default;
};

// A file that takes events.
struct UnsealedFile {
  Place place;
  int64_t opened_nanoseconds = 0;
  SteadyTime opened;
  JournalFile file;
  uint64_t last_id = 0;  // sequence number (event_id_memory.h) that none of its events' IDs is beyond

  JournalName name() const { return {place.kind, place.job, place.node, opened_nanoseconds}; }
};

// A file that takes no more events, and is not stored yet.
struct SealedFile {
  SessionName session;
  JournalName name;
  bool gzip = false;
  std::string path;
  FileIdentity identity;
  uint64_t size = 0;  // to be stored, and in the budget
  uint64_t last_id = 0;
  bool compress = false;  // before it is offered
  int compress_failures = 0;

  bool is_known() const { return session != unknown_session() && name.node != unknown_node(); }
};

// The files of one batch, and the lines for each.
struct Group {
  Place place;
  std::vector<std::string_view> pieces;
  uint64_t bytes = 0;

  void add(std::string_view piece) {
    pieces.push_back(piece);
    bytes += piece.size();
  }
};

}  // namespace

class Journal::State : public std::enable_shared_from_this<Journal::State> {
 public:
  State(JournalFolder folder, ObjectKeys keys, JournalOptions options, const Clock& clock, JournalSink sink,
        NodeOfSession node_of_session);

  Result<BatchOutcome> append(std::string_view body);
  void recover();
  void set_running(const std::optional<SessionName>& session, const std::optional<NodeId>& node);
  void tick();
  void seal_all();
  void cancel() { cancelled_ = true; }
  JournalTotals totals() const;
  JournalBacklog backlog() const;
  JournalBacklog recent_backlog() const;
  bool is_full() const { return under_pressure_; }
  uint64_t disk_bytes() const { return budget_.used_bytes(); }

 private:
  using UnsealedFiles = std::list<UnsealedFile>;  // the one used longest ago first
  class Plan;

  // All of these are called with mutex_ held unless they say otherwise.
  JournalBacklog backlog_now() const;
  void load_event_ids();
  std::optional<NodeId> node_of(const SessionName& session);
  Place place_of_set_aside(const CutBatch& batch);
  Result<UnsealedFiles::iterator> file_for(const Place& place, std::set<std::string>& folders_to_sync);
  Result<UnsealedFiles::iterator> new_file_for(const Place& place, std::set<std::string>& folders_to_sync);
  bool is_name_free(const SessionName& session, const JournalName& name) const;
  JournalName free_name(const SessionName& session, JournalName name) const;

  Result<void> write_plan(const Plan& plan, std::vector<UnsealedFiles::iterator>& files);
  void undo(const std::vector<UnsealedFiles::iterator>& files);
  void retire(UnsealedFiles::iterator file);
  void commit(const Plan& plan, const std::vector<UnsealedFiles::iterator>& files);
  void keep_limits();

  template <typename Wanted>
  void seal_if(Wanted is_wanted);
  UnsealedFiles::iterator seal(UnsealedFiles::iterator file);
  bool forget_if_vanished(UnsealedFiles::iterator file);
  bool compresses(JournalKind kind) const {
    return options_.compression && kind != JournalKind::rejected_events;
  }
  void place_sealed(SealedFile sealed);
  void resolve_waiting();
  Result<void> give_known_name(SealedFile& sealed);
  void offer_growing(const UnsealedFile& unsealed);
  void offer_sealed(SealedFile sealed);
  Shipment shipment(const SessionName& session, const JournalName& name, bool gzip) const;

  // Without mutex_.
  void compress_sealed();
  void compress(SealedFile sealed);
  void stored(const SealedFile& sealed);
  void remember_ids_before_removing(const SealedFile& sealed);
  void recover_plain(const FoundJournal& journal);
  void recover_sealed(const FoundJournal& journal, uint64_t size);
  bool is_superseded(const FoundJournal& journal);
  void watch_pressure();

  const JournalFolder folder_;
  const ObjectKeys keys_;
  const JournalOptions options_;
  const Clock& clock_;
  const JournalSink sink_;
  const NodeOfSession node_of_session_;
  const size_t descriptors_limit_ = descriptors_limit();

  DiskBudget budget_;
  std::atomic<bool> cancelled_{false};
  std::atomic<bool> under_pressure_{false};

  mutable std::mutex mutex_;
  BatchCutter cutter_;
  EventIdMemory ids_{kEventIdsKept};
  uint64_t ids_written_ = 0;  // up to this sequence number they are in recent_event_ids
  std::optional<SessionName> running_session_;
  std::optional<NodeId> running_node_;
  std::map<SessionName, NodeId> nodes_;    // of the sessions that ran here
  std::optional<SessionName> last_named_;  // by a good event
  int64_t last_opened_nanoseconds_ = 0;
  UnsealedFiles unsealed_;
  std::map<Place, UnsealedFiles::iterator> by_place_;
  std::vector<SealedFile> waiting_;  // for their session or node
  std::deque<SealedFile> to_compress_;
  FoundJournals found_;  // until recover() has taken them up

  // Held while a file is compressed, and while recent_event_ids is written: one at a time. Before mutex_.
  std::mutex compress_mutex_;
  std::mutex recent_ids_mutex_;

  DurationHistogram sync_times_;
  mutable std::mutex totals_mutex_;  // guards the next two: a reader must not wait for a disk
  JournalTotals totals_;
  mutable JournalBacklog recent_backlog_;
};

// A batch, sorted by file. Pieces point into the batch and into the plan.
class Journal::State::Plan {
 public:
  Plan(State& state, const CutBatch& batch) : state_(state) {
    for (const CutEvent& event : batch.events)
      add(batch, event);
    for (const SetAsideEvent& event : batch.set_aside)
      add(batch, event);
  }

  const std::deque<Group>& groups() const { return groups_; }
  const std::vector<EventIdHash>& ids() const { return ids_; }
  const BatchOutcome& outcome() const { return outcome_; }

 private:
  bool is_duplicate(const std::optional<EventIdHash>& id) {
    if (!id) return false;
    if (state_.ids_.contains(*id) || !seen_.insert(*id).second) {
      ++outcome_.duplicate;
      return true;
    }
    ids_.push_back(*id);
    return false;
  }

  void add(const CutBatch& batch, const CutEvent& event) {
    if (is_duplicate(event.id)) return;
    Group* group = group_of(batch, event);
    if (group == nullptr) {
      set_aside(batch, event.raw, "its batch has events for too many sessions and jobs");
      return;
    }
    ++outcome_.stored;
    group->add(event.raw);
    group->add("\n");
  }

  void add(const CutBatch& batch, const SetAsideEvent& event) {
    if (!is_duplicate(event.id)) set_aside(batch, event.raw, event.reason);
  }

  // The group of an event's session and job; nullptr when the batch has too many of them.
  Group* group_of(const CutBatch& batch, const CutEvent& event) {
    const uint64_t key = (uint64_t{event.session} << 32) | event.job;
    if (key == last_key_ && last_group_ != nullptr) return last_group_;
    auto known = by_key_.find(key);
    if (known == by_key_.end()) {
      if (groups_.size() >= kUnsealedFilesLimit) return nullptr;
      const SessionName& session = batch.sessions[event.session];
      const bool of_job = event.job != kNoJob;
      groups_.push_back({{session, of_job ? JournalKind::job_events : JournalKind::node_events,
                          of_job ? std::optional(batch.jobs[event.job]) : std::nullopt,
                          state_.node_of(session).value_or(unknown_node())},
                         {},
                         0});
      known = by_key_.emplace(key, &groups_.back()).first;
    }
    last_key_ = key;
    last_group_ = known->second;
    return last_group_;
  }

  void set_aside(const CutBatch& batch, std::string_view raw, std::string_view reason) {
    if (set_aside_ == nullptr) {
      groups_.push_back({state_.place_of_set_aside(batch), {}, 0});
      set_aside_ = &groups_.back();
      between_ = "\",\"receivedAt\":\"" + format_rfc3339_milliseconds(state_.clock_.unix_nanoseconds()) +
                 "\",\"event\":";
    }
    ++outcome_.rejected;
    set_aside_->add("{\"reason\":\"");
    set_aside_->add(reason);
    set_aside_->add(between_);
    set_aside_->add(raw);
    set_aside_->add("}\n");
  }

  State& state_;
  std::deque<Group> groups_;  // a deque: pointers to its elements stay valid
  std::unordered_map<uint64_t, Group*> by_key_;
  uint64_t last_key_ = 0;
  Group* last_group_ = nullptr;
  Group* set_aside_ = nullptr;
  std::string between_;
  std::vector<EventIdHash> ids_;
  std::unordered_set<EventIdHash, EventIdHasher> seen_;
  BatchOutcome outcome_;
};

Journal::State::State(JournalFolder folder, ObjectKeys keys, JournalOptions options, const Clock& clock,
                      JournalSink sink, NodeOfSession node_of_session)
    : folder_(std::move(folder)),
      keys_(std::move(keys)),
      options_(options),
      clock_(clock),
      sink_(std::move(sink)),
      node_of_session_(std::move(node_of_session)),
      budget_(options.max_disk_bytes) {
  const std::lock_guard lock(mutex_);
  found_ = find_journals(folder_);
  budget_.add(found_.bytes);
  load_event_ids();
}

void Journal::State::load_event_ids() {
  const std::string path = recent_event_ids_path(folder_);
  // Twice what a full memory takes: longer is none of ours.
  constexpr uint64_t kRecentIdsBytes = 2 * kEventIdsKept * sizeof(EventIdHash);
  Result<std::string> content = read_file(path, kRecentIdsBytes);
  if (content) {
    const Result<RecentEventIds> recent = decode_recent_event_ids(*content);
    if (recent) {
      for (const EventIdHash& id : recent->ids)
        ids_.remember(id);
      ids_written_ = ids_.latest();
      if (recent->last_opened_nanoseconds < clock_.unix_nanoseconds() + kClockStepNanoseconds) {
        last_opened_nanoseconds_ = recent->last_opened_nanoseconds;
      }
    } else {
      log_warning("event IDs of the earlier run are lost: a batch that is sent again may be stored twice",
                  {{"path", path}, {"error", recent.error().message}});
    }
  } else if (content.error().kind != ErrorKind::not_found) {
    log_warning("event IDs of the earlier run are lost: a batch that is sent again may be stored twice",
                {{"error", content.error().message}});
  }
  for (const EventIdHash& id : last_event_ids(found_, kEventIdsKept))
    ids_.remember(id);
}

// Where events go.

std::optional<NodeId> Journal::State::node_of(const SessionName& session) {
  if (const auto known = nodes_.find(session); known != nodes_.end()) return known->second;
  if (std::optional<NodeId> found = node_of_session_(session)) {
    nodes_.emplace(session, *found);
    return found;
  }
  return running_node_;
}

Place Journal::State::place_of_set_aside(const CutBatch& batch) {
  // An event that is set aside may name no session: it is kept with the one that was running when it came.
  std::optional<SessionName> session = running_session_;
  if (!session && !batch.sessions.empty()) session = batch.sessions.back();
  if (!session) session = last_named_;
  if (!session) return {unknown_session(), JournalKind::rejected_events, std::nullopt, unknown_node()};
  const NodeId node = node_of(*session).value_or(unknown_node());
  return {std::move(*session), JournalKind::rejected_events, std::nullopt, node};
}

Result<Journal::State::UnsealedFiles::iterator> Journal::State::file_for(
    const Place& place, std::set<std::string>& folders_to_sync) {
  const auto known = by_place_.find(place);
  if (known == by_place_.end()) return new_file_for(place, folders_to_sync);
  unsealed_.splice(unsealed_.end(), unsealed_, known->second);
  return known->second;
}

bool Journal::State::is_name_free(const SessionName& session, const JournalName& name) const {
  const std::string path = folder_.file(session, name);
  for (const std::string& taken : {path, path + ".gz"}) {
    const Result<FileStatus> status = status_of(taken);
    if (status || status.error().kind != ErrorKind::not_found) return false;
  }
  return true;
}

JournalName Journal::State::free_name(const SessionName& session, JournalName name) const {
  for (int tries = 0; tries < kNameTries && !is_name_free(session, name); ++tries)
    ++name.opened_nanoseconds;
  return name;
}

Result<Journal::State::UnsealedFiles::iterator> Journal::State::new_file_for(
    const Place& place, std::set<std::string>& folders_to_sync) {
  // Names only go forward: the object of a file that was stored and removed must never be written again under
  // the same key, also when two files are opened in one nanosecond or the wall clock is set back.
  const int64_t opened = std::max(clock_.unix_nanoseconds(), last_opened_nanoseconds_ + 1);
  const JournalName name = free_name(place.session, {place.kind, place.job, place.node, opened});
  TRY_ASSIGN(JournalFile file, JournalFile::create(folder_.file(place.session, name), folders_to_sync));
  last_opened_nanoseconds_ = name.opened_nanoseconds;
  unsealed_.push_back({place, name.opened_nanoseconds, clock_.steady_now(), std::move(file), 0});
  const auto unsealed = std::prev(unsealed_.end());
  by_place_.emplace(place, unsealed);
  return unsealed;
}

// Writing a batch.

Result<BatchOutcome> Journal::State::append(std::string_view body) {
  const bool refused = budget_.refuses(body.size());
  watch_pressure();
  const auto count = [this](uint64_t JournalTotals::*counter) {
    const std::lock_guard lock(totals_mutex_);
    ++totals_.batches;
    ++(totals_.*counter);
  };
  if (refused) {
    count(&JournalTotals::batches_refused_disk_pressure);
    return Error{ErrorKind::no_space, "event journals hold " + std::to_string(budget_.used_bytes()) + " of " +
                                          std::to_string(budget_.limit_bytes()) +
                                          " bytes (--event-max-disk-mb): waiting for the store to take them"};
  }

  const std::lock_guard lock(mutex_);
  Result<const CutBatch*> batch = cutter_.cut(body);
  if (!batch) {
    count(&JournalTotals::batches_refused_malformed);
    return std::move(batch).error();
  }
  const Plan plan(*this, **batch);
  std::vector<UnsealedFiles::iterator> files;
  if (Result<void> written = write_plan(plan, files); !written) {
    undo(files);
    count(&JournalTotals::batches_refused_write_failure);
    return std::move(written).error();
  }
  if (!(*batch)->sessions.empty()) last_named_ = (*batch)->sessions.back();
  commit(plan, files);
  keep_limits();
  return plan.outcome();
}

// On failure `files` are those that have to be undone.
Result<void> Journal::State::write_plan(const Plan& plan, std::vector<UnsealedFiles::iterator>& files) {
  // As many as may have their descriptors open at a time are written, then synced, then the next.
  files.reserve(plan.groups().size());
  std::set<std::string> folders_to_sync;
  auto group = plan.groups().begin();
  while (group != plan.groups().end()) {
    const size_t first = files.size();
    for (; group != plan.groups().end() && files.size() - first < descriptors_limit_; ++group) {
      TRY_ASSIGN(const UnsealedFiles::iterator file, file_for(group->place, folders_to_sync));
      if (Result<void> written = file->file.write(group->pieces, group->bytes); !written) {
        retire(file);
        return written;
      }
      files.push_back(file);
    }
    for (size_t i = first; i < files.size(); ++i) {
      const SteadyTime start = clock_.steady_now();
      Result<void> synced = files[i]->file.sync();
      sync_times_.add(clock_.steady_now() - start);
      if (!synced) {
        // What the kernel did with this file's pages is not known: it gets no more events.
        const UnsealedFiles::iterator broken = files[i];
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
  for (const std::string& folder : folders_to_sync)
    TRY(sync_folder(folder));
  return {};
}

void Journal::State::undo(const std::vector<UnsealedFiles::iterator>& files) {
  for (const UnsealedFiles::iterator file : files) {
    if (file->file.size() == 0 || !file->file.undo()) retire(file);
  }
}

// Ends a file that must not be written to again: what counted of it is shipped, and where nothing did it
// goes.
void Journal::State::retire(UnsealedFiles::iterator file) {
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
  remove_empty_folders(parent_folder(file->file.path()), folder_.root());
  by_place_.erase(file->place);
  unsealed_.erase(file);
}

void Journal::State::commit(const Plan& plan, const std::vector<UnsealedFiles::iterator>& files) {
  for (const EventIdHash& id : plan.ids())
    ids_.remember(id);
  uint64_t bytes = 0;
  for (size_t i = 0; i < files.size(); ++i) {
    files[i]->file.commit();
    files[i]->last_id = ids_.latest();
    bytes += plan.groups()[i].bytes;
  }
  budget_.add(bytes);
  {
    const std::lock_guard lock(totals_mutex_);
    ++totals_.batches;
    totals_.stored += plan.outcome().stored;
    totals_.rejected += plan.outcome().rejected;
    totals_.duplicate += plan.outcome().duplicate;
    totals_.bytes_written += bytes;
  }
  for (const UnsealedFiles::iterator file : files) {
    if (file->file.size() >= options_.max_file_bytes) {
      seal(file);
    } else {
      offer_growing(*file);
    }
  }
}

void Journal::State::keep_limits() {
  while (unsealed_.size() > kUnsealedFilesLimit)
    seal(unsealed_.begin());
  size_t open = 0;
  // clang 14, which checks and fuzzes this, cannot compile libstdc++'s reverse_view.
  // NOLINTNEXTLINE(modernize-loop-convert)
  for (auto file = unsealed_.rbegin(); file != unsealed_.rend(); ++file) {
    if (file->file.holds_descriptor() && ++open > descriptors_limit_) file->file.release_descriptor();
  }
}

// Sealing, and what follows.

template <typename Wanted>
void Journal::State::seal_if(Wanted is_wanted) {
  for (auto file = unsealed_.begin(); file != unsealed_.end();) {
    file = is_wanted(*file) ? seal(file) : std::next(file);
  }
}

Journal::State::UnsealedFiles::iterator Journal::State::seal(UnsealedFiles::iterator file) {
  SealedFile sealed{.session = file->place.session,
                    .name = file->name(),
                    .gzip = false,
                    .path = file->file.path(),
                    .identity = file->file.identity(),
                    .size = file->file.size(),
                    .last_id = file->last_id,
                    .compress = compresses(file->place.kind),
                    .compress_failures = 0};
  by_place_.erase(file->place);
  const auto next = unsealed_.erase(file);
  place_sealed(std::move(sealed));
  return next;
}

void Journal::State::place_sealed(SealedFile sealed) {
  if (!sealed.is_known()) {
    waiting_.push_back(std::move(sealed));
  } else if (sealed.compress) {
    to_compress_.push_back(std::move(sealed));
  } else {
    offer_sealed(std::move(sealed));
  }
}

void Journal::State::resolve_waiting() {
  std::vector<SealedFile> waiting = std::exchange(waiting_, {});
  for (SealedFile& sealed : waiting) {
    if (const Result<void> named = give_known_name(sealed); !named) {
      log_warning("an event journal cannot be given its name, and waits", {{"error", named.error().message}});
    }
    place_sealed(std::move(sealed));
  }
}

// Does nothing as long as session and node are not both known.
Result<void> Journal::State::give_known_name(SealedFile& sealed) {
  const std::optional<SessionName> session =
      sealed.session == unknown_session() ? running_session_ : std::optional(sealed.session);
  if (!session) return {};
  const std::optional<NodeId> node =
      sealed.name.node == unknown_node() ? node_of(*session) : std::optional(sealed.name.node);
  if (!node) return {};

  JournalName name = sealed.name;
  name.node = *node;
  name = free_name(*session, name);
  const std::string from = sealed.path;
  const std::string to = folder_.file(*session, name) + (sealed.gzip ? ".gz" : "");
  TRY(make_folders(parent_folder(to)));
  TRY(rename_file(from, to));
  sealed.session = *session;
  sealed.name = name;
  sealed.path = to;
  remove_empty_folders(parent_folder(from), folder_.root());
  return sync_folder(parent_folder(to));
}

Shipment Journal::State::shipment(const SessionName& session, const JournalName& name, bool gzip) const {
  Shipment shipment;
  shipment.kind = ShipmentKind::events;
  shipment.key = keys_.journal(session, name, gzip);
  shipment.prefix_length = keys_.node_prefix(session, name.node).size();
  shipment.content_type = gzip ? kGzipContent : kJsonLinesContent;
  shipment.grows = !gzip;
  return shipment;
}

void Journal::State::offer_growing(const UnsealedFile& unsealed) {
  if (!unsealed.place.is_known() || compresses(unsealed.place.kind)) return;
  Shipment growing = shipment(unsealed.place.session, unsealed.name(), false);
  growing.path = unsealed.file.path();
  growing.identity = unsealed.file.identity();
  growing.size = unsealed.file.size();
  sink_.offer(std::move(growing));
}

void Journal::State::offer_sealed(SealedFile sealed) {
  Shipment final = shipment(sealed.session, sealed.name, sealed.gzip);
  final.path = sealed.path;
  final.identity = sealed.identity;
  final.size = sealed.size;
  final.final = true;
  final.on_stored = [weak = weak_from_this(), sealed = std::move(sealed)] {
    if (const auto state = weak.lock()) state->stored(sealed);
  };
  sink_.offer(std::move(final));
}

void Journal::State::stored(const SealedFile& sealed) {
  remember_ids_before_removing(sealed);
  const std::lock_guard lock(mutex_);
  if (const Result<void> removed = remove_file(sealed.path); !removed) {
    log_warning("a stored event journal stays on the disk, and will be stored again at the next start",
                {{"error", removed.error().message}});
    return;
  }
  budget_.remove(sealed.size);
  remove_empty_folders(parent_folder(sealed.path), folder_.root());
}

void Journal::State::remember_ids_before_removing(const SealedFile& sealed) {
  const std::lock_guard one_writer(recent_ids_mutex_);
  RecentEventIds recent;
  uint64_t latest = 0;
  {
    const std::lock_guard lock(mutex_);
    const bool written_already = sealed.last_id <= ids_written_;
    if (written_already || !ids_.reaches_back_to(sealed.last_id)) return;
    recent = {last_opened_nanoseconds_, ids_.all()};
    latest = ids_.latest();
  }
  const std::string path = recent_event_ids_path(folder_);
  if (const Result<void> replaced = replace_file(path, encode(recent)); !replaced) {
    // The file goes all the same: a full disk is the likeliest reason, and removing it is the cure.
    log_warning("event IDs are not saved: after a crash now, a batch that is sent again may be stored twice",
                {{"error", replaced.error().message}});
    return;
  }
  const std::lock_guard lock(mutex_);
  ids_written_ = std::max(ids_written_, latest);
}

void Journal::State::compress_sealed() {
  if (!options_.compression) return;
  const std::lock_guard one_at_a_time(compress_mutex_);
  std::deque<SealedFile> files;
  {
    const std::lock_guard lock(mutex_);
    files = to_compress_;  // they stay in the backlog until done
  }
  for (SealedFile& sealed : files) {
    if (cancelled_) return;
    compress(std::move(sealed));
  }
}

void Journal::State::compress(SealedFile sealed) {
  const std::string plain_path = sealed.path;
  const std::string gzip_path = plain_path + ".gz";
  const auto make_compressed = [&]() -> Result<FileStatus> {
    TRY(gzip_file(plain_path, sealed.size, gzip_path, cancelled_));
    remember_ids_before_removing(sealed);
    // Only one of the two may ever be stored, so the compressed one counts when the plain one is gone.
    if (Result<void> removed = remove_file(plain_path); !removed) {
      (void)remove_file(gzip_path);
      return std::move(removed).error();
    }
    return status_of(gzip_path);
  };
  const Result<FileStatus> compressed = make_compressed();
  if (!compressed && compressed.error().kind == ErrorKind::cancelled) return;

  const std::lock_guard lock(mutex_);
  const auto entry = std::find_if(to_compress_.begin(), to_compress_.end(),
                                  [&](const SealedFile& file) { return file.path == plain_path; });
  CHECK(entry != to_compress_.end());
  if (!compressed) {
    const bool last_try = ++entry->compress_failures == kCompressTries;
    log_warning(last_try ? "an event journal cannot be compressed, and is stored as it is"
                         : "an event journal cannot be compressed; trying again",
                {{"error", compressed.error().message}});
    if (!last_try) return;
    // Nothing was ever offered under its plain key, so it is still stored once.
    to_compress_.erase(entry);
    offer_sealed(std::move(sealed));
    return;
  }
  to_compress_.erase(entry);
  budget_.add(compressed->size);
  budget_.remove(sealed.size);
  sealed.gzip = true;
  sealed.path = gzip_path;
  sealed.identity = compressed->identity;
  sealed.size = compressed->size;
  offer_sealed(std::move(sealed));
}

// What the wiring calls.

void Journal::State::set_running(const std::optional<SessionName>& session,
                                 const std::optional<NodeId>& node) {
  CHECK(session || !node);
  const std::lock_guard lock(mutex_);
  if (session != running_session_ || node != running_node_) {
    running_session_ = session;
    running_node_ = node;
    if (session && node) nodes_.insert_or_assign(*session, *node);
    // Also what waits for session or node: it is given its name below, once it no longer grows.
    seal_if([&](const UnsealedFile& file) {
      return !session || file.place.session != *session || !node || file.place.node != *node;
    });
  }
  resolve_waiting();
}

void Journal::State::tick() {
  {
    const std::lock_guard lock(mutex_);
    for (auto file = unsealed_.begin(); file != unsealed_.end();)
      forget_if_vanished(file++);
    const SteadyTime now = clock_.steady_now();
    // A file gives its room back when it is sealed and stored, and no event will come that would make it
    // seal.
    const bool is_full = budget_.refuses(0);
    seal_if(
        [&](const UnsealedFile& file) { return is_full || now - file.opened >= options_.rotation_interval; });
    resolve_waiting();
    const JournalBacklog recent = backlog_now();
    const std::lock_guard totals_lock(totals_mutex_);
    recent_backlog_ = recent;
  }
  compress_sealed();
  watch_pressure();
}

// The folder lies in Ray's own, where others may clean up. A file that is gone takes what it held with it;
// what comes next must not be written to a file that nobody can open.
bool Journal::State::forget_if_vanished(UnsealedFiles::iterator file) {
  const Result<FileStatus> status = status_of(file->file.path());
  const bool there =
      status ? status->identity == file->file.identity() : status.error().kind != ErrorKind::not_found;
  if (there) return false;
  log_error("an event journal was removed by somebody else: what the store does not have of it is lost",
            {{"path", file->file.path()}, {"bytes", file->file.size()}});
  if (file->place.is_known()) sink_.withdraw(keys_.journal(file->place.session, file->name(), false));
  budget_.remove(file->file.size());
  by_place_.erase(file->place);
  unsealed_.erase(file);
  return true;
}

void Journal::State::seal_all() {
  {
    const std::lock_guard lock(mutex_);
    seal_if([](const UnsealedFile&) { return true; });
    resolve_waiting();
  }
  compress_sealed();
}

void Journal::State::recover() {
  FoundJournals found;
  {
    const std::lock_guard lock(mutex_);
    found = std::exchange(found_, {});
  }
  for (const FoundJournal& journal : found.plain) {
    if (!is_superseded(journal)) recover_plain(journal);
  }
  for (const FoundJournal& journal : found.compressed) {
    const Result<FileStatus> status = status_of(journal.path);
    if (status) recover_sealed(journal, status->size);  // else it was not whole, and removed above
  }
  {
    const std::lock_guard lock(mutex_);
    resolve_waiting();
  }
  if (!found.plain.empty() || !found.compressed.empty()) {
    log_info("event journals of an earlier run are taken up",
             {{"files", found.plain.size() + found.compressed.size()}, {"bytes", found.bytes}});
  }
}

// Whether the plain file is only left over beside its compressed form, and so removed. Where that form is not
// whole it is the one that goes.
bool Journal::State::is_superseded(const FoundJournal& journal) {
  const std::string gzip_path = journal.path + ".gz";
  const Result<FileStatus> gzip = status_of(gzip_path);
  if (!gzip || gzip->type != FileType::regular) return false;
  const Result<bool> whole = is_whole_gzip(gzip_path, cancelled_);
  const bool superseded = whole && *whole;
  if (const Result<void> removed = remove_file(superseded ? journal.path : gzip_path); !removed) {
    log_warning(
        "of an event journal and its compressed form, one cannot be removed: both wait for the next start",
        {{"error", removed.error().message}});
    return true;
  }
  budget_.remove(superseded ? journal.status.size : gzip->size);
  return superseded;
}

void Journal::State::recover_plain(const FoundJournal& journal) {
  Result<uint64_t> size = size_of_whole_lines(journal.path, journal.status.size);
  if (!size) {
    log_warning("an event journal of an earlier run cannot be read, and stays where it is",
                {{"error", size.error().message}});
    return;
  }
  budget_.remove(journal.status.size - *size);
  if (*size > 0) {
    // The size alone keeps the torn line from being stored: cutting it away only frees the disk.
    if (*size < journal.status.size) (void)truncate_file(journal.path, *size);
    recover_sealed(journal, *size);
  } else if (const Result<void> removed = remove_file(journal.path); removed) {
    const std::lock_guard lock(mutex_);
    remove_empty_folders(parent_folder(journal.path), folder_.root());
  }
}

void Journal::State::recover_sealed(const FoundJournal& journal, uint64_t size) {
  const std::lock_guard lock(mutex_);
  // Never compressed now: part of a plain file may be in the store already, under its plain key.
  place_sealed({.session = journal.found.session,
                .name = journal.found.name,
                .gzip = journal.found.gzip,
                .path = journal.path,
                .identity = journal.status.identity,
                .size = size,
                .last_id = ids_.latest(),
                .compress = false,
                .compress_failures = 0});
}

void Journal::State::watch_pressure() {
  const bool now = budget_.refuses(0);
  if (under_pressure_.exchange(now) == now) return;
  if (now) {
    log_warning(
        "event journals have filled their disk budget: events are refused until the store has taken some",
        {{"bytes", budget_.used_bytes()}, {"limit_bytes", budget_.limit_bytes()}});
  } else {
    log_info("event journals are within their disk budget again: events are taken",
             {{"bytes", budget_.used_bytes()}, {"limit_bytes", budget_.limit_bytes()}});
  }
}

JournalTotals Journal::State::totals() const {
  const std::lock_guard lock(totals_mutex_);
  JournalTotals totals = totals_;
  totals.sync_times = sync_times_.counts();
  return totals;
}

JournalBacklog Journal::State::backlog() const {
  const std::lock_guard lock(mutex_);
  return backlog_now();
}

JournalBacklog Journal::State::recent_backlog() const {
  std::optional<JournalBacklog> now;
  if (const std::unique_lock lock(mutex_, std::try_to_lock); lock) now = backlog_now();
  const std::lock_guard lock(totals_mutex_);
  if (now) recent_backlog_ = *now;
  return recent_backlog_;
}

JournalBacklog Journal::State::backlog_now() const {
  JournalBacklog backlog;
  const auto add_age = [&backlog, now = clock_.unix_nanoseconds()](int64_t opened_nanoseconds) {
    backlog.oldest = std::max(backlog.oldest, Nanoseconds(now - opened_nanoseconds));
  };
  const auto add_waiting = [&backlog](uint64_t bytes) {
    ++backlog.waiting_files;
    backlog.waiting_bytes += bytes;
  };
  const auto add_uncompressed = [&backlog](uint64_t bytes) {
    ++backlog.uncompressed_files;
    backlog.uncompressed_bytes += bytes;
  };
  for (const SealedFile& file : waiting_) {
    add_waiting(file.size);
    add_age(file.name.opened_nanoseconds);
  }
  for (const SealedFile& file : to_compress_) {
    add_uncompressed(file.size);
    add_age(file.name.opened_nanoseconds);
  }
  for (const UnsealedFile& file : unsealed_) {
    if (!file.place.is_known()) {
      add_waiting(file.file.size());
    } else if (compresses(file.place.kind)) {
      add_uncompressed(file.file.size());
    } else {
      continue;
    }
    add_age(file.opened_nanoseconds);
  }
  return backlog;
}

Journal::Journal(JournalFolder folder, ObjectKeys keys, JournalOptions options, const Clock& clock,
                 JournalSink sink, NodeOfSession node_of_session)
    : state_(std::make_shared<State>(std::move(folder), std::move(keys), options, clock, std::move(sink),
                                     std::move(node_of_session))) {}

Journal::~Journal() = default;

Result<BatchOutcome> Journal::append(std::string_view body) {
  return state_->append(body);
}
void Journal::recover() {
  state_->recover();
}
void Journal::set_running(const std::optional<SessionName>& session, const std::optional<NodeId>& node) {
  state_->set_running(session, node);
}
void Journal::tick() {
  state_->tick();
}
void Journal::seal_all() {
  state_->seal_all();
}
void Journal::cancel() {
  state_->cancel();
}
JournalTotals Journal::totals() const {
  return state_->totals();
}
JournalBacklog Journal::backlog() const {
  return state_->backlog();
}
JournalBacklog Journal::recent_backlog() const {
  return state_->recent_backlog();
}
bool Journal::is_full() const {
  return state_->is_full();
}
uint64_t Journal::disk_bytes() const {
  return state_->disk_bytes();
}

}  // namespace rayhistory
