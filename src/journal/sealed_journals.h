// Journal files that take no more events, from their sealing until the store has them: they wait until their
// session and node are known, are compressed where that is wanted, offered for shipping, and removed once
// they are stored.
//
// All calls with the journal's mutex held, unless they say otherwise. Shipments may outlive it: an on_stored
// that comes later does nothing.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "base/shared_tree.h"
#include "journal/journal_backlog.h"
#include "journal/journal_shared.h"
#include "journal/recovery.h"

namespace rayhistory::collector {

struct SealedJournal {
  SessionName session;
  JournalName name;
  bool gzip = false;
  SharedPath path;
  FileIdentity identity;
  uint64_t size = 0;      // to be stored, and in the budget
  uint64_t last_id = 0;   // sequence number that none of its events' IDs is beyond
  bool compress = false;  // before it is offered
  int compress_failures = 0;

  bool is_known() const { return session != unknown_session() && name.node != unknown_node(); }
};

class SealedJournals : public std::enable_shared_from_this<SealedJournals> {
 public:
  explicit SealedJournals(std::shared_ptr<JournalShared> shared) : shared_(std::move(shared)) {}

  void add(SealedJournal sealed);
  // Offers what waited, where session and node are known by now.
  void resolve_waiting();
  void add_to(JournalBacklog& backlog) const;

  // Without the mutex: takes seconds. Each file that is to be compressed is, and then offered.
  void compress();
  // Without the mutex: takes seconds. What earlier runs left.
  void take_up(const FoundJournals& found);

 private:
  Result<void> give_known_name(SealedJournal& sealed);
  void offer(SealedJournal sealed);

  // Without the mutex.
  void compress(SealedJournal sealed);
  void stored(const SealedJournal& sealed);
  void remember_before_removing(const SealedJournal& sealed);
  bool is_superseded(const FoundJournal& journal);
  void take_up_plain(const FoundJournal& journal);
  void take_up_sealed(const FoundJournal& journal, uint64_t size);

  const std::shared_ptr<JournalShared> shared_;
  std::vector<SealedJournal> waiting_;  // for their session or node
  std::deque<SealedJournal> to_compress_;

  // Held while a file is compressed, and while IDs are saved: one at a time. Before the journal's mutex.
  std::mutex compress_mutex_;
  std::mutex save_mutex_;
};

}  // namespace rayhistory::collector
