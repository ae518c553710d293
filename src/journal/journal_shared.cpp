#include "journal/journal_shared.h"

#include "base/shared_path.h"
#include "store/store.h"

namespace rayhistory::collector {
namespace {

// A name that is taken is tried again with the next nanosecond; so many in a row are not taken by chance.
constexpr int kNameTries = 1'000;

bool is_name_free(const JournalFolder& folder, const SessionName& session, const JournalName& name) {
  const SharedPath path = folder.file(session, name);
  for (const SharedPath& taken : {path, path.with_suffix(".gz")}) {
    const Result<FileStatus> status = status_of(taken);
    if (status || status.error().kind != ErrorKind::not_found) return false;
  }
  return true;
}

}  // namespace

Shipment JournalShared::shipment(const SessionName& session, const JournalName& name, bool gzip) const {
  Shipment shipment;
  shipment.kind = ShipmentKind::events;
  shipment.key = keys.journal(session, name, gzip);
  shipment.prefix_length = keys.node_prefix(session, name.node).size();
  shipment.content_type = gzip ? kGzipContent : kJsonLinesContent;
  shipment.grows = !gzip;
  return shipment;
}

JournalName JournalShared::free_name(const SessionName& session, JournalName name) const {
  for (int tries = 0; tries < kNameTries && !is_name_free(folder, session, name); ++tries)
    ++name.opened_nanoseconds;
  return name;
}

}  // namespace rayhistory::collector
