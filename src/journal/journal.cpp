#include "journal/journal.h"

#include <utility>

#include "base/log.h"
#include "journal/event.h"
#include "journal/growing_journals.h"
#include "journal/recovery.h"
#include "journal/sealed_journals.h"

namespace rayhistory::collector {

Journal::Journal(JournalFolder folder, ObjectKeys keys, JournalOptions options, const Clock& clock,
                 ShipmentConsumer& consumer, NodeOfSession node_of_session)
    : options_(options), found_(find_journals(folder)) {
  RememberedEvents remembered(folder, found_, clock.unix_nanoseconds());
  shared_.reset(new JournalShared{std::move(folder),
                                  std::move(keys),
                                  options.compression,
                                  clock,
                                  consumer,
                                  DiskBudget(options.max_disk_bytes),
                                  {},
                                  {},
                                  std::move(remembered),
                                  SessionNodes(std::move(node_of_session))});
  shared_->budget.add(found_.bytes);
  sealed_ = std::make_shared<SealedJournals>(shared_);
  growing_ = std::make_unique<GrowingJournals>(*shared_, *sealed_, options.max_file_bytes);
}

Journal::~Journal() = default;

Result<BatchOutcome> Journal::append(std::string_view body) {
  const DiskBudget& budget = shared_->budget;
  const bool refused = budget.refuses(body.size());
  watch_pressure();
  if (refused) {
    count_refused(&JournalTotals::batches_refused_disk_pressure);
    return Error{ErrorKind::no_space, "event journals hold " + std::to_string(budget.used_bytes()) + " of " +
                                          std::to_string(budget.limit_bytes()) +
                                          " bytes (--event-max-disk-mb): waiting for the store to take them"};
  }

  const std::lock_guard lock(shared_->mutex);
  Result<const CutBatch*> batch = cutter_.cut(body);
  if (!batch) {
    count_refused(&JournalTotals::batches_refused_malformed);
    return std::move(batch).error();
  }
  const BatchPlan plan(**batch, shared_->nodes, shared_->remembered.ids(), shared_->clock.unix_nanoseconds(),
                       GrowingJournals::kLimit);
  if (Result<void> written = growing_->write(plan); !written) {
    count_refused(&JournalTotals::batches_refused_write_failure);
    return std::move(written).error();
  }
  if (!(*batch)->sessions.empty()) shared_->nodes.set_named((*batch)->sessions.back());
  count_taken(plan);
  return plan.outcome();
}

void Journal::count_refused(uint64_t JournalTotals::*reason) {
  const std::lock_guard lock(totals_mutex_);
  ++totals_.batches;
  ++(totals_.*reason);
}

void Journal::count_taken(const BatchPlan& plan) {
  const std::lock_guard lock(totals_mutex_);
  ++totals_.batches;
  totals_.stored += plan.outcome().stored;
  totals_.rejected += plan.outcome().rejected;
  totals_.duplicate += plan.outcome().duplicate;
  for (const BatchPlan::Group& group : plan.groups())
    totals_.bytes_written += group.bytes;
}

void Journal::recover() {
  FoundJournals found;
  {
    const std::lock_guard lock(shared_->mutex);
    found = std::exchange(found_, {});
  }
  sealed_->take_up(found);
}

void Journal::set_running(const std::optional<SessionName>& session, const std::optional<NodeId>& node) {
  const std::lock_guard lock(shared_->mutex);
  if (shared_->nodes.set_running(session, node)) {
    // Also what waits for session or node: it is given its name below, once it no longer grows.
    growing_->seal_if([&](const GrowingJournal& file) {
      return !session || file.place.session != *session || !node || file.place.node != *node;
    });
  }
  sealed_->resolve_waiting();
}

void Journal::tick() {
  {
    const std::lock_guard lock(shared_->mutex);
    growing_->forget_vanished();
    const SteadyTime now = shared_->clock.steady_now();
    // A file gives its room back when it is sealed and stored, and no event will come that would make it
    // seal.
    const bool is_full = shared_->budget.refuses(0);
    growing_->seal_if([&](const GrowingJournal& file) {
      return is_full || now - file.opened >= options_.rotation_interval;
    });
    sealed_->resolve_waiting();
    const JournalBacklog recent = backlog_now();
    const std::lock_guard totals_lock(totals_mutex_);
    recent_backlog_ = recent;
  }
  sealed_->compress();
  watch_pressure();
}

void Journal::seal_all() {
  {
    const std::lock_guard lock(shared_->mutex);
    growing_->seal_if([](const GrowingJournal&) { return true; });
    sealed_->resolve_waiting();
  }
  sealed_->compress();
}

void Journal::cancel() {
  shared_->cancelled = true;
}

void Journal::watch_pressure() {
  const DiskBudget& budget = shared_->budget;
  const bool now = budget.refuses(0);
  if (under_pressure_.exchange(now) == now) return;
  if (now) {
    log_warning(
        "event journals have filled their disk budget: events are refused until the store has taken some",
        {{"bytes", budget.used_bytes()}, {"limit_bytes", budget.limit_bytes()}});
  } else {
    log_info("event journals are within their disk budget again: events are taken",
             {{"bytes", budget.used_bytes()}, {"limit_bytes", budget.limit_bytes()}});
  }
}

JournalTotals Journal::totals() const {
  const std::lock_guard lock(totals_mutex_);
  JournalTotals totals = totals_;
  totals.sync_times = growing_->sync_times();
  return totals;
}

JournalBacklog Journal::backlog() const {
  const std::lock_guard lock(shared_->mutex);
  return backlog_now();
}

JournalBacklog Journal::recent_backlog() const {
  std::optional<JournalBacklog> now;
  if (const std::unique_lock lock(shared_->mutex, std::try_to_lock); lock) now = backlog_now();
  const std::lock_guard lock(totals_mutex_);
  if (now) recent_backlog_ = *now;
  return recent_backlog_;
}

JournalBacklog Journal::backlog_now() const {
  JournalBacklog backlog;
  sealed_->add_to(backlog);
  growing_->add_to(backlog);
  return backlog;
}

bool Journal::is_full() const {
  return under_pressure_;
}

uint64_t Journal::disk_bytes() const {
  return shared_->budget.used_bytes();
}

}  // namespace rayhistory::collector
