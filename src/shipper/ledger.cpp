#include "shipper/ledger.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "layout/rotated_log.h"
#include "shipper/upload_plan.h"

namespace rayhistory::collector {
namespace {

using Step = Task::Step;

// A file that is not where it was offered is being renamed, and the next scan offers it at its new path. This
// only bounds the wait for that scan.
constexpr Nanoseconds kFileMovedDelay = Seconds(5);
// The store client has tried several times already (retrying_store.h), so the cause lies with this one key.
constexpr Nanoseconds kFailedDelay = Seconds(5);
// Only a change of the file or of the settings will help. Trying again is cheap and needs no signal from
// either.
constexpr Nanoseconds kInvalidDelay = Seconds(300);

}  // namespace

// ---- keys, families and prefixes

Ledger::Entry* Ledger::find(std::string_view key) {
  const auto found = entries_.find(key);
  return found == entries_.end() ? nullptr : found->second.get();
}

Ledger::Entry& Ledger::entry_of(std::string key, Prefix& prefix) {
  if (Entry* known = find(key)) return *known;
  auto made = std::make_unique<Entry>();
  Entry& entry = *made;
  entry.key = std::move(key);
  entry.number = next_number_++;
  entry.prefix = &prefix;
  if (prefix.listing == Listing::done) not_found(entry);
  entries_.emplace(entry.key, std::move(made));
  if (const auto family = families_.find(entry.key); family != families_.end()) {
    family->second.live = &entry;
    entry.family = &family->second;
  } else if (const auto rotated = parse_rotated_log(entry.key)) {
    join_family(entry, rotated->live_path);
  }
  return entry;
}

void Ledger::join_family(Entry& rotated, const std::string& live_key) {
  const auto [place, is_new] = families_.try_emplace(live_key);
  Family& family = place->second;
  if (rotated.family == &family) return;
  if (rotated.family != nullptr) rotated.family->rotated.erase(rotated.key);
  rotated.family = &family;
  family.rotated.emplace(rotated.key, &rotated);
  if (!is_new) return;
  family.live = find(live_key);
  if (family.live != nullptr) family.live->family = &family;
}

Ledger::Prefix& Ledger::prefix_at(const std::string& prefix) {
  const auto [place, is_new] = prefixes_.try_emplace(prefix);
  if (is_new) place->second.text = prefix;
  return place->second;
}

Ledger::Prefix& Ledger::prefix_of(const std::string& key) {
  auto place = prefixes_.upper_bound(key);
  while (place != prefixes_.begin())
    if (key.starts_with((--place)->first)) return place->second;
  UNREACHABLE("an object below no prefix");
}

// ---- what is offered

void Ledger::offer(Shipment shipment, SteadyTime now) {
  const std::string key = std::exchange(shipment.key, {});
  CHECK(shipment.prefix_length <= key.size());
  Entry* known = find(key);
  Entry& entry = known != nullptr ? *known : entry_of(key, prefix_at(key.substr(0, shipment.prefix_length)));
  adopt_generation(entry, shipment);
  const bool is_first = !entry.shipment;
  const bool had_unsent = !is_first && !holds_all(entry.state, *entry.shipment);
  const bool is_other_file = !is_first && content_of(*entry.shipment) != content_of(shipment);
  const bool has_moved = !is_first && entry.shipment->path != shipment.path;
  if (is_first) {
    entry.versions.first_file();
  } else if (!is_other_file) {
    entry.versions.same_file(shipment.size > entry.shipment->size);
  } else if (!is_newer_version(entry, shipment, now) && had_unsent) {
    abandon_unsent(entry);
  }

  entry.content = content_of(shipment);
  entry.shipment = std::move(shipment);
  entry.request = Request::none;
  entry.reported = false;
  // A file that is replaced every 10 s would never be due if each version began to wait again.
  if (!had_unsent) entry.oldest_unsent = now;
  if (is_first) entry.oldest_unsent -= std::min(entry.shipment->waited, options_.push_interval);
  if (is_other_file || has_moved) entry.not_before = {};
  if (const std::string& live_key = entry.shipment->moved_from; !live_key.empty()) {
    entry_of(live_key, *entry.prefix);
    join_family(entry, live_key);
  }
  recount(entry);
  // A key that is ready keeps its place: its file has grown, and its turn stays.
  if (entry.place() == Schedule::Place::none || entry.place() == Schedule::Place::waiting) {
    schedule_.remove(entry);
    place(entry);
  }
}

// The rest of an ended session is offered by a part of the collector that does not know how often the tracker
// saw the file cut short, nor whether it was cut short since.
void Ledger::adopt_generation(Entry& entry, Shipment& shipment) {
  const bool may_lack_generation = shipment.final && shipment.generation == 0 && entry.content.has_value();
  if (!may_lack_generation || entry.content->generation == 0) return;
  if (entry.content->identity != shipment.identity) return;
  shipment.generation = entry.content->generation;
  compare_again(entry);
}

bool Ledger::is_newer_version(Entry& entry, const Shipment& next, SteadyTime now) const {
  if (key_names_content(next)) return false;
  entry.versions.next_file({.goes_on_elsewhere = is_rotated_away(entry, *entry.content),
                            .was_vacant = !entry.shipment->has_file()},
                           now, options_.push_interval);
  if (entry.versions.is_version() && next.keep_earlier && !std::exchange(entry.versions_logged, true)) {
    log_info(
        "a file is replaced more often than it is stored: the newest version is stored at each push interval",
        {{"key", entry.key}, {"path", entry.shipment->path.str()}});
  }
  return entry.versions.is_version() || (entry.versions.replaces_whole() && next.renamed_over) ||
         !next.keep_earlier;
}

void Ledger::withdraw(const std::string& key, SteadyTime now) {
  Entry* entry = find(key);
  if (entry == nullptr || !entry->shipment || entry->shipment->held_open) return;
  if (entry->busy) {
    if (entry->request == Request::none) entry->request = Request::withdraw;
    return;
  }
  if (!holds_all(entry->state, *entry->shipment)) abandon_unsent(*entry);
  give_up(*entry, now);
}

void Ledger::hand_over(const std::string& key, SteadyTime now) {
  Entry* entry = find(key);
  if (entry == nullptr || !entry->shipment) return;
  if (entry->busy) {
    entry->request = Request::hand_over;
    return;
  }
  give_up(*entry, now);
}

void Ledger::give_up(Entry& entry, SteadyTime now) {
  entry.claim = Claim::decided;
  drop_shipment(entry);
  unpark_family(entry);
  vacate(entry, now);
}

void Ledger::drop_shipment(Entry& entry) {
  schedule_.remove(entry);
  entry.shipment.reset();
  recount(entry);
}

void Ledger::vacate(Entry& live, SteadyTime now) {
  if (!may_be_vacated(live)) return;
  Shipment nothing;
  nothing.key = live.key;
  nothing.prefix_length = live.prefix->text.size();
  nothing.content_type = kTextContent;
  // It waits for a push interval, because its writer usually makes a new file a moment later.
  offer(std::move(nothing), now);
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
  if (is_rotated_away(entry, given_up.content)) return;
  const uint64_t lost = given_up.size - stored_bytes(entry.state, given_up.content, given_up.size);
  if (lost == 0) return;
  ShipperTotals& totals = totals_of(kind);
  totals.bytes_abandoned += lost;
  ++totals.files_abandoned;
  log_warning("file gone before all of it was stored",
              {{"path", given_up.path}, {"key", entry.key}, {"bytes", lost}});
}

void Ledger::recount(Entry& entry) {
  const bool counts = has_work(entry);
  if (std::exchange(entry.is_counted, counts) == counts) return;
  if (counts) {
    ++unstored_;
    ++entry.prefix->unstored;
  } else {
    CHECK(unstored_ > 0 && entry.prefix->unstored > 0);
    --unstored_;
    --entry.prefix->unstored;
  }
}

// ---- prefixes

void Ledger::look_below(const std::string& prefix) {
  prefix_at(prefix);
}

void Ledger::prefix_ended(const std::string& prefix, std::function<void()> on_done) {
  Prefix& ended = prefix_at(prefix);
  ended.has_ended = true;
  if (on_done) ended.on_done.push_back(std::move(on_done));
  forget_if_done(ended);
}

bool Ledger::all_stored() const {
  return unstored_ == 0 && std::none_of(prefixes_.begin(), prefixes_.end(), [](const auto& item) {
           const Prefix& prefix = item.second;
           return prefix.listing != Listing::done || !prefix.on_done.empty() || prefix.is_being_reported;
         });
}

bool Ledger::is_done(const Prefix& prefix) const {
  if (!prefix.has_ended || prefix.unstored > 0 || prefix.listing != Listing::done) return false;
  if (prefix.is_being_reported) return false;
  // settle() asks again for a key that is busy.
  return std::none_of(entries_.begin(), entries_.end(),
                      [&](const auto& item) { return item.second->prefix == &prefix && item.second->busy; });
}

void Ledger::forget_if_done(Prefix& prefix) {
  if (!prefix.on_done.empty() || !is_done(prefix)) return;
  // All keys of a family are below the same prefix.
  std::erase_if(families_, [&](const auto& item) { return item.first.starts_with(prefix.text); });
  std::erase_if(entries_, [&](const auto& item) {
    if (item.second->prefix != &prefix) return false;
    schedule_.remove(*item.second);
    return true;
  });
  prefixes_.erase(std::string(prefix.text));
}

std::optional<Task> Ledger::next_task_of_prefixes(SteadyTime now) {
  for (auto& [text, prefix] : prefixes_) {
    if (prefix.listing == Listing::none && prefix.not_before <= now) {
      prefix.listing = Listing::under_way;
      return Task{.step = Step::list_prefix, .key = text, .other_key = {}, .stored = {}, .shipment = {}};
    }
    if (!prefix.on_done.empty() && is_done(prefix)) {
      Task task{.step = Step::report_ended, .key = text, .other_key = {}, .stored = {}, .shipment = {}};
      task.shipment.on_stored = std::move(prefix.on_done.back());
      prefix.on_done.pop_back();
      prefix.is_being_reported = true;
      return task;
    }
  }
  return std::nullopt;
}

void Ledger::found(ListedObject object) {
  Prefix& prefix = prefix_of(object.key);
  collector::found(entry_of(std::move(object.key), prefix), std::move(object.object));
}

void Ledger::settle_listing(const Task& task, const TaskResult& result, SteadyTime now) {
  Prefix& prefix = prefixes_.at(task.key);
  if (result.outcome != Outcome::done) {
    prefix.listing = Listing::none;
    prefix.not_before = now + kFailedDelay;
    const bool has_failed = result.outcome == Outcome::failed && result.error->kind != ErrorKind::cancelled;
    // The same refusal every few seconds is logged once.
    if (has_failed && std::exchange(prefix.failure, result.error->message) != result.error->message) {
      log_warning("what is stored already cannot be listed, so nothing below it is stored; trying again",
                  {{"prefix", task.key}, {"error", result.error->message}});
    }
    return;
  }
  prefix.listing = Listing::done;
  prefix.failure.clear();
  for (const auto& [key, entry] : entries_)
    if (entry->prefix == &prefix) not_found(*entry);
  unpark(prefix.parked);
  for (const auto& [key, family] : families_)
    if (family.live != nullptr && key.starts_with(prefix.text)) vacate(*find(key), now);
  forget_if_done(prefix);
}

// ---- turns

void Ledger::place(Entry& entry) {
  if (entry.busy || !has_work(entry)) return;
  if (entry.prefix->listing != Listing::done) {
    schedule_.park(entry);
    entry.prefix->parked.push_back(&entry);
    return;
  }
  // A file that is as long as its object still has to be compared with it, or reported.
  SteadyTime due = due_of(entry).value_or(entry.oldest_unsent);
  if (draining_) due = std::min(due, entry.oldest_unsent);
  schedule_.wait(entry, std::max(due, entry.not_before), rank_of(entry));
}

std::optional<SteadyTime> Ledger::due_of(const Entry& entry) const {
  const Shipment& file = *entry.shipment;
  FileProgress progress{.local_size = file.size,
                        .stored_size = {},
                        .final = file.final,
                        .grows = file.grows,
                        .oldest_unsent = entry.oldest_unsent,
                        .growth = growth_};
  const ObjectHere* here = object_at(entry.state);
  const bool may_be_beginning =
      is_only_listed(entry.state) || relation_of(entry.state, file) == Relation::beginning;
  if (here != nullptr && may_be_beginning) progress.stored_size = here->object.size;
  return due_time(progress, options_.push_interval);
}

Schedule::Rank Ledger::rank_of(const Entry& entry) const {
  const Shipment& file = *entry.shipment;
  const ObjectHere* here = object_at(entry.state);
  const uint64_t stored = here == nullptr ? 0 : here->object.size;
  const uint64_t to_send = file.size > stored ? file.size - stored : 0;
  const auto waiting_since = static_cast<uint64_t>(entry.oldest_unsent.time_since_epoch().count());
  return {.kind = file.kind,
          .evicted_later = std::numeric_limits<uint64_t>::max() - file.urgency,
          .cost = draining_ ? to_send : waiting_since,
          .number = entry.number};
}

void Ledger::park(Entry& entry) {
  CHECK(entry.family != nullptr);
  schedule_.park(entry);
  static_cast<Family*>(entry.family)->parked.push_back(&entry);
}

void Ledger::unpark(std::vector<Entry*>& parked) {
  for (Entry* entry : std::exchange(parked, {})) {
    schedule_.unpark(*entry);
    recount(*entry);
    place(*entry);
  }
}

void Ledger::unpark_family(const Entry& entry) {
  if (entry.family != nullptr) unpark(static_cast<Family*>(entry.family)->parked);
}

void Ledger::begin_drain(SteadyTime now) {
  draining_ = true;
  schedule_.begin_drain();
  for (const auto& [key, entry] : entries_) {
    if (entry->place() == Schedule::Place::parked) continue;
    schedule_.remove(*entry);
    place(*entry);
  }
  schedule_.promote(now);
}

std::optional<SteadyTime> Ledger::next_due() const {
  std::optional<SteadyTime> due = schedule_.next_due();
  for (const auto& [text, prefix] : prefixes_) {
    if (!prefix.on_done.empty() && is_done(prefix)) return SteadyTime::min();
    if (prefix.listing == Listing::none && (!due || prefix.not_before < *due)) due = prefix.not_before;
  }
  return due;
}

std::optional<Task> Ledger::next_task(SteadyTime now) {
  if (auto task = next_task_of_prefixes(now)) return task;
  while (Schedule::Turn* turn = schedule_.next(now)) {
    Entry& entry = static_cast<Entry&>(*turn);
    const NextStep step = entry.busy ? NextStep{NextStep::Kind::wait} : next_step(entry);
    switch (step.kind) {
      case NextStep::Kind::perform:
        return start(entry, step, now);
      case NextStep::Kind::wait:
        park(entry);
        break;
      case NextStep::Kind::nothing:
        recount(entry);
        break;
      case NextStep::Kind::leave:
        drop_shipment(entry);
        forget_if_done(*entry.prefix);
        break;
    }
  }
  return std::nullopt;
}

Task Ledger::start(Entry& entry, const NextStep& step, SteadyTime now) {
  Entry* other = step.other_key.empty() ? nullptr : &entry_of(step.other_key, *entry.prefix);
  begin(entry, other, step.step);
  entry.step_started = now;
  const bool builds_on_other =
      step.step == Step::compare || step.step == Step::complete || step.step == Step::claim;
  const ObjectHere* source = object_at((builds_on_other ? *other : entry).state);
  return {.step = step.step,
          .key = entry.key,
          .other_key = step.other_key,
          .stored = source == nullptr ? StoredObject{} : source->object,
          .shipment = *entry.shipment,
          .replaces_anything = step.step == Step::put && entry.refusals == WriteRefusals::several};
}

// ---- what has come of a step

void Ledger::settle(const Task& task, const TaskResult& result, SteadyTime now) {
  if (task.step == Step::list_prefix) return settle_listing(task, result, now);
  if (task.step == Step::report_ended) {
    Prefix& prefix = prefixes_.at(task.key);
    prefix.is_being_reported = false;
    return forget_if_done(prefix);
  }
  Entry& entry = *find(task.key);
  Prefix& prefix = *entry.prefix;
  Entry* other = task.other_key.empty() || task.other_key == task.key ? nullptr : find(task.other_key);
  apply(entry, task.other_key == task.key ? &entry : other, task, result);
  note_outcome(entry, task, result, now);
  if (const auto given_up = std::exchange(entry.given_up, std::nullopt))
    count_given_up(entry, task.shipment.kind, *given_up);

  unpark_family(entry);
  if (other != nullptr) {
    recount(*other);
    settle_request(*other, now);
    if (other->place() == Schedule::Place::none) place(*other);
  }
  recount(entry);
  settle_request(entry, now);
  // The rotated log's key may hold more of the live key's object now.
  if (Entry* live = find(task.shipment.moved_from)) vacate(*live, now);
  finish(entry);
  forget_if_done(prefix);
}

void Ledger::note_outcome(Entry& entry, const Task& task, const TaskResult& result, SteadyTime now) {
  switch (result.outcome) {
    case Outcome::done:
      entry.failure.clear();
      return count_done(entry, task, now);
    case Outcome::different:
      // The put asked for nothing and was refused for what is there: another look will not help.
      if (task.replaces_anything && result.error) note_failure(entry, task, *result.error, now);
      return;
    case Outcome::file_moved:
      entry.not_before = now + kFileMovedDelay;
      // No scan will offer it again: a restarted raylet's session goes on under another node's prefix.
      if (entry.prefix->has_ended) entry.request = Request::hand_over;
      return;
    case Outcome::failed:
      return note_failure(entry, task, *result.error, now);
  }
}

void Ledger::count_done(Entry& entry, const Task& task, SteadyTime now) {
  const bool has_written = task.step == Step::complete || task.step == Step::claim ||
                           task.step == Step::preserve || task.step == Step::put || task.step == Step::extend;
  if (!has_written) return;
  ShipperTotals& totals = totals_of(task.shipment.kind);
  ++totals.objects_written;
  last_written_ = now;
  if (task.step == Step::put) totals.bytes_sent += task.shipment.size;
  if (task.step == Step::extend || task.step == Step::complete)
    totals.bytes_sent += task.shipment.size - task.stored.size;
  // Bytes that came meanwhile have been waiting since the step began at most.
  if (task.step == Step::put || task.step == Step::extend) entry.oldest_unsent = entry.step_started;
}

void Ledger::note_failure(Entry& entry, const Task& task, const Error& error, SteadyTime now) {
  if (error.kind == ErrorKind::cancelled) return;
  // The store cannot copy: the file is put.
  if (error.kind == ErrorKind::unsupported && task.step == Step::claim) return;
  // An earlier generation was cut short while it was read. The present one has its own chance.
  if (entry.content != content_of(task.shipment)) return;
  entry.failure = error.message;
  const bool is_permanent = error.kind == ErrorKind::invalid || error.kind == ErrorKind::unsupported;
  entry.not_before = now + (is_permanent ? kInvalidDelay : kFailedDelay);
  log_warning("file not stored, will be tried again", {{"key", entry.key},
                                                       {"path", task.shipment.path.str()},
                                                       {"error", error.message},
                                                       {"retry_in", is_permanent ? "5m" : "5s"}});
}

void Ledger::settle_request(Entry& entry, SteadyTime now) {
  switch (std::exchange(entry.request, Request::none)) {
    case Request::none:
      return;
    case Request::withdraw:
      return withdraw(entry.key, now);
    case Request::hand_over:
      return hand_over(entry.key, now);
  }
}

void Ledger::finish(Entry& entry) {
  const bool is_finished = !has_work(entry) && entry.shipment && entry.shipment->final;
  if (!is_finished) {
    if (entry.place() == Schedule::Place::none) place(entry);
    return;
  }
  const bool is_events = entry.shipment->kind == ShipmentKind::events;
  drop_shipment(entry);
  // The journal never offers the same events again.
  if (is_events) entries_.erase(std::string(entry.key));
}

// ---- figures

std::optional<ShippingFailure> Ledger::failure() const {
  for (const auto& [text, prefix] : prefixes_)
    if (!prefix.failure.empty()) return ShippingFailure{text, prefix.failure};
  for (const auto& [key, entry] : entries_)
    if (!entry->failure.empty() && has_work(*entry)) return ShippingFailure{entry->key, entry->failure};
  return std::nullopt;
}

std::optional<Stall> Ledger::stall(SteadyTime now) const {
  const Nanoseconds patience = options_.push_interval * kStallIntervals;
  // While something is being stored, files that wait behind it are not stalled.
  const bool is_moving = last_written_ && now - *last_written_ < patience;
  std::optional<Stall> stall;
  for (const auto& [key, entry] : entries_) {
    if (!has_work(*entry) || holds_all(entry->state, *entry->shipment)) continue;
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
    if (!has_work(*entry) || holds_all(entry->state, *entry->shipment)) continue;
    const Shipment& shipment = *entry->shipment;
    Backlog& backlog = shipment.kind == ShipmentKind::events ? backlogs.events : backlogs.logs;
    ++backlog.files;
    backlog.bytes += shipment.size - stored_bytes(entry->state, content_of(shipment), shipment.size);
    const Nanoseconds age = now - entry->oldest_unsent;
    if (age <= backlog.oldest && !backlog.oldest_key.empty()) continue;
    backlog.oldest = age;
    backlog.oldest_key = key;
  }
  return backlogs;
}

}  // namespace rayhistory::collector
