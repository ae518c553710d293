// What a job that swaps folders and links can make the logs' side of the collector store, move or remove, at
// each system call that names something in the shared folder.
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "logs/ended_session.h"
#include "logs/log_tracker.h"
#include "shipper/upload.h"
#include "testing/hostile_folder.h"
#include "testing/manual_clock.h"
#include "testing/memory_store.h"
#include "testing/recording_consumer.h"

namespace rayhistory::collector {
namespace {

const SessionName kSession = *SessionName::parse("session_2026-11-23_02-27-20_324908_14170");
const NodeId kNode = *NodeId::parse("65ca4d20");
const std::string kLogs = kSession.str() + "/logs";
const std::string kNodeFolder = "prev-logs/" + kSession.str() + "/" + kNode.str();

// As a worker of the shipper does it. What it stored is added to `stored`.
void upload(Shipment shipment, std::string& stored) {
  MemoryStore store;
  Task task{.step = Task::Step::put,
            .key = shipment.key,
            .other_key = {},
            .stored = {},
            .shipment = {},
            .replaces_anything = true};
  task.shipment = std::move(shipment);
  const TaskResult result = perform(
      task, store, [](const ListedObject&) {}, Deadline::never());
  for (const std::string& key : store.keys())
    stored += *store.content(key);
  if (result.outcome == Outcome::done && task.shipment.on_stored) task.shipment.on_stored();
}

// Takes an ended session, or one that was left in prev-logs, to its end: everything stored and cleared away.
std::string end_session(HostileFolder& folder, bool is_left_over) {
  std::string stored;
  RecordingConsumer consumer;
  EndedSessions sessions(
      RayFolder(folder.shared()), ObjectKeys("", {*DnsName::parse("default"), *DnsName::parse("c"), {}}),
      [](const SessionName&, const NodeId& known) {
        return NodeTimes{{known, 0}};
      },
      consumer);
  is_left_over ? sessions.resume() : sessions.take(kSession, kNode);
  while (!consumer.waiting.empty() || !consumer.ended.empty()) {
    for (Shipment& shipment : consumer.take_waiting())
      upload(std::move(shipment), stored);
    for (const auto& [prefix, on_done] : std::exchange(consumer.ended, {}))
      on_done();
  }
  return stored;
}

TEST(HostileSwaps, OfAnEndedSessionLeadNowhere) {
  const auto fill = [](HostileFolder& folder) {
    folder.write(kLogs + "/raylet.out", "a log");
    folder.write(kLogs + "/serve/replica.log", "another");
    folder.write_outside(kNodeFolder + "/logs/raylet.out");
    folder.write_outside(kNodeFolder + "/logs/serve/replica.log");
    folder.write_outside("persist-complete-logs/" + kSession.str() + "/" + kNode.str() + "/logs/raylet.out");
  };
  const std::vector<std::string> levels = {
      kSession.str(),
      kLogs,
      "prev-logs",
      "prev-logs/" + kSession.str(),
      kNodeFolder,
      kNodeFolder + "/logs",
      kNodeFolder + "/logs/serve",
      kNodeFolder + "/logs/raylet.out",
      "persist-complete-logs",
      "persist-complete-logs/" + kSession.str(),
  };
  EXPECT_EQ(play_all_swaps(levels, fill, [](HostileFolder& folder) { return end_session(folder, false); }),
            "");
}

TEST(HostileSwaps, OfASessionThatWasLeftOverLeadNowhere) {
  const auto fill = [](HostileFolder& folder) {
    folder.write(kNodeFolder + "/logs/raylet.out", "a log");
    folder.write(kNodeFolder + "/logs/serve/replica.log", "another");
    folder.write(kNodeFolder + "/logs/a/b/c/empty", "");
  };
  const std::vector<std::string> levels = {"prev-logs",
                                           "prev-logs/" + kSession.str(),
                                           kNodeFolder,
                                           kNodeFolder + "/logs",
                                           kNodeFolder + "/logs/serve",
                                           kNodeFolder + "/logs/a/b",
                                           kNodeFolder + "/logs/raylet.out"};
  EXPECT_EQ(play_all_swaps(levels, fill, [](HostileFolder& folder) { return end_session(folder, true); }),
            "");
}

TEST(HostileSwaps, OfTheRunningSessionsLogsLeadNowhere) {
  const auto fill = [](HostileFolder& folder) {
    folder.write(kLogs + "/raylet.out", "a log");
    folder.write(kLogs + "/raylet.out.1", "a generation before");
    folder.write(kLogs + "/serve/replica.log", "another");
  };
  const auto pass = [](HostileFolder& folder) {
    std::string stored;
    ManualClock clock;
    RecordingConsumer recording;
    LogTracker tracker({.folder = folder.shared() / kLogs,
                        .nodes = {{.key_of = [](std::string_view path) { return "n/" + std::string(path); },
                                   .prefix = "n/"}}},
                       recording, clock, {.use_hints = false, .held_open = 1});
    for (int scan = 0; scan < 2; ++scan) {
      tracker.scan_now();
      for (const std::string& key : recording.keys()) {
        Shipment shipment = recording.offered.at(key);
        shipment.key = key;
        upload(std::move(shipment), stored);
      }
    }
    return stored;
  };
  const std::vector<std::string> levels = {kSession.str(),          kLogs,
                                           kLogs + "/serve",        kLogs + "/raylet.out",
                                           kLogs + "/raylet.out.1", kLogs + "/serve/replica.log"};
  EXPECT_EQ(play_all_swaps(levels, fill, pass), "");
}

}  // namespace
}  // namespace rayhistory::collector
