#include "historyserver/state/load_state.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/gunzip.h"
#include "base/log.h"
#include "historyserver/state/event_file.h"
#include "historyserver/state/event_reader.h"
#include "historyserver/state/export_log.h"
#include "historyserver/state/job_sources.h"
#include "historyserver/state/raylet_log.h"
#include "historyserver/state/session_builder.h"
#include "historyserver/state/snapshot.h"
#include "layout/rotated_log.h"

namespace rayhistory::historyserver {
namespace {

// Of one call to the store: large enough that its latency does not count, small enough to be held a few
// times.
constexpr uint64_t kReadBytes = 4U << 20U;
// What one thread reads of a file of lines before the next one may take its turn.
constexpr uint64_t kPieceBytes = 4 * kReadBytes;
// Of what is behind a piece, for the end of its last line: a few times an event's length.
constexpr uint64_t kFirstRestBytes = 16U << 10U;
// Limits for the events that a packed file unpacks to. Events are packed to a tenth or a thirtieth; gzip
// itself allows a thousandth, by which a small file keeps a thread busy for minutes.
constexpr uint64_t kInflatedPerPackedByte = 200;
constexpr uint64_t kInflatedBytes = 64ULL << 20U;
// A thread reads so much of events between two looks at the memory: their allocations can be a few times as
// large.
constexpr uint64_t kCheckedBytes = 1U << 20U;
// The dashboard's lists of jobs and tasks and the head's log of jobs may be so long: a job takes some 500
// bytes, and at the end of a submission's message 20,000 of its log; a task takes some 2,500, and a list has
// 10,000 at most.
constexpr uint64_t kJobSourceLimit = 64U << 20U;
// Of a submission's log: its first lines say what was run.
constexpr uint64_t kJobLogBeginBytes = 16U << 10U;
// The raylet names the folder of the session in its first lines, within 1 KiB in each recorded session.
constexpr uint64_t kRayletLogBeginBytes = 16U << 10U;
// So many submissions are looked up in their logs, a call to the store each.
constexpr size_t kJobLogBegins = 256;

constexpr std::string_view kFetchedJobs = "fetched_endpoints/restful__api__jobs";

// How a file of events is to be read, told by its first bytes.
enum class FileForm { lines, array, gzip };
constexpr size_t kFormBytes = 2;

FileForm form_of(std::string_view first_bytes) {
  if (first_bytes.starts_with("\x1f\x8b")) return FileForm::gzip;  // RFC 1952
  return first_bytes.starts_with('[') ? FileForm::array : FileForm::lines;
}

// Of a file that is read in several pieces: its form, asked for once.
struct FormLook {
  std::once_flag once;
  Result<FileForm> form = FileForm::lines;
};

// What one thread reads at a time.
struct Piece {
  enum class Form { events, exported, job_log, job_log_begin, raylet_log_begin, fetched_jobs, snapshot };

