#include "historyserver/state/load_state.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
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
#include "historyserver/state/job_sources.h"
#include "historyserver/state/session_builder.h"

namespace rayhistory {
namespace {

// Of one call to the store: large enough that its latency does not count, small enough to be held a few
// times.
constexpr uint64_t kReadBytes = 4U << 20U;
// What one thread reads of a file of lines before the next one may take its turn.
constexpr uint64_t kPieceBytes = 4 * kReadBytes;
// Of what is behind a piece, for the end of its last line: a few times an event's length.
constexpr uint64_t kFirstRestBytes = 16U << 10U;
// Of the dashboard's list of jobs, and of the head's log of them: a job takes some 500 bytes, and at the end
// of a submission's message 20,000 of its log.
constexpr uint64_t kJobSourceLimit = 64U << 20U;
// Of a submission's log: its first lines say what was run.
constexpr uint64_t kJobLogBeginBytes = 16U << 10U;
// So many submissions are looked up in their logs, a call to the store each.
constexpr size_t kJobLogBegins = 256;

constexpr std::string_view kFetchedJobs = "fetched_endpoints/restful__api__jobs";

// Of a file that is read in several pieces: whether it is an array, asked for once.
struct ArrayLook {
  std::once_flag once;
  Result<bool> is_array = false;
};

// What one thread reads at a time.
struct Piece {
  enum class Form { events, gzip_events, job_log, job_log_begin, fetched_jobs };

