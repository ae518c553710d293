#include "collector/store_check.h"

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/digest.h"
#include "base/duration.h"
#include "collector/probe_file.h"
#include "layout/rotated_log.h"
#include "shipper/shipper.h"
#include "store/retrying_store.h"

namespace rayhistory::collector {
namespace {

constexpr uint64_t kMiB = 1024 * 1024;
// Names as long as Ray's own: a store that keeps keys as names of files takes no more than some hundred bytes
// of each. A session has 40 letters, a node's ID 56, a worker's log as many as kWorkerLog.
constexpr std::string_view kSessionBeginning = "collector-check-";
constexpr size_t kSessionRandomBytes = 12;
constexpr size_t kNodeBytes = 28;
constexpr std::string_view kWorkerLog =
    "worker-0123456789abcdef0123456789abcdef0123456789abcdef01234567-01000000-4194304.out";
// A rotated log's name has a time and an inode beside that: a time of today and the longest inode.
constexpr int64_t kRotatedAt = 1'795'404'330'000'000'000;
constexpr uint64_t kInode = std::numeric_limits<uint64_t>::max();
// A log of each size at which stores change their ways: S3 copies parts from 5 MiB on, Azure keeps blocks of
// 8 MiB, R2 wants parts of one size, proxies take bodies of 1 MiB or 10 MiB.
constexpr uint64_t kSmallBytes = 1000;
constexpr uint64_t kStoredBytes = 6 * kMiB;
constexpr uint64_t kGrownBytes = 20 * kMiB;
constexpr uint64_t kJournalBytes = 100 * 1024;
// What is compared of each place in an object.
constexpr uint64_t kReadBytes = 64 * 1024;
// A name with all that a log's name may have and a URL, a list or a folder may spoil.
constexpr std::string_view kOddName = "worker %2B+#?&=;@:~'()[]{}|^ \xC3\xA9.out";
// A store that fails now and then is no broken one.
constexpr RetryPolicy kRetries{.waits_for_operator = false, .tries = 4};
constexpr ShipperOptions kShipping{.workers = 4, .push_interval = Milliseconds(1), .log_batching = 1000};

class Check {
 public:
  Check(Store& store, const CheckedPlace& place, const Deadline& deadline, std::FILE* out)
      : store_(store),
        deadline_(deadline),
        out_(out),
        keys_(place.root, place.cluster),
        markers_(all_markers_prefix(place.root)),
        session_(*SessionName::parse(std::string(kSessionBeginning) + random_hex(kSessionRandomBytes))),
        node_(*NodeId::parse(random_hex(kNodeBytes))),
        prefix_(keys_.node_prefix(session_, node_)) {}

  bool run() {
    Result<void> made = make_files();
    if (!made) return told("make a probe session", made);
    // The collector warns of it, too, and goes on.
    if (Result<void> surveyed = store_.survey(prefix_, SurveyUse::write, deadline_); !surveyed) {
      std::fprintf(out_, "note: what the store can do could not be found out at once: %s\n",
                   surveyed.error().message.c_str());
    }
    const bool works = store_all("store logs and events") && grow() && rotate() && carry_on() &&
                       told("store an answer of the dashboard, twice", put_answer()) &&
                       told("list what is stored", list()) && told("read it back", read_back());
    if (const std::string abilities = store_.abilities(); !abilities.empty())
      std::fprintf(out_, "store abilities: %s\n", abilities.c_str());
    note_remarks();
    remove_probe();
    return works;
  }

 private:
  bool told(std::string_view step, const Result<void>& result) {
    const std::string text = result ? "ok" : result.error().message;
    std::fprintf(out_, "%.*s: %s\n", static_cast<int>(step.size()), step.data(), text.c_str());
    return result.has_value();
  }

  Result<void> add(std::string key, ShipmentKind kind, uint64_t size) {
    TRY_ASSIGN(ProbeFile file, ProbeFile::create(std::move(key), prefix_.size(), kind));
    TRY(file.grow_to(size));
    files_.push_back(std::move(file));
    return {};
  }

