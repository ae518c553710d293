// A Shipment names bytes on the local disk that belong in the store; it never holds them.
//
// One file, one key: the object at `key` is always a prefix of the file, and is done when the file is final
// and the object is as long. Offering the same key again updates what is known (it has grown, it is final, it
// has moved).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/file.h"
#include "base/shared_tree.h"

namespace rayhistory::collector {

enum class ShipmentKind {
  events,       // first: nobody else has them
  rotated_log,  // next: Ray deletes the oldest generation when the ring turns
  log,
};

struct Shipment {
  ShipmentKind kind = ShipmentKind::log;
  std::string key;
  // The length of the part of `key` that one node's keys of one session share, up to and with its slash. The
  // shipper lists it once, before the first shipment below it, to learn what an earlier run has stored.
  size_t prefix_length = 0;
  std::string_view content_type;  // static text

  SharedPath path;  // where the file is, and nowhere when only `held_open` has it
  FileIdentity identity;
  // Counts how often the same file was cut short (copytruncate): another generation is another content.
  uint32_t generation = 0;
  uint64_t size = 0;  // bytes that may be sent; never more than the file is known to hold
  // tail_digest (base/tail_digest.h) of these bytes, where they may be replaced in place (copytruncate): what
  // is read later is told apart from them by it, and not sent in their stead.
  std::optional<uint64_t> tail;
  // When the key is offered for the first time: how long these bytes have been lying there. What an earlier
  // run has left has waited long enough.
  Nanoseconds waited{0};
  bool final = false;  // the file will not grow any more
  // False for a file that its writer replaces again and again (a state dump): when another generation is at
  // the key, the earlier one's object is overwritten. True: it is kept under a rotated log's name (ledger.h).
  bool keep_earlier = true;
  // Its writer has renamed it over the file that was offered before: it is a newer version of that one.
  bool renamed_over = false;
  // False for a file that is one whole (gzip): it is put once, when final.
  bool grows = true;

  // Keeps the bytes reachable when the path may go away before they are sent. Empty: opened when needed.
  std::shared_ptr<const File> held_open;

  // rotated_log: the live file's key, under which the store may have this file's first bytes: they are copied
  // there.
  std::string moved_from;
  // rotated_log: its backup number; the highest is evicted next and goes first.
  uint64_t urgency = 0;

  // False: the object is to be empty (ledger.h).
  bool has_file() const { return held_open || !path.is_nowhere(); }

  // Called once, by a worker thread and without locks, when the file is final and the store holds all of it.
  std::function<void()> on_stored;
};

}  // namespace rayhistory::collector
