// One session as the store has it: where its objects are, and which there are.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "historyserver/sessions/chunked_logs.h"
#include "layout/object_key.h"
#include "store/store.h"

namespace rayhistory::historyserver {

struct StoredSession {
  ClusterPlace place;
  SessionName name;
  std::string prefix;  // of all its keys, with the root, ending in '/'
};

// The objects of a session, listed once: what its state is loaded from, its logs are listed from, and what
// tells whether there is anything new (equal listings: no). Immutable; any thread.
struct SessionListing {
  StoredSession session;
  // By key; all below session.prefix. A log that is stored in chunks is one of them, as if it were one
  // object.
  std::vector<ListedObject> objects;
  ChunkedLogs chunked;

  // The objects below `path` of the session ("<node>/logs/", "fetched_endpoints/").
  std::vector<const ListedObject*> below(std::string_view path) const;
  // Nothing where there is no object at that path.
  const ListedObject* find(std::string_view path) const;
  // The nodes that have anything, by ID.
  std::vector<NodeId> nodes() const;
};

// Bytes [offset, offset + length) of a listed object, fewer at its end; of a log in chunks, joined.
Result<std::string> read_listed(Store& store, const SessionListing& listing, const std::string& key,
                                uint64_t offset, uint64_t length, const Deadline& deadline);

// Several pages where there are many. An error is one of the store's: a session that cannot be listed is
// never an empty one.
Result<SessionListing> list_session(Store& store, StoredSession session, const Deadline& deadline);

}  // namespace rayhistory::historyserver
