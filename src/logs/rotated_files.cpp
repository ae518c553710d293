#include "logs/rotated_files.h"

#include <sys/resource.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "base/log.h"
#include "base/shared_path.h"
#include "layout/rotated_log.h"
#include "store/store.h"

namespace rayhistory::collector {
namespace {

// Twelve logs with Ray's default ring of five, all of it not yet stored. More than that is an outage of the
// store, and then a ring's youngest generations are not the ones in danger.
constexpr size_t kHeldOpenLimit = 64;
// The rest is for uploads, connections, the journal and folders.
constexpr size_t kShareOfDescriptors = 8;
// Space on the disk of files that have no name any more, which nobody but we keeps occupied: four generations
// of Ray's default size, 512 MiB. A node whose disk is full evicts the whole pod.
constexpr uint64_t kNamelessLimitBytes = uint64_t{2} * 1024 * 1024 * 1024;
// The urgency of a file that has left the ring: higher than that of any backup, because it occupies disk
// space until it is stored.
constexpr uint64_t kEvictedNumber = std::numeric_limits<uint64_t>::max();

}  // namespace

size_t held_open_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  return std::min<size_t>(kHeldOpenLimit, limit.rlim_cur / kShareOfDescriptors);
}

RotatedFiles::RotatedFiles(const LogPlace& place, ShipmentConsumer& consumer, size_t limit_open)
    : place_(place), consumer_(consumer), limit_open_(limit_open) {}

bool RotatedFiles::seen(const Sighting& sighting) {
  const FileIdentity& identity = sighting.status.identity;
  if (const auto known = files_.find(identity);
      known != files_.end() && sighting.status.size < known->second.size) {
    // A generation never shrinks: the file system used the inode again, and has no birth times to tell.
    if (!known->second.stored) consumer_.withdraw(key_of(known->second));
    erase(identity);
  }
  const auto [place, is_new] = files_.try_emplace(identity);
  Rotated& file = place->second;
  if (is_new) {
    file.identity = identity;
    file.live_path = sighting.live_path;
    file.modified_nanoseconds = sighting.status.modified_nanoseconds;
    file.generation = sighting.generation;
  }
  file.scan = scan_;
  lost_.erase(identity);

  const size_t node = place_.node_at(file.modified_nanoseconds);
  const bool is_another_nodes = !is_new && node != file.node;
  if (is_another_nodes && !file.stored) consumer_.hand_over(key_of(file));
  file.node = node;

  const bool moved = take_path(file, sighting);
  const bool grown = is_new || sighting.status.size > file.size;
  file.size = sighting.status.size;
  if (grown || is_another_nodes) file.stored = false;
  if (file.stored || (!moved && !grown && !is_another_nodes && !file.unreadable)) return is_new;
  if (!file.held && held_ < limit_open_) {
    if (sighting.held) {
      file.held = sighting.held;
      ++held_;
    } else {
      hold(file);
    }
  }
  if (!file.unreadable) offer(file);
  shares_changed_ = true;
  return is_new;
}

bool RotatedFiles::take_path(Rotated& file, const Sighting& sighting) {
  const FileIdentity& identity = file.identity;
  const bool moved = file.path != sighting.path;
  if (moved) {
    if (const auto old = at_path_.find(file.path); old != at_path_.end() && old->second == identity)
      at_path_.erase(old);
    file.path = sighting.path;
    file.number = sighting.number;
  }
  const auto [at_path, is_free] = at_path_.try_emplace(file.path, identity);
  if (!is_free && at_path->second != identity) lost_.insert(std::exchange(at_path->second, identity));
  if (!std::exchange(file.has_name, true)) std::erase(nameless_, identity);
  return moved;
}

void RotatedFiles::path_vanished(const std::string& path) {
  if (const auto found = at_path_.find(path); found != at_path_.end()) lost_.insert(found->second);
}

std::vector<RotatedFiles::Lost> RotatedFiles::lost() const {
  std::vector<Lost> all;
  for (const FileIdentity& identity : lost_) {
    const Rotated& file = files_.at(identity);
    all.push_back({identity, file.live_path, file.number});
  }
  return all;
}

void RotatedFiles::gone(const FileIdentity& identity) {
  const auto found = files_.find(identity);
  if (found == files_.end()) return;
  lost_.erase(identity);
  Rotated& file = found->second;
  if (file.held && !file.stored) {
    if (const auto at = at_path_.find(file.path); at != at_path_.end() && at->second == identity)
      at_path_.erase(at);
    keep_nameless(file);
    return;
  }
  if (!file.stored && !file.unreadable) consumer_.withdraw(key_of(file));
  erase(identity);
}

void RotatedFiles::evicted(const std::string& live_path, const FileStatus& status, uint32_t generation,
                           std::shared_ptr<const File> held) {
  Rotated& file = files_[status.identity];
  file.identity = status.identity;
  file.path = live_path;
  file.live_path = live_path;
  file.modified_nanoseconds = status.modified_nanoseconds;
  file.number = kEvictedNumber;
  file.size = status.size;
  file.generation = generation;
  file.node = place_.node_at(status.modified_nanoseconds);
  file.held = std::move(held);
  ++held_;
  offer(file);
  keep_nameless(file);
}