  const ListedObject* object;
  Form form;
  uint64_t begin = 0;
  uint64_t end = 0;
  std::string_view submission_id = {};  // whose log begins here
  FormLook* look = nullptr;             // null: the only piece of its file
  SnapshotTable table = {};             // of a snapshot
};

struct Pieces {
  std::vector<Piece> all;
  std::deque<FormLook> looks;
};

bool is_job_log(std::string_view path) {
  const size_t place = path.find("/logs/events/event_JOBS");
  return place != std::string_view::npos && path.find('/') == place && live_log_path(path).ends_with(".log");
}

// Below its session.
std::string_view path_of(const ListedObject& object, const SessionListing& listing) {
  return std::string_view(object.key).substr(listing.session.prefix.size());
}

Pieces pieces_of(const SessionListing& listing, SessionBuilder& builder) {
  Pieces result;
  std::vector<Piece>& pieces = result.all;
  std::vector<Piece> job_log_begins;
  bool has_fetched_jobs = false;
  bool has_raylet_log = false;
  for (const ListedObject& object : listing.objects) {
    const std::string_view path = path_of(object, listing);
    const uint64_t size = object.object.size;
    add_job_of_log_file(builder, path);
    if (const auto id = submission_of_log_file(path); id && size > 0) {
      job_log_begins.push_back(
          {&object, Piece::Form::job_log_begin, 0, std::min(size, kJobLogBeginBytes), *id});
    } else if (is_raylet_log(path) && size > 0) {
      // Nearly all clusters have one folder on all nodes, so one call to the store is enough.
      if (!std::exchange(has_raylet_log, true)) {
        pieces.push_back({&object, Piece::Form::raylet_log_begin, 0, std::min(size, kRayletLogBeginBytes)});
      }
    } else if (path == kFetchedJobs) {
      has_fetched_jobs = true;
      pieces.push_back({&object, Piece::Form::fetched_jobs, 0, size});
    } else if (const auto table = snapshot_table(path)) {
      pieces.push_back({&object, Piece::Form::snapshot, 0, size, {}, nullptr, *table});
    } else if (is_job_log(path)) {
      pieces.push_back({&object, Piece::Form::job_log, 0, size});
    } else if (is_export_log(path)) {
      if (size > 0) pieces.push_back({&object, Piece::Form::exported, 0, size});
    } else if (is_event_file(path) && path.ends_with(".gz")) {
      pieces.push_back({&object, Piece::Form::events, 0, size});
    } else if (is_event_file(path)) {
      FormLook* const look = size > kPieceBytes ? &result.looks.emplace_back() : nullptr;
      for (uint64_t begin = 0; begin == 0 || begin < size; begin += kPieceBytes) {
        pieces.push_back(
            {&object, Piece::Form::events, begin, std::min(begin + kPieceBytes, size), {}, look});
      }
    }
  }
  // The dashboard's list of jobs has it all.
  if (!has_fetched_jobs) {
    job_log_begins.resize(std::min(job_log_begins.size(), kJobLogBegins));
    pieces.insert(pieces.end(), job_log_begins.begin(), job_log_begins.end());
  }
  // What has to be unpacked from its beginning to its end takes longest: first.
  std::stable_partition(pieces.begin(), pieces.end(), [](const Piece& piece) {
    return piece.form == Piece::Form::events && piece.object->key.ends_with(".gz");
  });
  return result;
}

// What could not be read, over all threads. The log names each file once.
class Damage {
 public:
  void add(const ListedObject& object, const std::string& reason) {
    const std::lock_guard lock(mutex_);
    if (!files_.emplace(&object, reason).second) return;
    log_warning("an object of the session cannot be read whole; what can be read of it is shown",
                {{"key", object.key}, {"error", reason}});
  }

  void add_events(uint64_t read) { events_ += read; }
  void add_snapshot() { has_snapshot_ = true; }

  // For SessionState::partial_failure, when all threads are done.
  std::string text(const SessionListing& listing) const {
    if (files_.empty() && events_ == 0 && has_snapshot_) {
      return "The store has no events of this session. Its tasks, actors, nodes and jobs are shown as Ray's "
             "dashboard "
             "answered when a snapshot was taken; what came later is unknown.";
    }
    if (files_.empty() && events_ == 0) {
      return "The store has no events of this session, so what ran in it is unknown. They were never stored, "
             "or "
             "they were deleted. Logs are shown where there are any.";
    }
    if (files_.empty()) return {};
    const auto first = std::min_element(files_.begin(), files_.end(), [](const auto& a, const auto& b) {
      return a.first->key < b.first->key;
    });
    return fmt::format(
        "{} of this session's files in the store cannot be read whole, for example {} ({}). Tasks, actors, "
        "jobs, nodes and workers may be missing or show an earlier state. The History Server's log names "
        "each "
        "file.",
        files_.size(), path_of(*first->first, listing), first->second);
  }

 private:
  std::atomic<uint64_t> events_{0};  // that were read
  std::atomic<bool> has_snapshot_{false};
  std::mutex mutex_;
  // Each with its first reason. There are at most as many as the listing has objects.
  std::map<const ListedObject*, std::string> files_;
};

// One thread's work. Pieces' errors are the store's.
class PieceReader {
 public:
  PieceReader(Store& store, const SessionListing& listing, const Deadline& deadline,
              const MemoryCheck& check_memory, SessionBuilder& builder, Damage& damage)
      : store_(store),
        listing_(listing),
        deadline_(deadline),
        check_memory_(check_memory),
        builder_(builder),
        reader_(builder),
        exports_(builder),
        damage_(damage) {}

