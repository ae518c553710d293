// What the parts of one journal share: the files that take events (journal.cpp) and those that do no more
// (sealed_journals.h).
#pragma once

#include <atomic>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "journal/disk_budget.h"
#include "journal/remembered_events.h"
#include "journal/session_nodes.h"
#include "layout/local_path.h"
#include "layout/object_key.h"
#include "shipper/shipment_consumer.h"

namespace rayhistory::collector {

struct JournalShared {
  const JournalFolder folder;
  const ObjectKeys keys;
  const bool compression;
  const Clock& clock;
  ShipmentConsumer& consumer;

  DiskBudget budget;
  std::atomic<bool> cancelled{false};  // compressions end

  std::mutex mutex;  // guards all that follows, and the parts themselves where they say no other
  RememberedEvents remembered;
  SessionNodes nodes;

  bool compresses(JournalKind kind) const { return compression && kind != JournalKind::rejected_events; }
  // Key and kind; what file it is, is the caller's to say.
  Shipment shipment(const SessionName& session, const JournalName& name, bool gzip) const;
  // The first name from `name` on that no journal bears, compressed or not.
  JournalName free_name(const SessionName& session, JournalName name) const;
};

}  // namespace rayhistory::collector