void RotatedFiles::keep_nameless(Rotated& file) {
  file.has_name = false;
  nameless_.push_back(file.identity);
  limit_nameless();
}

void RotatedFiles::limit_nameless() {
  uint64_t bytes = 0;
  for (const FileIdentity& identity : nameless_)
    bytes += files_.at(identity).size;
  while (!nameless_.empty() && (bytes > kNamelessLimitBytes || nameless_.size() > limit_open_)) {
    Rotated& oldest = files_.at(nameless_.front());
    log_warning("deleted log is let go before it is stored, to free its space",
                {{"path", (place_.folder / oldest.path).str()}, {"bytes", oldest.size}});
    bytes -= oldest.size;
    release(oldest);
    offer(oldest);
    consumer_.withdraw(key_of(oldest));
    erase(oldest.identity);
  }
}

void RotatedFiles::take_stored() {
  std::vector<StoredReport> stored;
  {
    const std::lock_guard lock(reports_->mutex);
    stored.swap(reports_->files);
  }
  for (const auto& [identity, size, node] : stored) {
    const auto found = files_.find(identity);
    if (found == files_.end() || found->second.size != size || found->second.node != node) continue;
    found->second.stored = true;
    release(found->second);
    shares_changed_ = true;
    if (!found->second.has_name) erase(identity);
  }
}

void RotatedFiles::share_descriptors() {
  if (!std::exchange(shares_changed_, false)) return;
  std::vector<Rotated*> wanted;
  for (auto& [identity, file] : files_)
    if (!file.stored && file.has_name && !file.unreadable) wanted.push_back(&file);
  std::sort(wanted.begin(), wanted.end(), [](const Rotated* a, const Rotated* b) {
    return a->number != b->number ? a->number > b->number : a->path < b->path;
  });
  const size_t share = limit_open_ - std::min(limit_open_, nameless_.size());
  for (size_t i = share; i < wanted.size(); ++i) {
    if (!wanted[i]->held) continue;
    release(*wanted[i]);
    offer(*wanted[i]);
  }
  for (size_t i = 0; i < std::min(share, wanted.size()); ++i)
    if (!wanted[i]->held && hold(*wanted[i])) offer(*wanted[i]);
}

void RotatedFiles::end_scan() {
  for (const auto& [identity, file] : files_)
    if (file.has_name && file.scan != scan_) lost_.insert(identity);
}

size_t RotatedFiles::unreadable() const {
  return static_cast<size_t>(
      std::count_if(files_.begin(), files_.end(), [](const auto& item) { return item.second.unreadable; }));
}

std::string RotatedFiles::key_of(const Rotated& file) const {
  return place_.key_of(file.node,
                       rotated_log_path(file.live_path, file.modified_nanoseconds, file.identity.inode));
}

void RotatedFiles::offer(const Rotated& file) {
  Shipment shipment;
  shipment.kind = ShipmentKind::rotated_log;
  shipment.key = key_of(file);
  shipment.prefix_length = place_.nodes[file.node].prefix.size();
  shipment.content_type = kTextContent;
  shipment.path = place_.folder / file.path;
  shipment.identity = file.identity;
  shipment.generation = file.generation;
  shipment.size = file.size;
  shipment.final = true;
  shipment.held_open = file.held;
  // Also where we did not see it as the live file: an earlier run may have stored its beginning there.
  shipment.moved_from = place_.key_of(file.node, file.live_path);
  shipment.urgency = file.number;
  shipment.on_stored = [reports = std::weak_ptr(reports_), identity = file.identity, size = file.size,
                        node = file.node] {
    const auto still_there = reports.lock();
    if (!still_there) return;
    const std::lock_guard lock(still_there->mutex);
    still_there->files.push_back({identity, size, node});
  };
  consumer_.offer(std::move(shipment));
}

bool RotatedFiles::hold(Rotated& file) {
  const SharedPath path = place_.folder / file.path;
  auto opened = open_for_reading(path);
  if (!opened) {
    const bool denied = opened.error().kind == ErrorKind::denied;
    if (denied && !file.unreadable)
      log_warning("log file cannot be read", {{"path", path.str()}, {"error", opened.error().message}});
    file.unreadable = denied;
    return false;
  }
  file.unreadable = false;
  const auto status = opened->status();
  // Renamed again in between: the next look knows where it is.
  if (!status || status->identity != file.identity) return false;
  file.held = std::make_shared<const File>(std::move(*opened));
  ++held_;
  return true;
}

void RotatedFiles::release(Rotated& file) {
  if (!file.held) return;
  file.held.reset();
  --held_;
}

void RotatedFiles::erase(const FileIdentity& identity) {
  const auto found = files_.find(identity);
  if (found == files_.end()) return;
  release(found->second);
  if (const auto at = at_path_.find(found->second.path); at != at_path_.end() && at->second == identity)
    at_path_.erase(at);
  lost_.erase(identity);
  std::erase(nameless_, identity);
  files_.erase(found);
}

}  // namespace rayhistory::collector