  Result<void> read(const Piece& piece) {
    events_ = 0;
    not_events_ = 0;
    too_long_ = 0;
    auto outcome = read_by_form(piece);
    damage_.add_events(events_);
    if (too_long_ > 0)
      damage_.add(*piece.object, fmt::format("it has events of more than {} bytes", kEventLimit));
    if (not_events_ > 0) damage_.add(*piece.object, "it has lines that are no events");
    if (outcome) return {};
    const Error& error = outcome.error();
    if (error.kind != ErrorKind::not_found && error.kind != ErrorKind::invalid) return outcome;
    damage_.add(*piece.object, error.kind == ErrorKind::not_found ? "it is gone" : error.message);
    return {};
  }

 private:
  using Take = std::function<Result<bool>(std::string_view bytes)>;  // false: enough

  Result<void> read_by_form(const Piece& piece) {
    switch (piece.form) {
      case Piece::Form::events:
        return read_events(piece);
      case Piece::Form::exported:
        return read_exported(*piece.object);
      case Piece::Form::job_log: {
        TRY_ASSIGN(const std::string lines, read_whole(piece));
        add_job_log(builder_, lines);
        return {};
      }
      case Piece::Form::job_log_begin: {
        TRY_ASSIGN(const std::string lines, read_whole(piece));
        add_job_log_begin(builder_, piece.submission_id, lines);
        return {};
      }
      case Piece::Form::raylet_log_begin:
        return read_raylet_log_begin(piece);
      case Piece::Form::fetched_jobs: {
        TRY_ASSIGN(const std::string body, read_whole(piece));
        if (!add_fetched_jobs(builder_, body)) return Error{ErrorKind::invalid, "no list of jobs"};
        return {};
      }
      case Piece::Form::snapshot: {
        TRY_ASSIGN(const std::string body, read_whole(piece));
        if (!add_snapshot(builder_, piece.table, body))
          return Error{ErrorKind::invalid, "no answer of Ray's dashboard"};
        if (piece.table == SnapshotTable::tasks) damage_.add_snapshot();
        return {};
      }
    }
    UNREACHABLE("all forms are above");
  }

  // Bytes [begin, end) as `take` wants them, `first_bytes` and then ever more at a time; fewer where the
  // object has become shorter.
  Result<void> each_range(const std::string& key, uint64_t begin, uint64_t end, const Take& take,
                          uint64_t first_bytes = kReadBytes) {
    for (uint64_t bytes_at_once = first_bytes; begin < end;
         bytes_at_once = std::min(2 * bytes_at_once, kReadBytes)) {
      const uint64_t length = std::min(end - begin, bytes_at_once);
      TRY_ASSIGN(const std::string bytes, store_.get(key, begin, length, deadline_));
      TRY_ASSIGN(const bool goes_on, take(bytes));
      TRY(check_memory(bytes.size()));
      if (!goes_on || bytes.size() < length) return {};
      begin += length;
    }
    return {};
  }

  // After so many more bytes of events.
  Result<void> check_memory(uint64_t taken) {
    unchecked_bytes_ += taken;
    if (!check_memory_ || unchecked_bytes_ < kCheckedBytes) return {};
    unchecked_bytes_ = 0;
    return check_memory_(builder_.bytes_to_build());
  }

  // Likewise of a log, which may be stored in chunks.
  Result<void> each_listed_range(const ListedObject& object, const Take& take) {
    for (uint64_t begin = 0; begin < object.object.size; begin += kReadBytes) {
      const uint64_t length = std::min(object.object.size - begin, kReadBytes);
      TRY_ASSIGN(const std::string bytes,
                 read_listed(store_, listing_, object.key, begin, length, deadline_));
      TRY_ASSIGN(const bool goes_on, take(bytes));
      TRY(check_memory(bytes.size()));
      if (!goes_on || bytes.size() < length) return {};
    }
    return {};
  }

