// The states of a key of the store, as far as this run of the collector knows. Each case has a name; a key
// has exactly one of them at a time. Only log_family.h changes the state of a key, and docs/design/ledger.md
// shows each change.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/file.h"
#include "shipper/shipment.h"
#include "store/store.h"

namespace rayhistory::collector {

// Which bytes a key holds: those of a file between two truncations.
struct Content {
  FileIdentity identity;
  uint32_t generation = 0;
  friend bool operator==(const Content&, const Content&) = default;
};

inline Content content_of(const Shipment& shipment) {
  return {shipment.identity, shipment.generation};
}

// Whether another key holds the bytes of an object too, so that it may be overwritten.
enum class SecondCopy {
  unknown,
  begun,  // a copy to preserving_key() was sent, and may or may not have arrived
  kept,
};

struct ObjectHere {
  StoredObject object;
  SecondCopy second_copy = SecondCopy::unknown;
  // Rotated logs' keys whose objects were compared with this one and do not begin with it.
  std::vector<std::string> not_kept_at = {};
};

struct NotListed {};  // the prefix was not listed yet
struct Absent {};     // the store has no object at the key
struct Listed {       // an earlier run wrote the object; its bytes were not compared with any file
  ObjectHere here;
};
struct Holds {  // the first bytes of `content`, as many as the object is long
  ObjectHere here;
  Content content;
  bool is_version = false;  // the file is replaced again and again (file_versions.h)
};
struct Orphaned {  // bytes of an earlier generation whose file is unknown to this run
  ObjectHere here;
};
struct Vacated {  // an empty object, because its former bytes are under a rotated log's key
  ObjectHere here;
};

using CertainState = std::variant<NotListed, Absent, Listed, Holds, Orphaned, Vacated>;

struct Uncertain {  // a write may or may not have happened, and the next step must look at the key
  CertainState before;
};

using KeyState = std::variant<NotListed, Absent, Listed, Holds, Orphaned, Vacated, Uncertain>;

template <typename Case>
bool is(const KeyState& state) {
  return std::holds_alternative<Case>(state);
}

// The object at the key, or nothing where there is none. Of an uncertain key: the object before the write.
const ObjectHere* object_at(const KeyState& state);
ObjectHere* object_at(KeyState& state);

// The content of which the key holds the first bytes, where that is known.
const Content* content_at(const KeyState& state);

// How the object at a key relates to the file that belongs there.
enum class Relation {
  unlisted,
  no_object,
  beginning,  // the file begins with the object
  unknown,    // the two have to be compared
  earlier,    // the object is another generation's
};
// For an uncertain key it is the relation before the write.
Relation relation_of(const KeyState& state, const Shipment& file);

// Names of events and of rotated logs contain the file's identity, so their keys hold no other file's bytes.
inline bool key_names_content(const Shipment& shipment) {
  return shipment.kind != ShipmentKind::log;
}

// The key is known to be as it should be: it holds all of the file, or is empty where no file belongs.
bool holds_all(const KeyState& state, const Shipment& file);

// The object's bytes were not compared with any file yet.
bool is_only_listed(const KeyState& state);

// How many bytes of a content of that size the key holds. An object that was only listed counts as the
// beginning of the file, as nearly all of them are.
uint64_t stored_bytes(const KeyState& state, const Content& content, uint64_t size);

}  // namespace rayhistory::collector
