#include "historyserver/cache/session_cache.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/duration.h"
#include "base/log.h"
#include "base/memory_use.h"
#include "historyserver/state/export_log.h"
#include "historyserver/state/job_sources.h"

namespace rayhistory::historyserver {
namespace {

// Of a listed object: its key and ETag on the heap, and what holds them.
constexpr uint64_t kListedObjectBytes = sizeof(ListedObject) + 64;

// What a state is made of: events, what the dashboard answered, what tells of submissions; all else are logs.
struct Source {
  const ListedObject* object;
  // Of it a state takes that it is there, and its first lines: that it grows changes nothing.
  bool is_submissions_log;
};

std::vector<Source> sources_of(const SessionListing& listing) {
  constexpr std::array<std::string_view, 4> kPlaces = {"/node_events/", "/job_events/", "/fetched_endpoints/",
                                                       "/logs/events/event_JOBS"};
  std::vector<Source> sources;
  for (const ListedObject& object : listing.objects) {
    const std::string_view key = object.key;
    const std::string_view path = key.substr(listing.session.prefix.size());
    const bool is_submissions_log = submission_of_log_file(path).has_value();
    const bool is_other_source =
        is_export_log(path) || std::any_of(kPlaces.begin(), kPlaces.end(), [&](std::string_view place) {
          return key.find(place) != std::string_view::npos;
        });
    if (is_submissions_log || is_other_source) sources.push_back({&object, is_submissions_log});
  }
  return sources;
}

bool are_equal(const ListedObject& a, const ListedObject& b) {
  return a.key == b.key && a.object == b.object;
}

bool are_equal_sources(const Source& a, const Source& b) {
  if (!a.is_submissions_log) return are_equal(*a.object, *b.object);
  return a.object->key == b.object->key && (a.object->object.size == 0) == (b.object->object.size == 0);
}

bool has_equal_sources(const SessionListing& a, const SessionListing& b) {
  const std::vector<Source> of_a = sources_of(a);
  const std::vector<Source> of_b = sources_of(b);
  return std::equal(of_a.begin(), of_a.end(), of_b.begin(), of_b.end(), are_equal_sources);
}

bool has_equal_objects(const SessionListing& a, const SessionListing& b) {
  return std::equal(a.objects.begin(), a.objects.end(), b.objects.begin(), b.objects.end(), are_equal);
}

uint64_t bytes_of(const SessionListing& listing) {
  uint64_t bytes = listing.chunked.bytes();
  for (const ListedObject& object : listing.objects)
    bytes += kListedObjectBytes + object.key.size();
  return bytes;
}

}  // namespace

SessionCache::SessionCache(Store& store, LoadState load_state, SessionCacheLimits limits, const Clock& clock)
    : store_(store),
      load_state_(std::move(load_state)),
      limits_(limits),
      clock_(clock),
      threads_(limits.loads_at_once) {}

Result<std::shared_ptr<const LoadedSession>> SessionCache::get(const StoredSession& session) {
  const std::shared_ptr<Entry> entry = entry_of(session);
  const std::shared_ptr<const LoadedSession> before = entry->at_hand();
  auto loaded = entry->get();
  if (!loaded) return loaded;
  if (before && before->state == (*loaded)->state) ++hits_;

  const std::lock_guard lock(mutex_);
  const auto place = places_.find(session.prefix);
  // Gone, or another one in its place: who asked has it all the same.
  if (place == places_.end() || place->second.entry != entry) return loaded;
  weigh(place->second, (*loaded)->bytes);
  make_room(session.prefix);
  return loaded;
}

std::shared_ptr<SessionCache::Entry> SessionCache::entry_of(const StoredSession& session) {
  const std::lock_guard lock(mutex_);
  const SteadyTime now = clock_.steady_now();
  auto found = places_.find(session.prefix);
  if (found == places_.end()) {
    by_use_.push_front(session.prefix);
    auto entry = std::make_shared<Entry>(
        "session " + session.prefix, session.place.name_space.str(),
        [this, session](const std::shared_ptr<const LoadedSession>& before, const Deadline& deadline) {
          return load(session, before, deadline);
        },
        limits_.reload, threads_, clock_);
    found = places_.emplace(session.prefix, Place{std::move(entry), by_use_.begin(), 0, now}).first;
  }
  by_use_.splice(by_use_.begin(), by_use_, found->second.use);
  found->second.last_use = now;
  std::shared_ptr<Entry> entry = found->second.entry;
  make_room(session.prefix);
  return entry;
}

Result<std::shared_ptr<const LoadedSession>> SessionCache::load(
    const StoredSession& session, const std::shared_ptr<const LoadedSession>& before,
    const Deadline& deadline) {
  const SteadyTime began = clock_.steady_now();
  Result<SessionListing> listed = list_session(store_, session, deadline);
  if (!listed) {
    ++failures_;
    return std::move(listed).error();
  }
  if (before && has_equal_objects(*before->listing, *listed)) return before;
  auto loaded = std::make_shared<LoadedSession>();
  loaded->listing = std::make_shared<const SessionListing>(*std::move(listed));
  loaded->texts = std::make_shared<StoredTexts>(store_, loaded->listing);
  if (before && has_equal_sources(*before->listing, *loaded->listing)) {
    loaded->state = before->state;
  } else {
    ++loading_;
    Result<std::shared_ptr<const SessionState>> state =
        load_state_(*loaded->listing, deadline,
                    [&](uint64_t coming_bytes) { return check_memory(session, coming_bytes); });
    --loading_;
    if (!state) {
      ++failures_;
      return std::move(state).error();
    }
    loaded->state = *std::move(state);
    const Nanoseconds took = clock_.steady_now() - began;
    ++loads_;
    load_times_.add(took);
    log_info("session loaded", {{"session", session.prefix},
                                {"objects", loaded->listing->objects.size()},
                                {"tasks", loaded->state->attempts.size()},
                                {"bytes", loaded->state->bytes},
                                {"took", format_duration(took)}});
  }
  loaded->bytes = bytes_of(*loaded->listing) + loaded->state->bytes;
  return std::shared_ptr<const LoadedSession>(std::move(loaded));
}

Result<void> SessionCache::check_memory(const StoredSession& session, uint64_t coming_bytes) {
  if (limits_.heap_bytes == 0) return {};
  const auto is_too_much = [&] { return heap_bytes_in_use() + coming_bytes > limits_.heap_bytes; };
  if (!is_too_much()) return {};
  {
    const std::lock_guard lock(mutex_);
    drop_least_used(session.prefix, [&](const Place&) { return is_too_much(); });
  }
  return_free_memory();
  if (!is_too_much()) return {};
  constexpr uint64_t kMebibyte = 1024 * 1024;
  const uint64_t needed = (heap_bytes_in_use() + coming_bytes) / kMebibyte;
  if (loading_ > 1) {
    return Error{ErrorKind::cancelled,
                 "the memory is in use by other sessions that are being loaded; ask again in a minute"};
  }
  return Error{
      ErrorKind::no_space,
      fmt::format(
          "this session is too large for the memory: with a part of it loaded, {} MiB are needed, and "
          "sessions may take {} MiB of --memory-limit. Give the pod more memory",
          needed, limits_.heap_bytes / kMebibyte)};
}

void SessionCache::weigh(Place& place, uint64_t bytes) {
  bytes_ = bytes_ - place.bytes + bytes;
  place.bytes = bytes;
}

void SessionCache::make_room(const std::string& for_prefix) {
  const auto is_full = [&] {
    return places_.size() > limits_.sessions || (limits_.bytes != 0 && bytes_ > limits_.bytes);
  };
  const SteadyTime now = clock_.steady_now();
  const auto is_expired = [&](const Place& place) {
    return limits_.lifetime > Nanoseconds::zero() && now - place.last_use > limits_.lifetime;
  };
  drop_least_used(for_prefix, [&](const Place& place) { return is_full() || is_expired(place); });
}

// A session that is being loaded stays, because those who wait for it would have it loaded once more.
void SessionCache::drop_least_used(const std::string& for_prefix,
                                   const std::function<bool(const Place&)>& must_go) {
  for (auto use = by_use_.end(); use != by_use_.begin();) {
    --use;
    const auto place = places_.find(*use);
    if (!must_go(place->second)) break;
    if (place->first == for_prefix || place->second.entry->is_loading()) continue;
    ++use;  // stays valid when its neighbour goes
    evict(place);
    ++evictions_;
  }
}

void SessionCache::evict(std::map<std::string, Place>::iterator place) {
  bytes_ -= place->second.bytes;
  by_use_.erase(place->second.use);
  places_.erase(place);
}

void SessionCache::forget(const StoredSession& session) {
  const std::lock_guard lock(mutex_);
  const auto place = places_.find(session.prefix);
  if (place != places_.end() && !place->second.entry->is_loading()) evict(place);
}

SessionCacheFigures SessionCache::figures() const {
  SessionCacheFigures figures;
  figures.hits = hits_;
  figures.loads = loads_;
  figures.failures = failures_;
  figures.load_times = load_times_.counts();
  const std::lock_guard lock(mutex_);
  figures.sessions = places_.size();
  figures.bytes = bytes_;
  figures.evictions = evictions_;
  for (const auto& [prefix, place] : places_) {
    const auto loaded = place.entry->at_hand();
    if (loaded) figures.unknown_events += loaded->state->unknown_events.total();
  }
  return figures;
}

}  // namespace rayhistory::historyserver