  // A raylet's log that is gone is no damage: without it no task, actor, node or job is missing.
  Result<void> read_raylet_log_begin(const Piece& piece) {
    const Result<std::string> lines = read_whole(piece);
    if (!lines && lines.error().kind == ErrorKind::not_found) return {};
    if (!lines) return lines.error();
    builder_.set_folder(session_folder_in(*lines, listing_.session.name.str()));
    return {};
  }

  Result<std::string> read_whole(const Piece& piece) {
    if (piece.end > kJobSourceLimit)
      return Error{ErrorKind::invalid, fmt::format("larger than {} bytes", kJobSourceLimit)};
    return read_listed(store_, listing_, piece.object->key, 0, piece.end, deadline_);
  }

  EventCutter cutter(EventCutter::Form form = EventCutter::Form::unknown) {
    const auto on_event = [this](std::string_view event) {
      if (reader_.read(event)) {
        ++events_;
        return;
      }
      // A growing file may end within a line: what is missing of it comes later.
      const bool is_torn = is_at_end_ && event.starts_with('{');
      if (!is_torn) ++not_events_;
    };
    return EventCutter(on_event, form);
  }

  void finish(EventCutter& events) {
    is_at_end_ = true;
    events.finish();
    is_at_end_ = false;
    too_long_ += events.too_long();
  }

  // Such a file has at most 100 MB, and a line a few KB. What is no line of its kind is left out: the
  // first of a file that took over another's place, the last while it is written.
  Result<void> read_exported(const ListedObject& object) {
    EventCutter lines([this](std::string_view line) { exports_.read(line); }, EventCutter::Form::lines);
    TRY(each_listed_range(object, [&](std::string_view bytes) -> Result<bool> {
      lines.feed(bytes);
      return true;
    }));
    lines.finish();
    if (lines.too_long() > 0) return Error{ErrorKind::invalid, "it has lines that are too long"};
    return {};
  }

  // The lines that begin behind the piece's first byte, and one that begins where it ends: whoever reads the
  // piece before reads on to the end of its last line, and to this one's first line break at the least.
  Result<void> read_events(const Piece& piece) {
    if (piece.look == nullptr) return read_from_its_beginning(*piece.object);
    const std::string& key = piece.object->key;
    const uint64_t size = piece.object->object.size;
    TRY_ASSIGN(const FileForm form, look_at_form(key, *piece.look));
    // An array, and what is packed, is read from its beginning to its end.
    if (form != FileForm::lines)
      return piece.begin > 0 ? Result<void>() : read_from_its_beginning(*piece.object);
    // A line may begin as an array does.
    EventCutter events = cutter(EventCutter::Form::lines);
    bool is_at_line = piece.begin == 0;
    TRY(each_range(key, piece.begin, piece.end, [&](std::string_view bytes) -> Result<bool> {
      if (!is_at_line) {
        const size_t line_end = bytes.find('\n');
        if (line_end == std::string_view::npos) return true;
        bytes.remove_prefix(line_end + 1);
        is_at_line = true;
      }
      events.feed(bytes);
      return true;
    }));
    if (is_at_line && piece.end < size) {
      const auto take_rest = [&](std::string_view bytes) -> Result<bool> {
        const size_t line_end = bytes.find('\n');
        if (line_end == std::string_view::npos) {
          events.feed(bytes);
          return true;
        }
        events.feed(bytes.substr(0, line_end + 1));
        return false;
      };
      TRY(each_range(key, piece.end, size, take_rest, kFirstRestBytes));
    }
    finish(events);
    return {};
  }

  Result<FileForm> look_at_form(const std::string& key, FormLook& look) {
    std::call_once(look.once, [&] {
      const Result<std::string> bytes = store_.get(key, 0, kFormBytes, deadline_);
      look.form = bytes ? Result<FileForm>(form_of(*bytes)) : Result<FileForm>(bytes.error());
    });
    return look.form;
  }