  const ListedObject* object;
  Form form;
  uint64_t begin = 0;
  uint64_t end = 0;
  std::string_view submission_id = {};  // whose log begins here
  ArrayLook* look = nullptr;            // null: the only piece of its file
};

struct Pieces {
  std::vector<Piece> all;
  std::deque<ArrayLook> looks;
};

bool is_job_log(std::string_view path) {
  const size_t place = path.find("/logs/events/event_JOBS");
  return place != std::string_view::npos && path.find('/') == place && path.ends_with(".log");
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
  for (const ListedObject& object : listing.objects) {
    const std::string_view path = path_of(object, listing);
    const uint64_t size = object.object.size;
    add_job_of_log_file(builder, path);
    if (const auto id = submission_of_log_file(path); id && size > 0) {
      job_log_begins.push_back(
          {&object, Piece::Form::job_log_begin, 0, std::min(size, kJobLogBeginBytes), *id});
    } else if (path == kFetchedJobs) {
      has_fetched_jobs = true;
      pieces.push_back({&object, Piece::Form::fetched_jobs, 0, size});
    } else if (is_job_log(path)) {
      pieces.push_back({&object, Piece::Form::job_log, 0, size});
    } else if (is_event_file(path) && path.ends_with(".gz")) {
      pieces.push_back({&object, Piece::Form::gzip_events, 0, size});
    } else if (is_event_file(path)) {
      ArrayLook* const look = size > kPieceBytes ? &result.looks.emplace_back() : nullptr;
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
  // What has to be read from its beginning to its end takes longest: first.
  std::stable_partition(pieces.begin(), pieces.end(),
                        [](const Piece& piece) { return piece.form == Piece::Form::gzip_events; });
  return result;
}

// What became of it, over all threads.
struct Tally {
  std::atomic<uint64_t> files_read{0};
  std::atomic<uint64_t> files_not_read{0};
  std::atomic<uint64_t> events{0};
  std::atomic<uint64_t> not_events{0};
};

// One thread's work. Pieces' errors are the store's.
class PieceReader {
 public:
  PieceReader(Store& store, const Deadline& deadline, SessionBuilder& builder, Tally& tally)
      : store_(store), deadline_(deadline), builder_(builder), reader_(builder), tally_(tally) {}

  Result<void> read(const Piece& piece) {
    auto outcome = read_by_form(piece);
    const bool is_log = piece.form == Piece::Form::job_log_begin;  // and no file of events
    if (outcome) {
      if (piece.begin == 0 && !is_log) ++tally_.files_read;
      return {};
    }
    const ErrorKind kind = outcome.error().kind;
    if (kind != ErrorKind::not_found && kind != ErrorKind::invalid) return outcome;
    if (!is_log) ++tally_.files_not_read;
    log_warning("an object of the session cannot be read, and is left out",
                {{"key", piece.object->key}, {"error", outcome.error().message}});
    return {};
  }

 private:
  using Take = std::function<Result<bool>(std::string_view bytes)>;  // false: enough

  Result<void> read_by_form(const Piece& piece) {
    switch (piece.form) {
      case Piece::Form::events:
        return read_events(piece);
      case Piece::Form::gzip_events:
        return read_gzip_events(piece);
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
      case Piece::Form::fetched_jobs: {
        TRY_ASSIGN(const std::string body, read_whole(piece));
        if (!add_fetched_jobs(builder_, body)) return Error{ErrorKind::invalid, "no list of jobs"};
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
      if (!goes_on || bytes.size() < length) return {};
      begin += length;
    }
    return {};
  }

  Result<std::string> read_whole(const Piece& piece) {
    if (piece.end > kJobSourceLimit)
      return Error{ErrorKind::invalid, fmt::format("larger than {} bytes", kJobSourceLimit)};
    return store_.get(piece.object->key, 0, piece.end, deadline_);
  }

  EventCutter cutter(EventCutter::Form form = EventCutter::Form::unknown) {
    const auto on_event = [this](std::string_view event) {
      if (reader_.read(event)) {
        ++tally_.events;
      } else {
        ++tally_.not_events;
      }
    };
    return EventCutter(on_event, form);
  }

  void finish(EventCutter& events) {
    events.finish();
    tally_.not_events += events.too_long();
  }

  // The lines that begin behind the piece's first byte, and one that begins where it ends: whoever reads the
  // piece before reads on to the end of its last line, and to this one's first line break at the least.
  Result<void> read_events(const Piece& piece) {
    const std::string& key = piece.object->key;
    const uint64_t size = piece.object->object.size;
    if (piece.look != nullptr) {
      TRY_ASSIGN(const bool is_array, begins_as_array(key, *piece.look));
      // An array is read from its beginning to its end.
      if (is_array && piece.begin > 0) return {};
      if (is_array) return read_from(key, 0, size, [](std::string_view bytes) { return bytes; });
    }
    // A line may begin as an array does.
    EventCutter events =
        cutter(piece.look == nullptr ? EventCutter::Form::unknown : EventCutter::Form::lines);
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
        events.feed(bytes.substr(0, line_end));
        return line_end == std::string_view::npos;
      };
      TRY(each_range(key, piece.end, size, take_rest, kFirstRestBytes));
    }
    finish(events);
    return {};
  }

  Result<bool> begins_as_array(const std::string& key, ArrayLook& look) {
    std::call_once(look.once, [&] {
      const Result<std::string> bytes = store_.get(key, 0, 1, deadline_);
      look.is_array = bytes ? Result<bool>(bytes->starts_with('[')) : Result<bool>(bytes.error());
    });
    return look.is_array;
  }

  template <typename Unpack>
  Result<void> read_from(const std::string& key, uint64_t begin, uint64_t end, Unpack unpack) {
    EventCutter events = cutter();
    TRY(each_range(key, begin, end, [&](std::string_view bytes) -> Result<bool> {
      events.feed(unpack(bytes));
      return true;
    }));
    finish(events);
    return {};
  }

  // Of a file that breaks off or is broken, what comes before counts.
  Result<void> read_gzip_events(const Piece& piece) {
    Gunzip gunzip;
    EventCutter events = cutter();
    auto outcome = each_range(piece.object->key, 0, piece.object->object.size,
                              [&](std::string_view bytes) -> Result<bool> {
                                gunzip.feed(bytes);
                                while (true) {
                                  TRY_ASSIGN(const std::string_view plain, gunzip.next());
                                  if (plain.empty()) return true;
                                  events.feed(plain);
                                }
                              });
    finish(events);
    return outcome;
  }

  Store& store_;
  const Deadline& deadline_;
  SessionBuilder& builder_;
  EventReader reader_;
  Tally& tally_;
};

}  // namespace

Result<std::shared_ptr<const SessionState>> load_state(Store& store, const SessionListing& listing,
                                                       const Deadline& deadline, unsigned threads) {
  SessionBuilder builder;
  Tally tally;
  Pieces found = pieces_of(listing, builder);
  const std::vector<Piece>& pieces = found.all;
  std::atomic<size_t> next{0};
  std::mutex mutex;
  std::optional<Error> first_error;  // guarded by mutex
  const auto work = [&] {
    PieceReader reader(store, deadline, builder, tally);
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
  if (tally.files_read == 0 && tally.files_not_read > 0) {
    return Error{ErrorKind::invalid,
                 fmt::format("loading {}: not one of {} files of events can be read; the log names each",
                             listing.session.prefix, tally.files_not_read.load())};
  }
  if (tally.not_events > 0) {
    log_warning("lines that are no events were passed over",
                {{"session", listing.session.prefix}, {"lines", tally.not_events.load()}});
  }
  return builder.build(threads);
}

}  // namespace rayhistory