  Result<void> make_files() {
    const JournalName journal{JournalKind::node_events, std::nullopt, node_,
                              system_clock().unix_nanoseconds()};
    TRY(add(keys_.log(session_, node_, kWorkerLog), ShipmentKind::log, kStoredBytes));
    TRY(add(keys_.log(session_, node_, kOddName), ShipmentKind::log, kSmallBytes));
    TRY(add(keys_.log(session_, node_, "serve/empty.log"), ShipmentKind::log, 0));
    return add(keys_.journal(session_, journal, false), ShipmentKind::events, kJournalBytes);
  }

  Result<void> ship(Shipper& shipper) {
    for (const ProbeFile& file : files_) {
      TRY_ASSIGN(Shipment shipment, file.shipment());
      shipper.offer(std::move(shipment));
    }
    if (shipper.wait_until_stored_or_failed(deadline_)) return {};
    if (const auto failure = shipper.failure())
      return Error{ErrorKind::invalid, fmt::format("{}: {}", failure->key, failure->message)};
    const Backlog left = shipper.backlog();
    return Error{ErrorKind::cancelled,
                 fmt::format("not done in time: {} bytes are left, of {}", left.bytes, left.oldest_key)};
  }

  bool store_all(std::string_view step) { return told(step, ship(shipper_)); }

  // Once by more than is stored, once by a line.
  bool grow() {
    for (ProbeFile& file : files_)
      if (Result<void> grown = file.grow_to(file.size() + kSmallBytes); !grown) return told("grow", grown);
    if (!store_all("let them grow by a line")) return false;
    if (Result<void> grown = files_.front().grow_to(kGrownBytes); !grown) return told("grow", grown);
    return store_all("let a log grow from 6 to 20 MiB");
  }

  // As when Ray's ring turns: the bytes go to another key, and a new file takes the old one.
  bool rotate() {
    ProbeFile& rotated = files_.front();
    const std::string live_key = rotated.key();
    const std::string path =
        rotated_log_path(std::string_view(live_key).substr(prefix_.size()), kRotatedAt, kInode);
    rotated.rename_to(prefix_ + path);
    if (Result<void> added = add(live_key, ShipmentKind::log, kSmallBytes); !added)
      return told("rotate a log", added);
    return store_all("rotate a log");
  }

  // Another shipper knows nothing but what the store lists.
  bool carry_on() {
    Shipper restarted(store_, system_clock(), kShipping);
    for (ProbeFile& file : files_)
      file.end();
    Result<void> shipped = ship(restarted);
    const uint64_t written = restarted.totals().objects_written;
    if (shipped && written > 0) {
      shipped = Error{ErrorKind::invalid,
                      fmt::format("{} objects were stored once more: the store lists other names, or other "
                                  "sizes, than it was given",
                                  written)};
    }
    return told("carry on after a restart", shipped);
  }

  Result<void> put_answer() {
    const std::string key = keys_.fetched_endpoint(session_, "/api/v0/placement_groups?detail=1&limit=10000");
    for (const std::string_view answer : {R"({"result": 1})", R"({"result": 22})"}) {
      TRY_ASSIGN(const StoredObject stored,
                 store_.put(key, MemoryBody(std::string(answer)), kJsonContent, deadline_));
      answer_ = {key, stored.size};
    }
    return {};
  }

  Result<std::map<std::string, uint64_t>> listed(const std::string& prefix) {
    std::map<std::string, uint64_t> sizes;
    std::string cursor;
    do {
      TRY_ASSIGN(ListPage page, store_.list(prefix, cursor, deadline_));
      for (ListedObject& object : page.objects)
        sizes[std::move(object.key)] = object.object.size;
      cursor = std::move(page.next);
    } while (!cursor.empty());
    return sizes;
  }

