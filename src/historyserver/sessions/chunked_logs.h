// Logs that KubeRay's collector stored in chunks.
//
// Since 1.8 it stores a log of a running session each time as the bytes that the log has gained, under
// "<log>.chunks/<offset>": the offset of the chunk's first byte, in 20 decimal digits. When its process
// starts again, it begins at 0 with one chunk of all that is there, and earlier chunks of higher offsets
// stay. A log that was rotated or cut begins at 0 too. Our collector stores no
// chunks.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "historyserver/sessions/log_slice.h"
#include "store/store.h"

namespace rayhistory::historyserver {

// Which chunks make up which log of one session. Immutable once made; any thread.
class ChunkedLogs {
 public:
  // Replaces the chunks among `objects`, which are in the order of their keys and all below `prefix` of a
  // session, by the logs that they make up: each under the log's own key, with the size of all its chunks and
  // an ETag that changes with any of theirs. A chunk belongs to its log if it begins where the one before
  // ended. One that begins earlier is a leftover; one that begins later ends the log, as in KubeRay's History
  // Server.
  //
  // A whole object counts before the chunks of the same log: it is our
  // collector's, which took over from KubeRay's. The exception is a KubeRay collector that took over from
  // ours, and whose chunks were written later.
  static ChunkedLogs take_from(std::vector<ListedObject>& objects, std::string_view prefix);

  // The ranges of the store's objects that hold the bytes of `slice`: of a log without chunks itself.
  std::vector<LogSlice> in_store(const LogSlice& slice) const;
  std::vector<LogSlice> in_store(const std::vector<LogSlice>& slices) const;

  // About how much memory it takes.
  uint64_t bytes() const;

 private:
  struct Chunk {
    uint64_t offset = 0;
    StoredObject object;
  };

  std::map<std::string, std::vector<Chunk>, std::less<>> logs_;  // by the log's key
};

}  // namespace rayhistory::historyserver
