#include "logs/live_logs.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/log.h"
#include "base/shared_path.h"
#include "base/tail_digest.h"
#include "logs/content_digest.h"
#include "store/store.h"

namespace rayhistory::collector {
namespace {

// A ring that has not turned for this long gets no looks of its own any more.
constexpr Nanoseconds kRingAtRest = Seconds(60);
// At most this many rings get looks of their own, one stat each ten times a second, so that these looks cost
// less than 0.1 % of a core.
constexpr size_t kTurningRingsLimit = 64;
// At most this many files are followed, because they take 60 MB here and as much again in the shipper, which
// fits the operator's 256 MiB beside everything else.
constexpr uint64_t kFilesLimit = 200'000;
// At most this many numbers of backups are looked at in a row; RAY_ROTATION_BACKUP_COUNT is 5 by default. A
// ring that is being turned has one gap.
constexpr uint64_t kRingLimit = 4096;
constexpr int kRingGap = 2;
// Two writes within one tick of the kernel's clock leave the same times (Linux before 6.13): 10 ms where it
// ticks 100 times a second, and as much again for the clock that we read.
constexpr Nanoseconds kTimestampTick = Milliseconds(20);

// Ray opens these with O_TRUNC every 10 s and writes the state of the process (NodeManager::DumpDebugState).
bool is_state_dump(std::string_view name) {
  return name.starts_with("debug_state") && name.ends_with(".txt");
}

bool was_written_anew(const std::string& name, const LiveFile& before, uint64_t size, const File& file) {
  if (size < before.size) return true;
  if (size > before.size && is_state_dump(name)) return true;
  const auto digest = content_digest(file, before.size);
  return !digest || *digest != before.digest;
}

}  // namespace

LiveLogs::LiveLogs(LogPlace place, ShipmentConsumer& consumer, const Clock& clock, LogTree& tree,
                   LogWarnings& warnings, size_t held_open)
    : place_(std::move(place)),
      consumer_(consumer),
      clock_(clock),
      tree_(tree),
      warnings_(warnings),
      rotated_(place_, consumer_, held_open),
      held_(held_open) {}

void LiveLogs::add_nodes(const std::vector<NodeLogs>& nodes) {
  for (const NodeLogs& node : nodes) {
    const bool is_known = std::any_of(place_.nodes.begin(), place_.nodes.end(), [&](const NodeLogs& known) {
      return known.key_of("any.log") == node.key_of("any.log");
    });
    if (!is_known) place_.nodes.push_back(node);
  }
}

void LiveLogs::end_look() {
  for (const RotatedFiles::Lost& lost : rotated_.lost()) {
    const SplitPath live = split_path(lost.live_path);
    LogFolder* folder = tree_.find(live.prefix);
    if (folder == nullptr) continue;
    if (const auto open = tree_.open(folder->prefix))
      look_at_ring(*folder, *open, std::string(live.name), std::max<uint64_t>(lost.number, 1));
  }
  for (const RotatedFiles::Lost& lost : rotated_.lost())
    rotated_.gone(lost.identity);
  rotated_.share_descriptors();
}

std::set<std::string, std::less<>> LiveLogs::names_not_listed(const LogFolder& folder) const {
  std::set<std::string, std::less<>> names;
  for (const auto& [name, file] : folder.files)
    if (file.listing != listing_) names.insert(names.end(), name);
  return names;
}

// ---- one look

void LiveLogs::note(LogFolder& folder, std::string name, const FileStatus& status, SeenFiles& seen) {
  if (auto backup = parse_rotated_backup(name)) {
    forget(folder, name);  // while it could not be read, it was taken for a live one
    seen.backups.push_back({std::move(name), std::move(*backup), status});
  } else if (!is_unchanged(folder, name, status)) {
    seen.live.push_back({std::move(name), status});
  }
}

bool LiveLogs::is_unchanged(LogFolder& folder, const std::string& name, const FileStatus& status) const {
  const auto found = folder.files.find(name);
  if (found == folder.files.end()) return false;
  LiveFile& file = found->second;
  const bool is_same = file.identity == status.identity && file.size == status.size &&
                       file.modified_nanoseconds == status.modified_nanoseconds &&
                       file.changed_nanoseconds == status.changed_nanoseconds;
  if (!is_same || file.unreadable || file.may_change_unseen ||
      file.node != place_.node_at(status.modified_nanoseconds))
    return false;
  file.listing = listing_;
  file.news = NameNews::none;
  file.renamed_within = false;
  return true;
}

void LiveLogs::settle(LogFolder& folder, const OpenFolder& open, SeenFiles seen) {
  settle_backups(folder, std::move(seen.backups));
  for (const SeenFiles::Live& live : seen.live)
    live_seen({folder, open, live.name}, live.status);
}

// ---- rotated logs

void LiveLogs::settle_backups(LogFolder& folder, std::vector<SeenFiles::Backup> backups) {
  // The highest number first: the ring takes it next.
  std::sort(backups.begin(), backups.end(), [](const SeenFiles::Backup& a, const SeenFiles::Backup& b) {
    return a.backup.number > b.backup.number;
  });
  for (const SeenFiles::Backup& seen : backups) {
    const auto live = folder.files.find(seen.backup.live_path);
    const bool is_known = live != folder.files.end();
    const bool was_live = is_known && live->second.identity == seen.status.identity;
    const bool is_new = rotated_.seen({.path = folder.prefix + seen.name,
                                       .live_path = folder.prefix + seen.backup.live_path,
                                       .number = seen.backup.number,
                                       .status = seen.status,
                                       .generation = was_live ? live->second.generation : 0,
                                       .held = was_live ? held_.find(live->second.identity) : nullptr});
    if (!is_new) continue;
    const uint64_t counted = was_live ? live->second.size : 0;
    if (seen.status.size > counted) totals_.bytes_seen += seen.status.size - counted;
    if (is_first_scan_) continue;
    ++totals_.renamed;
    if (is_known) ring_turned(folder, seen.backup.live_path, live->second);
  }
}

// Takes note of the generations of `live_name` from `number` on. Rotation renames upwards, and this goes
// upwards too, so a file that was there when it began is not missed.
void LiveLogs::look_at_ring(LogFolder& folder, const OpenFolder& open, const std::string& live_name,
                            uint64_t number) {
  std::vector<SeenFiles::Backup> backups;
  int absent = 0;
  for (uint64_t i = number; i < number + kRingLimit && absent < kRingGap; ++i) {
    std::string name = live_name + "." + std::to_string(i);
    const auto status = open.status_of(name);
    if (status && status->type == FileType::regular) {
      backups.push_back({std::move(name), {live_name, i}, *status});
      absent = 0;
    } else {
      ++absent;
    }
  }
  settle_backups(folder, std::move(backups));
}

void LiveLogs::ring_turned(const LogFolder& folder, const std::string& name, LiveFile& live) {
  live.rotates = true;
  --live.unseen_generations;
  const std::string path = folder.prefix + name;
  if (turning_.size() < kTurningRingsLimit || turning_.contains(path)) turning_[path] = clock_.steady_now();
}

std::vector<std::string> LiveLogs::turned_rings() {
  const SteadyTime now = clock_.steady_now();
  std::erase_if(turning_, [&](const auto& ring) { return now - ring.second > kRingAtRest; });
  std::vector<std::string> turned;
  for (const auto& [path, last_turn] : turning_) {
    const SplitPath live = split_path(path);
    LogFolder* folder = tree_.find(live.prefix);
    if (folder == nullptr) continue;
    const auto known = folder->files.find(live.name);
    if (known == folder->files.end()) continue;
    const auto open = tree_.open(folder->prefix);
    if (!open) continue;
    const auto status = open->status_of(known->first);
    if (!status || status->identity != known->second.identity) turned.push_back(path);
  }
  return turned;
}

// The name belongs to another file now: the one before was renamed or deleted.
void LiveLogs::generation_left(const Names& at, const LiveFile& old) {
  // One that was renamed is offered first, so that what the store holds of it is not overwritten.
  if (!rotated_.knows(old.identity)) look_at_ring(at.folder, at.open, at.name, 1);
  if (!rotated_.knows(old.identity) && !take_evicted(at, old)) ++totals_.replaced;
  held_.release(old.identity);
}

// True if the ring has turned past the file since the last look, and its descriptor was held.
bool LiveLogs::take_evicted(const Names& at, const LiveFile& old) {
  if (old.news == NameNews::renamed_over && !old.rotates) return false;  // a newer version of a status file
  const std::shared_ptr<const File> file = held_.take_deleted(old.identity);
  if (!file) return false;
  const auto status = file->status();
  if (!status || status->size < old.size) return false;
  rotated_.evicted(at.path(), *status, old.generation, file);
  totals_.bytes_seen += status->size - old.size;
  ++totals_.renamed;
  ring_turned(at.folder, at.name, at.folder.files[at.name]);
  return true;
}

void LiveLogs::log_unseen_generations(const Names& at, LiveFile& live) {
  if (live.unseen_generations <= 0) return;
  const auto unseen = static_cast<uint64_t>(std::exchange(live.unseen_generations, 0));
  totals_.unseen += unseen;
  log_warning("rotated logs were deleted before the collector could see them, so they are not stored",
              {{"path", (place_.folder / at.path()).str()},
               {"generations", unseen},
               {"advice", "let the writer rotate at a larger size, or keep more backups"}});
}

// ---- live logs

void LiveLogs::live_seen(const Names& at, const FileStatus& status) {
  std::optional<File> file = open_live(at, status);
  if (!file) return;
  std::optional<LiveFile> now = measured(*file, status);
  if (!now) return tree_.look_again(at.folder, at.name);

  const auto known = at.folder.files.find(at.name);
  const bool was_offered = known != at.folder.files.end() && known->second.offered;
  const LiveFile before = was_offered ? known->second : LiveFile{};
  if (was_offered) carry_over(at, before, *file, *now);
  if (known == at.folder.files.end()) ++file_count_;
  LiveFile& live = at.folder.files[at.name];
  if (live.unreadable) --totals_.unreadable;
  now->rotates = now->rotates || rotated_.has_backup_of(at.path());
  if (now->may_change_unseen) tree_.look_again(at.folder, at.name);
  const bool is_same_content =
      was_offered && now->identity == before.identity && now->generation == before.generation;
  const uint64_t seen_before = is_same_content ? before.size : 0;
  totals_.bytes_seen += now->size - std::min(seen_before, now->size);
  hold(at.name, *now, std::move(*file));
  live = *now;
  log_unseen_generations(at, live);
  offer_change(at, was_offered ? &before : nullptr, live);
}

std::optional<File> LiveLogs::open_live(const Names& at, const FileStatus& status) {
  if (!at.folder.files.contains(at.name) && file_count_ >= kFilesLimit) {
    log_too_many(at.folder, at.name);
    return std::nullopt;
  }
  const std::string path = at.open.path() + "/" + at.name;
  auto file = at.open.open_for_reading(at.name);
  if (!file && file.error().kind == ErrorKind::denied) {
    unreadable(at.folder, at.name, status, path, file.error());
    return std::nullopt;
  }
  if (!file && file.error().kind != ErrorKind::not_found && at.folder.told.insert(at.name).second)
    warnings_.warn("log file cannot be opened, tried again", path, file.error());
  const auto opened = file ? file->status() : Result<FileStatus>(file.error());
  if (!opened || opened->identity != status.identity) {
    tree_.look_again(at.folder, at.name);
    return std::nullopt;
  }
  return std::move(*file);
}

std::optional<LiveFile> LiveLogs::measured(const File& file, const FileStatus& status) const {
  const auto tail = tail_digest(file, status.size);
  const auto digest = content_digest(file, status.size);
  if (!tail || !digest) return std::nullopt;
  LiveFile now;
  now.identity = status.identity;
  now.size = status.size;
  now.modified_nanoseconds = status.modified_nanoseconds;
  now.changed_nanoseconds = status.changed_nanoseconds;
  now.tail = *tail;
  now.digest = *digest;
  now.listing = listing_;
  now.node = place_.node_at(status.modified_nanoseconds);
  now.offered = true;
  now.may_change_unseen = changed_just_now(status);
  return now;
}

bool LiveLogs::changed_just_now(const FileStatus& status) const {
  const Nanoseconds age(clock_.unix_nanoseconds() - status.changed_nanoseconds);
  return age < kTimestampTick && age > -kTimestampTick;
}

void LiveLogs::carry_over(const Names& at, const LiveFile& before, const File& file, LiveFile& measured) {
  if (before.identity != measured.identity) {
    generation_left(at, before);
  } else if (was_written_anew(at.name, before, measured.size, file)) {
    measured.generation = before.generation + 1;
    if (!is_state_dump(at.name)) ++totals_.truncated;
  } else {
    measured.generation = before.generation;
    measured.has_grown = before.has_grown || (before.size > 0 && measured.size > before.size);
  }
  // The ring may have turned just now.
  const LiveFile& known = at.folder.files[at.name];
  measured.rotates = known.rotates;
  measured.unseen_generations = known.unseen_generations;
}

void LiveLogs::offer_change(const Names& at, const LiveFile* before, const LiveFile& now) {
  if (before == nullptr) return offer(at.folder, at.name, now, false);
  const bool is_other_file = now.identity != before->identity;
  const bool is_other_content = is_other_file || now.generation != before->generation;
  const bool is_another_nodes = now.node != before->node;
  if (is_another_nodes) leave(at.path(), *before, is_other_content);
  if (!is_other_content && !is_another_nodes && now.size == before->size) return;
  const bool goes_on = before->renamed_within && !rotated_.knows(before->identity);
  if (is_other_file && goes_on && !is_another_nodes)
    consumer_.hand_over(place_.key_of(before->node, at.path()));
  offer(at.folder, at.name, now, is_other_file && before->news == NameNews::renamed_over);
}

void LiveLogs::hold(const std::string& name, const LiveFile& live, File file) {
  if (is_state_dump(name)) return;
  if (live.rotates) {
    held_.hold(live.identity, std::move(file), HeldLogs::Reason::rotates);
  } else if (live.has_grown && live.size >= kLargeLogBytes) {
    held_.hold(live.identity, std::move(file), HeldLogs::Reason::large);
  }
}

// The file that was offered at the path under its node's key goes on elsewhere, or is gone.
void LiveLogs::leave(const std::string& path, const LiveFile& file, bool is_gone) {
  const std::string key = place_.key_of(file.node, path);
  const bool goes_on = !is_gone || (rotated_.knows(file.identity) ? !rotated_.is_of(file.identity, file.node)
                                                                  : file.renamed_within);
  goes_on ? consumer_.hand_over(key) : consumer_.withdraw(key);
}

void LiveLogs::unreadable(LogFolder& folder, const std::string& name, const FileStatus& status,
                          const std::string& path, const Error& error) {
  const auto [place, is_new] = folder.files.try_emplace(name);
  LiveFile& file = place->second;
  if (is_new) {
    ++file_count_;
    file.identity = status.identity;
  }
  file.listing = listing_;
  if (std::exchange(file.unreadable, true)) return;
  ++totals_.unreadable;
  warnings_.warn("log file cannot be read", path, error);
}

void LiveLogs::vanished(LogFolder& folder, const OpenFolder& open, const std::string& name) {
  if (const auto known = folder.files.find(name); known != folder.files.end()) {
    LiveFile& live = known->second;
    if (!rotated_.knows(live.identity)) look_at_ring(folder, open, name, 1);
    const bool may_be_evicted =
        !rotated_.knows(live.identity) && live.rotates && held_.find(live.identity) != nullptr;
    if (may_be_evicted && !std::exchange(live.is_missing, true)) {
      // The next generation may be about to get the name. If it does, this one has left the ring.
      return tree_.look_again(folder, name);
    }
    forget(folder, name);
  }
  rotated_.path_vanished(folder.prefix + name);
}

void LiveLogs::forget(LogFolder& folder, const std::string& name) {
  const auto known = folder.files.find(name);
  if (known == folder.files.end()) return;
  if (known->second.offered) leave(folder.prefix + name, known->second, true);
  held_.release(known->second.identity);
  if (known->second.unreadable) --totals_.unreadable;
  --file_count_;
  folder.files.erase(known);
}

void LiveLogs::forget_all(LogFolder& folder) {
  while (!folder.files.empty())
    forget(folder, std::string(folder.files.begin()->first));
}

void LiveLogs::offer(const LogFolder& folder, const std::string& name, const LiveFile& file,
                     bool renamed_over) {
  const std::string path = folder.prefix + name;
  Shipment shipment;
  shipment.kind = ShipmentKind::log;
  shipment.key = place_.key_of(file.node, path);
  shipment.prefix_length = place_.nodes[file.node].prefix.size();
  shipment.content_type = kTextContent;
  shipment.path = place_.folder / path;
  shipment.identity = file.identity;
  shipment.generation = file.generation;
  shipment.size = file.size;
  shipment.waited =
      std::max(Nanoseconds(clock_.unix_nanoseconds() - file.modified_nanoseconds), Nanoseconds::zero());
  // A state dump is replaced all the time, and any of its states may be stored.
  if (!is_state_dump(name)) shipment.tail = file.tail;
  shipment.keep_earlier = !is_state_dump(name);
  shipment.renamed_over = renamed_over;
  consumer_.offer(std::move(shipment));
}

void LiveLogs::log_too_many(const LogFolder& folder, const std::string& name) {
  if (std::exchange(too_many_logged_, true)) return;
  log_error("too many log files, further ones are not stored",
            {{"limit", kFilesLimit}, {"first", (place_.folder / (folder.prefix + name)).str()}});
}

LogTotals LiveLogs::totals() const {
  LogTotals totals = totals_;
  totals.files = file_count_ + rotated_.count();
  totals.rotations = totals.renamed + totals.replaced + totals.truncated + totals.unseen;
  totals.unreadable += rotated_.unreadable();
  return totals;
}

}  // namespace rayhistory::collector
