// What an earlier run, however it ended, has left in the journals' folder.
//
// Nothing found there can stop the start: what is not understood is left where it is, with one warning. Any
// thread.
#pragma once

#include <cstdint>
#include <vector>

#include "base/file.h"
#include "base/shared_tree.h"
#include "journal/event_id_memory.h"
#include "layout/local_path.h"

namespace rayhistory::collector {

struct FoundJournal {
  JournalFolder::Found found;
  SharedPath path;
  FileStatus status;
};

struct FoundJournals {
  std::vector<FoundJournal> plain;       // .jsonl, oldest first
  std::vector<FoundJournal> compressed;  // .jsonl.gz, oldest first
  uint64_t bytes = 0;
};

// The file, in the journals' folder, that event_id_memory.h speaks of.
SharedPath recent_event_ids_path(const JournalFolder& folder);

// Looks at names and sizes only. Removes torn writes (*.tmp) and logs what it does not know.
FoundJournals find_journals(const JournalFolder& folder);

// The event IDs in the last lines of the files last written to, oldest first. Reads a bounded number of
// bytes: events are to be taken within 100 ms of the start.
std::vector<EventIdHash> last_event_ids(const FoundJournals& journals, size_t limit);

// How many of the file's first `size` bytes are complete lines, without what a crash leaves behind them: a
// torn line, and the room that the file was kept longer by (journal_file.h), which is blank lines, or zeros
// in a file of an earlier version.
Result<uint64_t> size_of_whole_lines(const SharedPath& path, uint64_t size);

}  // namespace rayhistory::collector
