#include "shipper/ledger.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/check.h"
#include "base/digest.h"
#include "base/log.h"
#include "layout/rotated_log.h"
#include "shipper/upload_plan.h"

namespace rayhistory {
namespace {

// A file that is not where it was offered is being renamed: the next scan tells. This only bounds the wait
// for it.
constexpr Nanoseconds kFileMovedDelay = Seconds(5);
// The store is retried inside the call (retrying_store.h), so what fails here is a matter of this one file or
// key.
constexpr Nanoseconds kFailedDelay = Seconds(5);
// Nothing but a change of the file or the settings will help; asking again is cheap insurance.
constexpr Nanoseconds kInvalidDelay = Seconds(300);
// 60 bits: two objects of one key that agree in them do not occur, and the number stays one of 64 bits.
constexpr size_t kFingerprintDigits = 15;
// Of the nothing that a vacated key holds: no file's, and not what is unknown either.
constexpr uint32_t kVacatedGeneration = 1;

// Of the task's own key.
bool is_write(const Task& task) {
  return task.step == Task::Step::put || task.step == Task::Step::extend || task.step == Task::Step::claim;
}

}  // namespace

bool Ledger::holds_all(const Entry& entry) {
  if (!entry.shipment || !entry.stored) return false;
  const Shipment& file = *entry.shipment;
  const Stored& stored = *entry.stored;
  if (key_names_content(file)) return stored.object.size >= file.size;
  return stored.content == content_of(file) && stored.object.size == file.size;
}

uint64_t Ledger::stored_bytes(const Entry& entry, const Content& content, uint64_t size) {
  if (!entry.stored) return 0;
  const Stored& stored = *entry.stored;
  const bool is_its = stored.content ? *stored.content == content : stored.object.size <= size;
  return is_its ? std::min(stored.object.size, size) : 0;
}

bool Ledger::has_work(const Entry& entry) {
  if (!entry.shipment) return false;
  if (!entry.shipment->grows && !entry.shipment->final) return false;
  return !holds_all(entry) || (entry.shipment->final && entry.shipment->on_stored && !entry.reported);
}

Ledger::Entry* Ledger::find(const std::string& key) {
  const auto found = entries_.find(key);
  return found == entries_.end() ? nullptr : found->second.get();
}

Ledger::Entry& Ledger::entry_of(std::string key) {
  if (Entry* known = find(key)) return *known;
  auto entry = std::make_unique<Entry>();
  entry->key = std::move(key);
  entry->number = next_number_++;
  const std::string_view its_key = entry->key;
  if (parse_rotated_log(its_key)) rotated_.emplace(its_key, entry.get());
  return *entries_.emplace(its_key, std::move(entry)).first->second;
}

Ledger::Prefix& Ledger::prefix_of(const Entry& entry) {
  CHECK(entry.shipment->prefix_length <= entry.key.size());
  return prefix_at(entry.key.substr(0, entry.shipment->prefix_length));
}

Ledger::Prefix& Ledger::prefix_at(const std::string& prefix) {
  const auto [place, is_new] = prefixes_.try_emplace(prefix);
  if (is_new) place->second.text = prefix;
  return place->second;
}

void Ledger::offer(Shipment shipment, SteadyTime now) {
  Entry& entry = entry_of(std::exchange(shipment.key, {}));
  // Who offers the rest of an ended session does not know that a file was cut short once, as its tracker did.
  const bool is_cut_short = shipment.final && shipment.generation == 0 && entry.content.generation != 0;
  if (is_cut_short && shipment.identity == entry.content.identity) {
    shipment.generation = entry.content.generation;
    if (entry.stored) entry.stored->content.reset();  // nor that it was not cut short again
  }
  const bool is_first = !entry.shipment;
  const bool had_unsent = !is_first && !holds_all(entry);
  const bool is_other_file = entry.shipment && content_of(*entry.shipment) != content_of(shipment);
  const bool has_moved = entry.shipment && entry.shipment->path != shipment.path;
  const bool has_grown = !is_first && !is_other_file && shipment.size > entry.shipment->size;
  if (is_first) entry.version_before.reset();
  if (is_first || has_grown) entry.is_version = false;
  entry.has_grown = has_grown || (entry.has_grown && !is_first);
  const bool is_newer = is_other_file && is_newer_version(entry, shipment, now);
  if (is_other_file && had_unsent && !is_newer) abandon_unsent(entry);
  const bool was_rotated = entry.shipment && entry.shipment->kind == ShipmentKind::rotated_log;
  entry.shipment = std::move(shipment);
  entry.content = content_of(*entry.shipment);
  if (entry.prefix == nullptr) entry.prefix = &prefix_of(entry);
  entry.withdrawn = false;
  entry.handed_over = false;
  entry.reported = false;
  // A file that is replaced every 10 s would never be due if each version began to wait anew.
  if (!had_unsent) entry.oldest_unsent = now;
  if (is_first) entry.oldest_unsent -= std::min(entry.shipment->waited, options_.push_interval);
  if (is_other_file || has_moved) entry.not_before = {};
  if (entry.shipment->kind == ShipmentKind::rotated_log && !was_rotated &&
      !entry.shipment->moved_from.empty())
    entry_of(entry.shipment->moved_from).generations.push_back(&entry);
  recount(entry);
  // A place in the ready queue is kept: the file grew, its turn stays.
  if (entry.place != Place::ready && entry.place != Place::blocked) {
    unplace(entry);
    place(entry);
  }
}

void Ledger::withdraw(const std::string& key, SteadyTime now) {
  Entry* entry = find(key);
  if (entry == nullptr || !entry->shipment || entry->shipment->held_open) return;
  if (entry->busy) {
    entry->withdrawn = true;
    return;
  }
  if (!holds_all(*entry)) abandon_unsent(*entry);
  entry->claim_decided = true;
  drop_shipment(*entry);
  release_blocked_by(*entry);
  vacate(*entry, *entry->prefix, now);
}

void Ledger::hand_over(const std::string& key, SteadyTime now) {
  Entry* entry = find(key);
  if (entry == nullptr || !entry->shipment) return;
  if (entry->busy) {
    entry->handed_over = true;
    return;
  }
  entry->claim_decided = true;
  drop_shipment(*entry);
  release_blocked_by(*entry);
  // What was to take the place of a generation that has its own name by now goes on under another key.
  vacate(*entry, *entry->prefix, now);
}

void Ledger::vacate(Entry& live, const Prefix& prefix, SteadyTime now) {
  if (live.shipment || !live.stored || live.stored->object.size == 0) return;
  const bool is_a_generations =
      std::any_of(live.generations.begin(), live.generations.end(),
                  [&](const Entry* generation) { return generation->content == live.stored->content; });
  if (!is_a_generations && !live.stored->preserve_begun && possible_keeper(live) == nullptr) return;
  Shipment nothing;
  nothing.key = live.key;
  nothing.prefix_length = prefix.text.size();
  nothing.content_type = kTextContent;
  nothing.generation = kVacatedGeneration;
  // Not at once: as a rule the writer makes a new file a moment later.
  offer(std::move(nothing), now);
}

void Ledger::vacate_all(const Prefix& prefix, SteadyTime now) {
  const auto first = rotated_.lower_bound(prefix.text);
  for (auto rotated = first; rotated != rotated_.end() && rotated->first.starts_with(prefix.text); ++rotated)
    if (Entry* live = find(parse_rotated_log(rotated->first)->live_path)) vacate(*live, prefix, now);
}

bool Ledger::is_newer_version(Entry& entry, const Shipment& next, SteadyTime now) const {
  if (key_names_content(next)) return false;
  const bool goes_on_elsewhere =
      std::any_of(entry.generations.begin(), entry.generations.end(),
                  [&](const Entry* generation) { return generation->content == entry.content; });
  const bool is_whole = !std::exchange(entry.has_grown, false) && entry.shipment->has_file();
  const bool was_version = is_whole && !goes_on_elsewhere;
  const std::optional<SteadyTime> before = std::exchange(entry.version_before, std::nullopt);
  if (was_version) entry.version_before = now;
  entry.is_version = was_version && before && now - *before <= options_.push_interval;
  if (entry.is_version && next.keep_earlier) tell_versions(entry);
  return entry.is_version || (was_version && next.renamed_over) || !next.keep_earlier;
}

void Ledger::tell_versions(Entry& entry) const {
  if (std::exchange(entry.versions_told, true)) return;
  log_info(
      "a file is replaced more often than it is stored: the newest version is stored at each push interval",
      {{"key", entry.key}, {"path", entry.shipment->path.str()}});
}

void Ledger::abandon_unsent(Entry& entry) {
  const Shipment& file = *entry.shipment;
  GivenUp given_up{.content = content_of(file), .size = file.size, .path = file.path.str()};
  if (entry.busy && !entry.given_up) {
    entry.given_up = std::move(given_up);
  } else {
    count_given_up(entry, file.kind, given_up);
  }
}

void Ledger::count_given_up(const Entry& entry, ShipmentKind kind, const GivenUp& given_up) {
  const bool goes_on_elsewhere = std::any_of(entry.generations.begin(), entry.generations.end(),
                                             [&](const Entry* e) { return e->content == given_up.content; });
  if (goes_on_elsewhere) return;
  const uint64_t lost = given_up.size - stored_bytes(entry, given_up.content, given_up.size);
  if (lost == 0) return;
  ShipperTotals& totals = kind == ShipmentKind::events ? totals_.events : totals_.logs;
  totals.bytes_abandoned += lost;
  ++totals.files_abandoned;
  log_warning("file gone before all of it was stored",
              {{"path", given_up.path}, {"key", entry.key}, {"bytes", lost}});
}

void Ledger::drop_shipment(Entry& entry) {
  unplace(entry);
  entry.shipment.reset();
  recount(entry);
}

void Ledger::look_below(const std::string& prefix) {
  prefix_at(prefix);
}

void Ledger::prefix_ended(const std::string& prefix, std::function<void()> on_done) {
  Prefix& ended = prefix_at(prefix);
  ended.ended = true;
  if (on_done) ended.on_done.push_back(std::move(on_done));
  forget_if_done(ended);
}

bool Ledger::all_stored() const {
  return unstored_ == 0 && std::none_of(prefixes_.begin(), prefixes_.end(), [](const auto& item) {
           const Prefix& prefix = item.second;
           return prefix.state != PrefixState::listed || !prefix.on_done.empty() || prefix.is_being_told;
         });
}

bool Ledger::is_done(const Prefix& prefix) const {
  if (!prefix.ended || prefix.unstored > 0 || prefix.state != PrefixState::listed) return false;
  return !prefix.is_being_told && std::none_of(entries_.begin(), entries_.end(), [&](const auto& item) {
    return item.first.starts_with(prefix.text) && item.second->busy;  // its settling asks again
  });
}

void Ledger::forget_if_done(Prefix& prefix) {
  if (!prefix.on_done.empty() || !is_done(prefix)) return;
  const auto is_below = [&](const auto& item) { return item.first.starts_with(prefix.text); };
  // What points at any of these is below the same prefix.
  std::erase_if(rotated_, is_below);
  std::erase_if(entries_, [&](const auto& item) {
    if (!is_below(item)) return false;
    unplace(*item.second);
    return true;
  });
  prefixes_.erase(std::string(prefix.text));
}

void Ledger::begin_drain(SteadyTime now) {
  draining_ = true;
  for (const auto& [key, entry] : entries_) {
    if (entry->place == Place::blocked) continue;
    unplace(*entry);
    place(*entry);
  }
  promote(now);
}

void Ledger::recount(Entry& entry) {
  const bool counts = has_work(entry);
  if (counts == entry.counted) return;
  entry.counted = counts;
  if (counts) {
    ++unstored_;
    ++entry.prefix->unstored;
  } else {
    CHECK(unstored_ > 0 && entry.prefix->unstored > 0);
    --unstored_;
    --entry.prefix->unstored;
  }
}

void Ledger::place(Entry& entry) {
  CHECK(entry.place == Place::nowhere);
  if (entry.busy || !has_work(entry)) return;
  Prefix& prefix = *entry.prefix;
  if (prefix.state != PrefixState::listed) {
    prefix.entries.push_back(&entry);
    entry.place = Place::blocked;
    return;
  }
  // A file that is as long as its object still has to be compared with it, or reported.
  entry.due = due_of(entry).value_or(entry.oldest_unsent);
  if (draining_) entry.due = std::min(entry.due, entry.oldest_unsent);
  entry.due = std::max(entry.due, entry.not_before);
  entry.place = Place::waiting;
  waiting_of(entry).insert(&entry);
}

std::optional<SteadyTime> Ledger::due_of(const Entry& entry) const {
  const Shipment& file = *entry.shipment;
  FileProgress progress{.local_size = file.size,
                        .stored_size = {},
                        .final = file.final,
                        .grows = file.grows,
                        .oldest_unsent = entry.oldest_unsent,
                        .growth = growth_};
  const bool is_earlier = entry.stored && entry.stored->content && *entry.stored->content != content_of(file);
  if (entry.stored && !is_earlier) progress.stored_size = entry.stored->object.size;
  return due_time(progress, options_.push_interval);
}

void Ledger::unplace(Entry& entry) {
  switch (entry.place) {
    case Place::nowhere:
      break;
    case Place::waiting:
      waiting_of(entry).erase(&entry);
      break;
    case Place::ready:
      ready_.erase(&entry);
      if (std::get<ShipmentKind>(entry.rank) != ShipmentKind::events) --ready_logs_;
      break;
    case Place::blocked:
      return;  // whoever it is blocked on places it again
  }
  entry.place = Place::nowhere;
}

void Ledger::block(Entry& entry, Entry& on) {
  CHECK(entry.place == Place::nowhere);
  on.blocked.push_back(&entry);
  entry.place = Place::blocked;
}

void Ledger::release_blocked_by(Entry& entry) {
  for (Entry* blocked : std::exchange(entry.blocked, {})) {
    blocked->place = Place::nowhere;
    place(*blocked);
  }
}

Ledger::Rank Ledger::rank_of(const Entry& entry) const {
  const Shipment& file = *entry.shipment;
  const uint64_t stored = entry.stored ? entry.stored->object.size : 0;
  const uint64_t to_send = file.size > stored ? file.size - stored : 0;
  const uint64_t evicted_later = std::numeric_limits<uint64_t>::max() - file.urgency;
  const auto waiting_since = static_cast<uint64_t>(entry.oldest_unsent.time_since_epoch().count());
  return {file.kind, evicted_later, draining_ ? to_send : waiting_since, entry.number};
}

void Ledger::promote(SteadyTime now) {
  while (!waiting_events_.empty() && (*waiting_events_.begin())->due <= now)
    make_ready(**waiting_events_.begin());
  // A round of logs is let in when the one before is under way: so many at the most, the rest stays waiting.
  if (ready_logs_ > 0 && !draining_) return;
  while (!waiting_logs_.empty() && (*waiting_logs_.begin())->due <= now &&
         (draining_ || ready_logs_ < options_.log_batching))
    make_ready(**waiting_logs_.begin());
}

void Ledger::make_ready(Entry& entry) {
  waiting_of(entry).erase(&entry);
  entry.rank = rank_of(entry);
  entry.place = Place::ready;
  ready_.insert(&entry);
  if (is_log(entry)) ++ready_logs_;
}

std::optional<Task> Ledger::next_of_prefixes(SteadyTime now) {
  for (auto& [text, prefix] : prefixes_) {
    if (prefix.state == PrefixState::unlisted && prefix.not_before <= now) {
      prefix.state = PrefixState::being_listed;
      return Task{
          .step = Task::Step::list_prefix, .key = text, .other_key = {}, .stored = {}, .shipment = {}};
    }
    if (!prefix.on_done.empty() && is_done(prefix)) {
      Task task{.step = Task::Step::report_ended, .key = text, .other_key = {}, .stored = {}, .shipment = {}};
      task.shipment.on_stored = std::move(prefix.on_done.back());
      prefix.on_done.pop_back();
      prefix.is_being_told = true;
      return task;
    }
  }
  return std::nullopt;
}

std::optional<Task> Ledger::next_task(SteadyTime now) {
  if (auto task = next_of_prefixes(now)) return task;
  while (true) {
    promote(now);
    if (ready_.empty()) return std::nullopt;
    Entry& entry = **ready_.begin();
    unplace(entry);
    if (entry.busy) {
      block(entry, entry);
      continue;
    }
    if (auto task = plan(entry, now)) return task;
  }
}

std::optional<SteadyTime> Ledger::next_due() const {
  std::optional<SteadyTime> due;
  if (!ready_.empty()) return SteadyTime::min();
  for (const Waiting* waiting : {&waiting_events_, &waiting_logs_})
    if (!waiting->empty() && (!due || (*waiting->begin())->due < *due)) due = (*waiting->begin())->due;
  for (const auto& [text, prefix] : prefixes_) {
    if (!prefix.on_done.empty() && is_done(prefix)) return SteadyTime::min();
    if (prefix.state == PrefixState::unlisted && (!due || prefix.not_before < *due)) due = prefix.not_before;
  }
  return due;
}

Task Ledger::start(Entry& entry, Task::Step step, SteadyTime now, Entry* other) {
  entry.busy = true;
  entry.task_started = now;
  if (other != nullptr) other->busy = true;
  Task task{.step = step, .key = entry.key, .other_key = {}, .stored = {}, .shipment = *entry.shipment};
  if (other != nullptr) task.other_key = other->key;
  const bool builds_on_other =
      step == Task::Step::compare || step == Task::Step::complete || step == Task::Step::claim;
  const Entry& source = builds_on_other ? *other : entry;
  if (source.stored) task.stored = source.stored->object;
  task.anyhow = step == Task::Step::put && entry.put_whole;
  return task;
}

std::optional<Task> Ledger::plan(Entry& entry, SteadyTime now) {
  if (!has_work(entry)) return std::nullopt;
  const Shipment& file = *entry.shipment;
  if (entry.uncertain) return start(entry, Task::Step::look, now);
  if (!entry.stored) {
    if (!entry.claim_decided && file.kind == ShipmentKind::rotated_log && !file.moved_from.empty()) {
      Entry& live = entry_of(file.moved_from);
      if (live.busy) {
        block(entry, live);
        return std::nullopt;
      }
      if (live.uncertain) return start(entry, Task::Step::look, now, &live);
      const bool is_candidate =
          live.stored && live.stored->object.size > 0 && live.stored->object.size <= file.size;
      const bool is_of_unknown_origin =
          is_candidate && (!live.stored->content || live.stored->content == Content{});
      if (is_of_unknown_origin) return start(entry, Task::Step::compare, now, &live);
      if (is_candidate && live.stored->content == content_of(file)) {
        const bool is_whole = live.stored->object.size == file.size;
        return start(entry, is_whole ? Task::Step::claim : Task::Step::complete, now, &live);
      }
      entry.claim_decided = true;
    }
    return start(entry, Task::Step::put, now);
  }

  Stored& stored = *entry.stored;
  if (!stored.content) {
    if (key_names_content(file) || stored.object.size == 0) {
      stored.content = content_of(file);
    } else if (!file.has_file()) {
      // Whose it is, a file that comes yet may tell.
    } else if (stored.object.size > file.size) {
      stored.content = Content{};
    } else {
      return start(entry, Task::Step::compare, now, &entry);
    }
  }
  if (holds_all(entry)) {
    if (has_work(entry)) return start(entry, Task::Step::report_stored, now);
    recount(entry);
    return std::nullopt;
  }
  if (key_names_content(file) || stored.content == content_of(file)) {
    const bool can_extend =
        file.grows && !entry.put_whole && stored.object.size > 0 && stored.object.size < file.size;
    return start(entry, can_extend ? Task::Step::extend : Task::Step::put, now);
  }

  // The object is an earlier generation's. It goes to where it belongs before its place is taken.
  const bool is_wanted = file.keep_earlier && !(stored.is_version && entry.is_version);
  if (is_wanted && !stored.safe_elsewhere && stored.object.size > 0) {
    for (Entry* generation : entry.generations) {
      if (generation->shipment && !generation->stored && !generation->claim_decided) {
        block(entry, *generation);
        return std::nullopt;
      }
      if (!generation->uncertain || generation->content != stored.content) continue;
      if (!generation->busy) return start(entry, Task::Step::look, now, generation);
      block(entry, *generation);
      return std::nullopt;
    }
    if (is_kept_as_generation(entry)) return start(entry, Task::Step::put, now);
    // After a restart it may be one that was copied to its own name already.
    if (Entry* possible = possible_keeper(entry); possible != nullptr) {
      if (!possible->busy) return start(entry, Task::Step::compare_kept, now, possible);
      block(entry, *possible);
      return std::nullopt;
    }
    if (!file.has_file() && !stored.preserve_begun) {
      // Nobody has it but this key, where it stays.
      drop_shipment(entry);
      forget_if_done(*entry.prefix);
      return std::nullopt;
    }
    if (!stored.object.modified_nanoseconds) return start(entry, Task::Step::look, now);
    Entry& keeper = entry_of(preserving_key(entry));
    if (keeper.busy) {
      block(entry, keeper);
      return std::nullopt;
    }
    if (!keeper.stored || keeper.stored->object.size != stored.object.size) {
      stored.preserve_begun = true;
      return start(entry, Task::Step::preserve, now, &keeper);
    }
  }
  return start(entry, Task::Step::put, now);
}

bool Ledger::is_kept_as_generation(const Entry& entry) {
  return std::any_of(entry.generations.begin(), entry.generations.end(), [&](const Entry* generation) {
    return generation->content == entry.stored->content && generation->stored &&
           generation->stored->object.size >= entry.stored->object.size;
  });
}

Ledger::Entry* Ledger::possible_keeper(const Entry& entry) {
  // Only of an object that this run did not write: of its own it knows where they went.
  if (entry.stored->content && entry.stored->content != Content{}) return nullptr;
  const std::string beginning = rotated_log_beginning(entry.key);
  const auto first = rotated_.lower_bound(beginning);
  const auto possible = std::find_if(first, rotated_.end(), [&](const auto& item) {
    const auto& [key, other] = item;
    if (!key.starts_with(beginning)) return true;
    return other->stored && other->stored->object.size >= entry.stored->object.size &&
           parse_rotated_log(key)->live_path == entry.key &&
           std::find(entry.not_kept_in.begin(), entry.not_kept_in.end(), other) == entry.not_kept_in.end();
  });
  return possible != rotated_.end() && possible->first.starts_with(beginning) ? possible->second : nullptr;
}

std::string Ledger::preserving_key(const Entry& entry) {
  const StoredObject& object = entry.stored->object;
  const std::string fingerprint = to_hex(sha256(object.etag + '/' + std::to_string(object.size)));
  const uint64_t number = std::stoull(fingerprint.substr(0, kFingerprintDigits), nullptr, 16);
  return rotated_log_path(entry.key, *object.modified_nanoseconds, number);
}

void Ledger::found(ListedObject object) {
  Entry& entry = entry_of(object.key);
  // What was written while the listing went on is known better than from the listing.
  if (!entry.stored) entry.stored = Stored{.object = std::move(object.object), .content = {}};
}

void Ledger::settle_listing(const Task& task, const TaskResult& result, SteadyTime now) {
  Prefix& prefix = prefixes_.at(task.key);
  if (result.outcome != Outcome::done) {
    prefix.state = PrefixState::unlisted;
    prefix.not_before = now + kFailedDelay;
    const bool has_failed = result.outcome == Outcome::failed && result.error->kind != ErrorKind::cancelled;
    // The same refusal every few seconds is told once.
    if (has_failed && std::exchange(prefix.failure, result.error->message) != result.error->message) {
      log_warning("what is stored already cannot be listed, so nothing below it is stored; trying again",
                  {{"prefix", task.key}, {"error", result.error->message}});
    }
    return;
  }
  prefix.state = PrefixState::listed;
  prefix.failure.clear();
  for (Entry* entry : std::exchange(prefix.entries, {})) {
    entry->place = Place::nowhere;
    recount(*entry);
    place(*entry);
  }
  vacate_all(prefix, now);
  forget_if_done(prefix);
}

void Ledger::settle(const Task& task, const TaskResult& result, SteadyTime now) {
  if (task.step == Task::Step::list_prefix) return settle_listing(task, result, now);
  if (task.step == Task::Step::report_ended) {
    Prefix& prefix = prefixes_.at(task.key);
    prefix.is_being_told = false;
    return forget_if_done(prefix);
  }
  Entry& entry = *find(task.key);
  Entry* other = task.other_key.empty() ? nullptr : find(task.other_key);
  entry.busy = false;
  if (other != nullptr) other->busy = false;

  switch (result.outcome) {
    case Outcome::done:
      entry.failure.clear();
      settle_done(entry, other, task, result, now);
      break;
    case Outcome::different:
      settle_different(entry, other, task);
      if (is_refused_anyhow(task, result)) settle_failed(entry, task, *result.error, now);
      break;
    case Outcome::file_moved:
      if (is_write(task)) entry.uncertain = true;
      if (task.step == Task::Step::complete) other->uncertain = true;
      entry.not_before = now + kFileMovedDelay;
      // Nobody will tell where it went: a restarted raylet's session goes on under another node's prefix.
      if (entry.prefix->ended) entry.handed_over = true;
      break;
    case Outcome::failed:
      if (task.step == Task::Step::complete) other->uncertain = true;
      settle_failed(entry, task, *result.error, now);
      break;
  }

  if (const auto given_up = std::exchange(entry.given_up, std::nullopt))
    count_given_up(entry, task.shipment.kind, *given_up);
  release_blocked_by(entry);
  if (other != nullptr && other != &entry) {
    recount(*other);
    release_blocked_by(*other);
    // What was offered or withdrawn of it meanwhile had to wait.
    if (std::exchange(other->handed_over, false)) hand_over(other->key, now);
    if (std::exchange(other->withdrawn, false)) {
      withdraw(other->key, now);
    } else if (other->place == Place::nowhere && other->shipment) {
      place(*other);
    }
  }
  recount(entry);
  if (std::exchange(entry.handed_over, false)) hand_over(entry.key, now);
  if (std::exchange(entry.withdrawn, false)) withdraw(entry.key, now);
  Prefix& prefix = *entry.prefix;
  // Of a rotated file there may be more under its own name now.
  if (Entry* live = find(task.shipment.moved_from); live != nullptr) vacate(*live, prefix, now);
  if (!has_work(entry) && entry.shipment && entry.shipment->final) {
    const bool never_again = entry.shipment->kind == ShipmentKind::events;
    drop_shipment(entry);
    if (never_again) entries_.erase(task.key);
  } else if (entry.place == Place::nowhere) {
    place(entry);
  }
  forget_if_done(prefix);
}

void Ledger::count_written(const Shipment& shipment, SteadyTime now) {
  ++totals_of(shipment).objects_written;
  last_written_ = now;
}

void Ledger::settle_done(Entry& entry, Entry* other, const Task& task, const TaskResult& result,
                         SteadyTime now) {
  const Content content = content_of(task.shipment);
  switch (task.step) {
    case Task::Step::list_prefix:
    case Task::Step::report_ended:
      break;
    case Task::Step::look: {
      Entry& looked_at = other != nullptr ? *other : entry;
      looked_at.uncertain = false;
      // An ETag is of one write: that object is known.
      const bool is_as_before =
          looked_at.stored && !result.object.etag.empty() && looked_at.stored->object == result.object;
      if (is_as_before) {
        looked_at.stored->object = result.object;
      } else {
        looked_at.stored = Stored{.object = result.object, .content = {}};
        looked_at.not_kept_in.clear();
      }
      break;
    }
    case Task::Step::compare:
      if (other->stored) other->stored->content = content;
      break;
    case Task::Step::compare_kept:
      entry.stored->safe_elsewhere = true;
      break;
    case Task::Step::complete:
      other->stored = Stored{.object = result.object, .content = content};
      count_written(task.shipment, now);
      totals_of(task.shipment).bytes_sent += task.shipment.size - task.stored.size;
      break;
    case Task::Step::claim:
      entry.stored = Stored{.object = result.object, .content = content};
      if (other->stored) other->stored->safe_elsewhere = true;
      entry.claim_decided = true;
      count_written(task.shipment, now);
      break;
    case Task::Step::preserve:
      other->stored = Stored{.object = result.object, .content = entry.stored->content};
      entry.stored->safe_elsewhere = true;
      count_written(task.shipment, now);
      break;
    case Task::Step::put:
    case Task::Step::extend:
      count_written(task.shipment, now);
      totals_of(task.shipment).bytes_sent +=
          task.shipment.size - (task.step == Task::Step::extend ? task.stored.size : 0);
      entry.stored = Stored{.object = result.object, .content = content};
      entry.stored->is_version = entry.is_version && entry.content == content;
      entry.disagreed = false;
      entry.put_whole = false;
      entry.claim_decided = true;
      // What came meanwhile has been waiting since the task began at the most.
      entry.oldest_unsent = entry.task_started;
      break;
    case Task::Step::report_stored:
      entry.reported = true;
      break;
  }
}

bool Ledger::is_refused_anyhow(const Task& task, const TaskResult& result) {
  return task.step == Task::Step::put && task.anyhow && result.error.has_value();
}

void Ledger::settle_different(Entry& entry, Entry* other, const Task& task) {
  switch (task.step) {
    case Task::Step::look: {
      Entry& looked_at = other != nullptr ? *other : entry;
      looked_at.uncertain = false;
      looked_at.stored.reset();
      break;
    }
    case Task::Step::compare:
      if (other == &entry) {
        if (entry.stored) entry.stored->content = Content{};
      } else {
        entry.claim_decided = true;
      }
      break;
    case Task::Step::complete:
    case Task::Step::claim:
      // A request that came twice has found its own doing: what is there now is compared anew, once.
      other->uncertain = true;
      entry.claim_decided = std::exchange(entry.claim_refused, true);
      break;
    case Task::Step::compare_kept:
      entry.not_kept_in.push_back(other);
      break;
    case Task::Step::preserve:
      entry.uncertain = true;
      break;
    case Task::Step::put:
    case Task::Step::extend:
      entry.put_whole = std::exchange(entry.disagreed, true);
      entry.uncertain = true;
      break;
    case Task::Step::list_prefix:
    case Task::Step::report_stored:
    case Task::Step::report_ended:
      UNREACHABLE("a step that cannot find a difference");
  }
}

void Ledger::settle_failed(Entry& entry, const Task& task, const Error& error, SteadyTime now) {
  if (is_write(task)) entry.uncertain = true;
  if (error.kind == ErrorKind::cancelled) return;
  if (error.kind == ErrorKind::unsupported && task.step == Task::Step::claim) {
    entry.claim_decided = true;
    return;
  }
  // It was about an earlier generation, cut short while it was read: what is there now has its own chance.
  if (entry.content != content_of(task.shipment)) return;
  entry.failure = error.message;
  const bool is_permanent = error.kind == ErrorKind::invalid || error.kind == ErrorKind::unsupported;
  entry.not_before = now + (is_permanent ? kInvalidDelay : kFailedDelay);
  log_warning("file not stored, will be tried again", {{"key", entry.key},
                                                       {"path", task.shipment.path.str()},
                                                       {"error", error.message},
                                                       {"retry_in", is_permanent ? "5m" : "5s"}});
}

std::optional<ShippingFailure> Ledger::failure() const {
  for (const auto& [text, prefix] : prefixes_)
    if (!prefix.failure.empty()) return ShippingFailure{text, prefix.failure};
  for (const auto& [key, entry] : entries_)
    if (!entry->failure.empty() && has_work(*entry)) return ShippingFailure{entry->key, entry->failure};
  return std::nullopt;
}

std::optional<Stall> Ledger::stall(SteadyTime now) const {
  const Nanoseconds patience = options_.push_interval * kStallIntervals;
  // What waits behind others, while they are being stored, has its turn yet.
  const bool is_moving = last_written_ && now - *last_written_ < patience;
  std::optional<Stall> stall;
  for (const auto& [key, entry] : entries_) {
    if (!has_work(*entry) || holds_all(*entry)) continue;
    const std::optional<SteadyTime> due = due_of(*entry);
    if (!due || now - *due < patience) continue;
    const std::string& failure = entry->prefix->failure.empty() ? entry->failure : entry->prefix->failure;
    if (is_moving && failure.empty()) continue;
    if (!stall) stall.emplace();
    ++stall->files;
    if (now - *due <= stall->overdue) continue;
    stall->overdue = now - *due;
    stall->key = entry->key;
    stall->failure = failure;
  }
  return stall;
}

ShipperTotals Ledger::totals() const {
  const auto& [events, logs] = totals_;
  return {.objects_written = events.objects_written + logs.objects_written,
          .bytes_sent = events.bytes_sent + logs.bytes_sent,
          .bytes_abandoned = events.bytes_abandoned + logs.bytes_abandoned,
          .files_abandoned = events.files_abandoned + logs.files_abandoned};
}

Backlog Ledger::backlog(SteadyTime now) const {
  const auto [events, logs] = backlogs(now);
  const Backlog& older = events.oldest > logs.oldest ? events : logs;
  return {.files = events.files + logs.files,
          .bytes = events.bytes + logs.bytes,
          .oldest = older.oldest,
          .oldest_key = older.oldest_key};
}

EventsAndLogs<Backlog> Ledger::backlogs(SteadyTime now) const {
  EventsAndLogs<Backlog> backlogs;
  for (const auto& [key, entry] : entries_) {
    if (!has_work(*entry) || holds_all(*entry)) continue;
    const Shipment& shipment = *entry->shipment;
    Backlog& backlog = shipment.kind == ShipmentKind::events ? backlogs.events : backlogs.logs;
    ++backlog.files;
    backlog.bytes += shipment.size - stored_bytes(*entry, content_of(shipment), shipment.size);
    const Nanoseconds age = now - entry->oldest_unsent;
    if (age <= backlog.oldest && !backlog.oldest_key.empty()) continue;
    backlog.oldest = age;
    backlog.oldest_key = key;
  }
  return backlogs;
}

}  // namespace rayhistory