  Result<void> list() {
    TRY_ASSIGN(const auto sizes, listed(keys_.session_prefix(session_)));
    std::map<std::string, uint64_t> wanted{answer_};
    for (const ProbeFile& file : files_)
      wanted[file.key()] = file.size();
    for (const auto& [key, size] : wanted) {
      const auto found = sizes.find(key);
      if (found == sizes.end()) return Error{ErrorKind::invalid, key + " was stored and is not listed"};
      if (found->second != size) {
        return Error{ErrorKind::invalid, fmt::format("{} was stored with {} bytes and is listed with {}", key,
                                                     size, found->second)};
      }
    }
    // The History Server's first question.
    TRY(store_.list(markers_, "", deadline_));
    return {};
  }

  Result<void> read_back() {
    for (const ProbeFile& file : files_) {
      for (const uint64_t place : {uint64_t{0}, 5 * kMiB, kStoredBytes, 8 * kMiB, kGrownBytes}) {
        const uint64_t offset = place - std::min(place, kReadBytes / 2);
        if (offset > file.size()) continue;
        TRY_ASSIGN(const std::string ours, file.content(offset, kReadBytes));
        TRY_ASSIGN(const std::string theirs, store_.get(file.key(), offset, kReadBytes, deadline_));
        if (ours != theirs) {
          return Error{ErrorKind::invalid,
                       fmt::format("{} holds other bytes than were stored, from {} on", file.key(), offset)};
        }
      }
    }
    return {};
  }

  void note_remarks() {
    const Result<std::vector<std::string>> remarks = store_.bucket_warnings(deadline_);
    if (!remarks) {
      std::fprintf(out_, "note: how the bucket is set up could not be found out: %s\n",
                   remarks.error().message.c_str());
      return;
    }
    for (const std::string& remark : *remarks)
      std::fprintf(out_, "note: %s\n", remark.c_str());
    for (const std::string& lack : store_.lacks())
      std::fprintf(out_, "note: %s\n", lack.c_str());
  }

  void remove_probe() {
    const auto sizes = listed(keys_.session_prefix(session_));
    if (!sizes) return note_rest(sizes.error());
    for (const auto& [key, size] : *sizes) {
      if (const Result<void> removed = store_.remove(key, deadline_); !removed)
        return note_rest(removed.error());
    }
  }

  void note_rest(const Error& error) {
    std::fprintf(out_, "note: the probe below %s stays, remove it by hand: %s\n",
                 keys_.session_prefix(session_).c_str(), error.message.c_str());
  }

  Store& store_;
  const Deadline& deadline_;
  std::FILE* const out_;
  const ObjectKeys keys_;
  const std::string markers_;
  const SessionName session_;
  const NodeId node_;
  const std::string prefix_;
  std::vector<ProbeFile> files_;  // the first one grows and is rotated
  std::pair<std::string, uint64_t> answer_;
  Shipper shipper_{store_, system_clock(), kShipping};
};

bool reach(Store& store, const Deadline& deadline, std::FILE* out) {
  std::fprintf(out, "store: %s\n", store.description().c_str());
  const Result<void> reached = store.ensure_bucket(deadline);
  // Only now is it known which of the places where credentials may lie has them.
  if (const std::string origin = store.credentials_origin(); !origin.empty())
    std::fprintf(out, "credentials: %s\n", origin.c_str());
  std::fprintf(out, "reach the bucket, make it if it is missing: %s\n",
               reached ? "ok" : reached.error().message.c_str());
  return reached.has_value();
}

}  // namespace

bool check_store(std::unique_ptr<Store> store, const CheckedPlace& place, const Clock& clock,
                 const Deadline& deadline, std::FILE* out) {
  bool works = reach(*store, deadline, out);
  if (works) {
    RetryingStore patient(std::move(store), clock, {}, kRetries);
    works = Check(patient, place, deadline, out).run();
  }
  std::fprintf(out, works ? "all that the collector and the History Server need works\n"
                          : "the collector cannot store everything here until this is put right\n");
  return works;
}

}  // namespace rayhistory::collector