  // Of a packed file that breaks off or is broken, what comes before counts.
  Result<void> read_from_its_beginning(const ListedObject& object) {
    std::optional<Gunzip> gunzip;
    uint64_t plain_left = kInflatedBytes + object.object.size * kInflatedPerPackedByte;
    bool is_begin = true;
    EventCutter events = cutter();
    auto outcome = each_range(object.key, 0, object.object.size, [&](std::string_view bytes) -> Result<bool> {
      if (std::exchange(is_begin, false) && form_of(bytes) == FileForm::gzip) gunzip.emplace();
      if (gunzip) {
        TRY(unpack(*gunzip, bytes, events, plain_left));
      } else {
        events.feed(bytes);
      }
      return true;
    });
    finish(events);
    if (outcome && gunzip && !gunzip->is_complete())
      return Error{ErrorKind::invalid, "its gzip data is cut short"};
    if (outcome && events.ends_within_array()) return Error{ErrorKind::invalid, "its array is cut short"};
    return outcome;
  }

  Result<void> unpack(Gunzip& gunzip, std::string_view bytes, EventCutter& events, uint64_t& plain_left) {
    gunzip.feed(bytes);
    while (true) {
      // A few packed bytes can be much work.
      if (deadline_.expired(system_clock().steady_now())) {
        return Error{ErrorKind::cancelled,
                     "unpacking a file of events was cancelled by its deadline or a stop"};
      }
      TRY_ASSIGN(const std::string_view plain, gunzip.next());
      if (plain.empty()) return {};
      if (plain.size() > plain_left) {
        return Error{ErrorKind::invalid,
                     fmt::format("it unpacks to more than {} times its size", kInflatedPerPackedByte)};
      }
      plain_left -= plain.size();
      events.feed(plain);
      TRY(check_memory(plain.size()));
    }
  }

  Store& store_;
  const SessionListing& listing_;
  const Deadline& deadline_;
  const MemoryCheck& check_memory_;
  SessionBuilder& builder_;
  EventReader reader_;
  ExportReader exports_;
  Damage& damage_;
  uint64_t events_ = 0;      // of the piece
  uint64_t not_events_ = 0;  // likewise
  uint64_t too_long_ = 0;    // likewise
  bool is_at_end_ = false;   // what is given now is what no line break ends
  uint64_t unchecked_bytes_ = 0;
};

void report_unknown_events(const SessionState& state, const SessionListing& listing) {
  const UnknownEvents& events = state.unknown_events;
  if (events.total() == 0) return;
  std::vector<std::string> types;
  for (const auto& [type, count] : events.of_type)
    types.push_back(fmt::format("{} {}", count, type));
  if (events.of_other_types > 0) types.push_back(fmt::format("{} of other types", events.of_other_types));
  log_info("the session has events of types that this version does not know; it does not show them",
           {{"session", listing.session.prefix},
            {"events", events.total()},
            {"types", fmt::format("{}", fmt::join(types, ", "))}});
}

}  // namespace

Result<std::shared_ptr<const SessionState>> load_state(Store& store, const SessionListing& listing,
                                                       const Deadline& deadline, unsigned threads,
                                                       const MemoryCheck& check_memory) {
  SessionBuilder builder;
  Damage damage;
  Pieces found = pieces_of(listing, builder);
  const std::vector<Piece>& pieces = found.all;
  std::atomic<size_t> next{0};
  std::mutex mutex;
  std::optional<Error> first_error;  // guarded by mutex
  const auto work = [&] {
    PieceReader reader(store, listing, deadline, check_memory, builder, damage);
    for (size_t i = next++; i < pieces.size(); i = next++) {
      auto outcome = reader.read(pieces[i]);
      if (outcome) continue;
      next = pieces.size();
      const std::lock_guard lock(mutex);
      if (!first_error) first_error = std::move(outcome).error();
      return;
    }
  };
  {
    std::vector<std::jthread> others;
    const size_t wanted = std::clamp<size_t>(pieces.size(), 1, std::max(threads, 1U));
    while (others.size() + 1 < wanted)
      others.emplace_back(work);
    work();
  }
  if (first_error) return std::move(*first_error).in("loading " + listing.session.prefix);
  Result<std::shared_ptr<SessionState>> built = builder.build(deadline, threads);
  if (!built) return std::move(built).error().in("loading " + listing.session.prefix);
  const std::shared_ptr<SessionState> state = *std::move(built);
  state->partial_failure = damage.text(listing);
  report_unknown_events(*state, listing);
  return std::shared_ptr<const SessionState>(state);
}

}  // namespace rayhistory::historyserver
