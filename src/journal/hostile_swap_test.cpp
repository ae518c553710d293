// What a job that swaps folders and links can make the journal store, write or remove, at each system call
// that names something in the shared folder.
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/shared_path.h"
#include "journal/journal.h"
#include "testing/hostile_folder.h"
#include "testing/recording_consumer.h"

namespace rayhistory::collector {
namespace {

const SessionName kSession = *SessionName::parse("session_2026-11-23_02-27-20_324908_14170");
const NodeId kNode = *NodeId::parse("65ca4d20");
const DnsName kCluster = *DnsName::parse("c");
const std::string kFolder = "event-data/c_c";
const std::string kNodeEvents = kFolder + "/" + kSession.str() + "/node_events";
const std::string kEarlier = kNodeEvents + "/65ca4d20_17.jsonl";

std::string event(const std::string& id) {
  return R"({"eventId":")" + id + R"(","timestamp":"2026-11-23T02:27:23Z","sessionName":")" + kSession.str() +
         "\"}";
}

// A collector's life: it finds an earlier run's journal, takes events before and after the session is known,
// and stores all of it. What it stored.
std::string live(HostileFolder& folder, bool with_compression) {
  std::string stored;
  RecordingConsumer consumer;
  Journal journal(JournalFolder(folder.shared() / "event-data", kCluster, kCluster),
                  ObjectKeys("", {kCluster, kCluster, std::nullopt}), {.compression = with_compression},
                  system_clock(), consumer, [](const SessionName&) { return std::optional<NodeId>(); });
  (void)journal.append("[" + event("a") + "]");
  journal.recover();
  journal.set_running(kSession, kNode);
  (void)journal.append("[" + event("b") + "]");
  journal.tick();
  journal.seal_all();
  for (const Shipment& shipment : consumer.take_waiting()) {
    const auto file = open_for_reading(shipment.path);
    const auto status = file ? file->status() : Result<FileStatus>(file.error());
    if (!status || status->identity != shipment.identity) continue;
    stored += read_whole(*file, UINT32_MAX).value_or("");
    if (shipment.on_stored) shipment.on_stored();
  }
  return stored;
}

TEST(HostileJournals, LeadNowhere) {
  const auto fill = [](HostileFolder& folder) { folder.write(kEarlier, event("earlier") + "\n"); };
  const auto life = [](bool with_compression) {
    return [=](HostileFolder& folder) { return live(folder, with_compression); };
  };
  const std::vector<std::string> levels = {"event-data",
                                           kFolder,
                                           kFolder + "/" + kSession.str(),
                                           kNodeEvents,
                                           kEarlier,
                                           kFolder + "/recent_event_ids",
                                           kFolder + "/session_unknown"};
  EXPECT_EQ(play_all_swaps(levels, fill, life(false)), "");
  EXPECT_EQ(play_all_swaps({kFolder, kNodeEvents}, fill, life(true)), "");
}

}  // namespace
}  // namespace rayhistory::collector
