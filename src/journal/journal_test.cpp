#include "journal/journal.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include "base/shared_path.h"
#include "testing/dropping_consumer.h"
#include "testing/manual_clock.h"
#include "testing/temporary_folder.h"

// A disk that fails on command, and is fast: these take the place of the C library's in this program. What a
// sync is for, a loss of power, no test here can see.
namespace {
std::function<int(int descriptor)> sync_fault;  // returns an errno, or 0
std::function<int(int descriptor)> write_fault;
bool writes_half = false;  // a failing write leaves half of its bytes behind

std::string path_of(int descriptor) {
  std::array<char, 4096> target;
  const std::string link = "/proc/self/fd/" + std::to_string(descriptor);
  const ssize_t length = ::readlink(link.c_str(), target.data(), target.size());
  return {target.data(), static_cast<size_t>(std::max<ssize_t>(length, 0))};
}
}  // namespace

extern "C" int fdatasync(int descriptor) {  // NOLINT(readability-inconsistent-declaration-parameter-name)
  if (sync_fault) {
    if (const int error = sync_fault(descriptor)) {
      errno = error;
      return -1;
    }
  }
  return 0;
}

// NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name)
extern "C" int fsync(int descriptor) {
  return fdatasync(descriptor);
}

// NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name)
extern "C" ssize_t pwritev(int descriptor, const struct iovec* pieces, int count, off_t offset) {
  if (write_fault) {
    if (const int error = write_fault(descriptor)) {
      if (writes_half && count > 1) ::syscall(SYS_pwritev, descriptor, pieces, count / 2, offset, 0);
      errno = error;
      return -1;
    }
  }
  return ::syscall(SYS_pwritev, descriptor, pieces, count, offset, 0);
}

namespace rayhistory::collector {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;
using testing::UnorderedElementsAre;

constexpr std::string_view kSessionA = "session_2026-11-23_02-27-20_324908_14170";
constexpr std::string_view kSessionB = "session_2026-11-23_04-00-00_000000_1";
constexpr std::string_view kNode = "65ca4d200ee650cdd92705aaabe3cecbc61834d1febb61dbfaf8f7d3";
constexpr std::string_view kOtherNode = "00112233445566778899aabbccddeeff00112233445566778899aabb";

SessionName session(std::string_view text) {
  return *SessionName::parse(text);
}
NodeId node(std::string_view text) {
  return *NodeId::parse(text);
}

std::string event(std::string_view id, std::string_view job = "", std::string_view of_session = kSessionA) {
  std::string text = R"({"eventId":")" + std::string(id) +
                     R"(","timestamp":"2026-11-23T02:27:23Z","sessionName":")" + std::string(of_session) +
                     "\"";
  if (!job.empty()) text += R"(,"taskDefinitionEvent":{"jobId":")" + std::string(job) + "\"}";
  return text + "}";
}

// Job IDs are 4 bytes.
std::string job_id(int number) {
  std::array<char, 9> text;
  std::snprintf(text.data(), text.size(), "%08x", static_cast<unsigned>(number));
  return text.data();
}

std::string batch(std::initializer_list<std::string> events) {
  std::string body = "[";
  for (const std::string& one : events)
    body += (body.size() > 1 ? ", " : "") + one;
  return body + "]";
}

std::string gunzip(const std::string& path) {
  const gzFile file = ::gzopen(path.c_str(), "rb");
  std::string content;
  std::array<char, 4096> block;
  int got = 0;
  while ((got = ::gzread(file, block.data(), block.size())) > 0)
    content.append(block.data(), static_cast<size_t>(got));
  ::gzclose(file);
  return content;
}

// A journal over a temporary folder, and a store that takes what a test tells it to.
class JournalTest : public testing::Test, public ShipmentConsumer {
 protected:
  void SetUp() override { open(); }
  void TearDown() override {
    sync_fault = nullptr;
    write_fault = nullptr;
    writes_half = false;
  }

  // As a process start after a kill -9: what was open is dropped as it is.
  void open() {
    journal_.reset();
    offered_.clear();
    const DnsName cluster = *DnsName::parse("raycluster-1");
    const DnsName name_space = *DnsName::parse("default");
    journal_ =
        std::make_unique<Journal>(JournalFolder(folder_.shared(), cluster, name_space),
                                  ObjectKeys("root", {name_space, cluster, std::nullopt}), options_, clock_,
                                  *this, [this](const SessionName& name) -> std::optional<NodeId> {
                                    const auto known = nodes_on_disk_.find(name.str());
                                    if (known == nodes_on_disk_.end()) return std::nullopt;
                                    return node(known->second);
                                  });
  }
  void run(std::string_view of_session = kSessionA, std::string_view on_node = kNode) {
    journal_->set_running(session(of_session), node(on_node));
  }

  BatchOutcome append(std::initializer_list<std::string> events) {
    const Result<BatchOutcome> outcome = journal_->append(batch(events));
    EXPECT_TRUE(outcome) << (outcome ? "" : outcome.error().message);
    return outcome ? *outcome : BatchOutcome{};
  }

  // Every file below the journals' folder, by its path there.
  std::map<std::string, std::string> files() const {
    std::map<std::string, std::string> found;
    const std::filesystem::path root(folder_ / "raycluster-1_default");
    if (!std::filesystem::exists(root)) return found;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
      if (!entry.is_regular_file() || entry.path().filename() == "recent_event_ids") continue;
      const std::string path = entry.path().lexically_relative(root).string();
      found[path] = folder_.read("raycluster-1_default/" + path);
    }
    return found;
  }
  std::string only_file() const {
    const auto all = files();
    EXPECT_THAT(all, SizeIs(1));
    return all.empty() ? "" : all.begin()->first;
  }
  std::string path_in_folder(std::string_view path) const {
    return folder_ / ("raycluster-1_default/" + std::string(path));
  }
  void write(std::string_view path, std::string_view content) {
    folder_.write("raycluster-1_default/" + std::string(path), content);
  }

  // What the store would hold now: of each offered file the bytes that may be sent.
  std::map<std::string, std::string> stored() const {
    std::map<std::string, std::string> objects;
    for (const auto& [key, shipment] : offered_) {
      std::string content;
      content.resize(shipment.size);
      const Result<File> file = open_for_reading(shipment.path);
      EXPECT_TRUE(file) << shipment.path.str();
      if (!file) continue;
      Result<size_t> got = file->read_at(0, content);
      EXPECT_EQ(std::move(got).value_or(0), shipment.size) << shipment.path.str();
      objects[key] = content;
    }
    return objects;
  }
  const Shipment& only_offered() const {
    EXPECT_THAT(offered_, SizeIs(1));
    return offered_.begin()->second;
  }
  std::string only_key_with(std::string_view part) const {
    std::string found;
    for (const auto& [key, shipment] : offered_) {
      if (key.find(part) == std::string::npos) continue;
      EXPECT_EQ(found, "");
      found = key;
    }
    return found;
  }
  // The store has all of every final file.
  void store_all() {
    const auto offered = std::exchange(offered_, {});
    for (const auto& [key, shipment] : offered) {
      if (!shipment.final) {
        offered_.emplace(key, shipment);
        continue;
      }
      shipment.on_stored();
    }
  }

  TemporaryFolder folder_;
  ManualClock clock_;
  JournalOptions options_;
  std::map<std::string, std::string> nodes_on_disk_;
  void offer(Shipment shipment) override { offered_.insert_or_assign(shipment.key, std::move(shipment)); }
  void withdraw(const std::string& key) override { withdrawn_.push_back(key); }
  void hand_over(const std::string& key) override { ADD_FAILURE() << "handed over: " << key; }
  void prefix_ended(const std::string& prefix, std::function<void()>) override {
    ADD_FAILURE() << "ended: " << prefix;
  }

  std::map<std::string, Shipment> offered_;
  std::vector<std::string> withdrawn_;
  std::unique_ptr<Journal> journal_;
};

const std::string kNodeFile =
    std::string(kSessionA) + "/node_events/" + std::string(kNode) + "_1795400840000000000.jsonl";
const std::string kNodePrefix = "root/cluster-history/raycluster/default/raycluster-1/" +
                                std::string(kSessionA) + "/" + std::string(kNode) + "/";

TEST_F(JournalTest, WritesALineAnEventToItsFile) {
  run();
  EXPECT_EQ(append({event("a"), event("b", "AQAAAA=="), event("c"), event("d", "02000000")}),
            (BatchOutcome{.stored = 4}));
  const std::string prefix(kSessionA);
  const std::string node_name(kNode);
  EXPECT_THAT(files(),
              UnorderedElementsAre(
                  std::pair(prefix + "/node_events/" + node_name + "_1795400840000000000.jsonl",
                            event("a") + "\n" + event("c") + "\n"),
                  std::pair(prefix + "/job_events/01000000/" + node_name + "_1795400840000000001.jsonl",
                            event("b", "AQAAAA==") + "\n"),
                  std::pair(prefix + "/job_events/02000000/" + node_name + "_1795400840000000002.jsonl",
                            event("d", "02000000") + "\n")));
}

TEST_F(JournalTest, KeepsTheOrderOfArrivalAcrossBatches) {
  run();
  append({event("a"), event("b")});
  append({event("c")});
  EXPECT_EQ(stored().begin()->second, event("a") + "\n" + event("b") + "\n" + event("c") + "\n");
}

TEST_F(JournalTest, OffersWhatHasGrown) {
  run();
  append({event("a")});
  EXPECT_EQ(only_offered().key,
            kNodePrefix + "node_events/" + std::string(kNode) + "-2026-11-23-02-1795400840000000000.jsonl");
  EXPECT_EQ(only_offered().prefix_length, kNodePrefix.size());
  EXPECT_EQ(only_offered().kind, ShipmentKind::events);
  EXPECT_EQ(only_offered().content_type, "application/x-ndjson");
  EXPECT_EQ(only_offered().size, event("a").size() + 1);
  EXPECT_FALSE(only_offered().final);
  append({event("b")});
  EXPECT_EQ(only_offered().size, 2 * (event("a").size() + 1));
  EXPECT_EQ(stored().begin()->second, event("a") + "\n" + event("b") + "\n");
}

TEST_F(JournalTest, KeepsRoomAheadOfSmallBatches) {
  run();
  append({event("a")});
  EXPECT_EQ(files()[kNodeFile], event("a") + "\n") << "one batch is no reason for room";
  append({event("b")});
  const size_t line = event("a").size() + 1;
  EXPECT_EQ(files()[kNodeFile], event("a") + "\n" + event("b") + "\n" + std::string(line, '\n'));
  EXPECT_EQ(journal_->disk_bytes(), 3 * line);
  append({event("c")});
  EXPECT_EQ(files()[kNodeFile], event("a") + "\n" + event("b") + "\n" + event("c") + "\n");
  append({event("d")});
  EXPECT_EQ(only_offered().size, 4 * line);
  EXPECT_EQ(journal_->disk_bytes(), 7 * line);
  journal_->seal_all();
  EXPECT_EQ(files()[kNodeFile].size(), 4 * line);
  EXPECT_EQ(journal_->disk_bytes(), 4 * line);
  store_all();
  EXPECT_EQ(journal_->disk_bytes(), 0u);
}

TEST_F(JournalTest, WritesALargeBatchOverTheRoomAndBeyond) {
  run();
  std::string expected;
  for (const char* id : {"a", "b"}) {
    append({event(id)});
    expected += event(id) + "\n";
  }
  std::string body = "[" + event("c");
  expected += event("c") + "\n";
  for (int i = 0; i < 1'000; ++i) {
    body += "," + event(std::to_string(i));
    expected += event(std::to_string(i)) + "\n";
  }
  ASSERT_TRUE(journal_->append(body + "]"));
  EXPECT_EQ(files()[kNodeFile], expected);
  EXPECT_EQ(journal_->disk_bytes(), expected.size());
}

TEST_F(JournalTest, GoesWithoutRoomOnAFullDisk) {
  run();
  append({event("a")});
  int writes = 0;
  write_fault = [&writes](int) { return ++writes == 2 ? ENOSPC : 0; };
  EXPECT_EQ(append({event("b")}), (BatchOutcome{.stored = 1}));
  write_fault = nullptr;
  EXPECT_EQ(writes, 2) << "the batch, and its room";
  EXPECT_EQ(files()[kNodeFile], event("a") + "\n" + event("b") + "\n");
  EXPECT_EQ(journal_->disk_bytes(), files()[kNodeFile].size());
}

TEST_F(JournalTest, GivesTheRoomBackWithABatchThatFails) {
  run();
  append({event("a")});
  append({event("b")});
  write_fault = [](int) { return EIO; };
  EXPECT_FALSE(journal_->append(batch({event("c")})));
  write_fault = nullptr;
  EXPECT_EQ(files()[kNodeFile], event("a") + "\n" + event("b") + "\n");
  EXPECT_EQ(journal_->disk_bytes(), files()[kNodeFile].size());
}

TEST_F(JournalTest, CreatesNoFileForNothing) {
  run();
  EXPECT_EQ(append({}), BatchOutcome{});
  append({event("a")});
  clock_.advance(Seconds(300));
  journal_->tick();
  store_all();
  EXPECT_EQ(append({event("a")}), (BatchOutcome{.duplicate = 1}));
  EXPECT_THAT(files(), IsEmpty());
}

TEST_F(JournalTest, RefusesABodyThatIsNoBatch) {
  run();
  const Result<BatchOutcome> outcome = journal_->append("[" + event("a") + ",{]");
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind, ErrorKind::invalid);
  EXPECT_THAT(files(), IsEmpty());
  EXPECT_EQ(journal_->totals().batches_refused_malformed, 1u);
}

// Bad events.

TEST_F(JournalTest, GivesTheFirstBadEventOfABatchAsAnExample) {
  run();
  const auto example = [&](std::initializer_list<std::string> events) { return append(events).example; };
  EXPECT_EQ(example({event("a")}).reason, "");
  const RejectedExample first = example({R"({"sessionName":"s","event_type":"TASK_LIFECYCLE_EVENT"})", "1"});
  EXPECT_EQ(first.event_type, "TASK_LIFECYCLE_EVENT");
  EXPECT_EQ(first.reason, "timestamp is missing");
  // A type goes into the log, so only what has the form of one is given.
  for (const std::string& type :
       {std::string("a secret"), std::string("\\u0041"), std::string(65, 'A'), std::string()})
    EXPECT_EQ(example({R"({"sessionName":"s","eventType":")" + type + "\"}"}).event_type, "unknown") << type;
  EXPECT_EQ(example({R"({"eventType":7})"}).event_type, "unknown");
}

TEST_F(JournalTest, SetsBadEventsAside) {
  run();
  EXPECT_EQ(append({event("a"), R"({"eventId":"b","sessionName":"s"})", "[1,\n2]"}),
            (BatchOutcome{.stored = 1, .rejected = 2}));
  const std::string path =
      std::string(kSessionA) + "/rejected_events/" + std::string(kNode) + "_1795400840000000001.jsonl";
  EXPECT_EQ(files()[path],
            "{\"reason\":\"timestamp is missing\",\"receivedAt\":\"2026-11-23T02:27:20.000Z\","
            "\"event\":{\"eventId\":\"b\",\"sessionName\":\"s\"}}\n"
            "{\"reason\":\"not an object\",\"receivedAt\":\"2026-11-23T02:27:20.000Z\",\"event\":[1,2]}\n");
}

TEST_F(JournalTest, KeepsASetAsideEventWithTheSessionOfItsBatchWhileNoneIsKnown) {
  append({event("a", "", kSessionB), "7"});
  EXPECT_EQ(files().count(std::string(kSessionB) + "/rejected_events/00_1795400840000000001.jsonl"), 1u);
}

TEST_F(JournalTest, KeepsASetAsideEventUntilASessionIsKnown) {
  append({"7"});
  EXPECT_EQ(only_file(), "session_unknown/rejected_events/00_1795400840000000000.jsonl");
  EXPECT_THAT(offered_, IsEmpty());
  run();
  EXPECT_EQ(only_file(),
            std::string(kSessionA) + "/rejected_events/" + std::string(kNode) + "_1795400840000000000.jsonl");
  EXPECT_THAT(only_offered().key, StartsWith(kNodePrefix + "rejected_events/"));
}

// Ray 2.60's platform events.
TEST_F(JournalTest, KeepsAnEventWithoutASessionWithTheOneThatRunsOnceItIsKnown) {
  append({event("a", "", "")});
  EXPECT_EQ(only_file(), "session_unknown/node_events/00_1795400840000000000.jsonl");
  run();
  EXPECT_EQ(only_file(),
            std::string(kSessionA) + "/node_events/" + std::string(kNode) + "_1795400840000000000.jsonl");
  EXPECT_THAT(only_offered().key, StartsWith(kNodePrefix + "node_events/"));
}

// One file, whether the session is named or meant.
TEST_F(JournalTest, KeepsAnEventWithoutASessionInTheFileOfThoseThatNameIt) {
  run();
  const std::string nameless = event("b", "", "");
  append({event("a"), nameless, event("c")});
  EXPECT_THAT(files()[only_file()],
              testing::HasSubstr(event("a") + "\n" + nameless + "\n" + event("c") + "\n"));
}

TEST_F(JournalTest, SetsAsideWhatGoesBeyondTheFilesOfOneBatch) {
  run();
  std::string body = "[";
  for (int i = 0; i < 2'100; ++i)
    body += (i > 0 ? "," : "") + event(std::to_string(i), job_id(i));
  const Result<BatchOutcome> outcome = journal_->append(body + "]");
  ASSERT_TRUE(outcome);
  EXPECT_EQ(*outcome, (BatchOutcome{.stored = 2'048, .rejected = 2'100 - 2'048}));
}

// Recognising what came before.

TEST_F(JournalTest, StoresABatchThatComesTwiceOnce) {
  run();
  const auto first = append({event("a"), event("b", "AQAAAA=="), R"({"eventId":"x"})"});
  EXPECT_EQ(first, (BatchOutcome{.stored = 2, .rejected = 1}));
  const auto before = files();
  EXPECT_EQ(append({event("a"), event("b", "AQAAAA=="), R"({"eventId":"x"})"}),
            (BatchOutcome{.duplicate = 3}));
  EXPECT_EQ(files(), before);
}

TEST_F(JournalTest, StoresAnEventThatIsTwiceInABatchOnce) {
  run();
  EXPECT_EQ(append({event("a"), event("a"), event("b")}), (BatchOutcome{.stored = 2, .duplicate = 1}));
}

TEST_F(JournalTest, StoresEventsWithoutIdEachTime) {
  run();
  EXPECT_EQ(append({event(""), event("")}), (BatchOutcome{.stored = 2}));
  EXPECT_EQ(append({event("")}), (BatchOutcome{.stored = 1}));
}

TEST_F(JournalTest, RecognisesEventsAfterAKill) {
  run();
  append({event("a"), event("b", "AQAAAA=="), R"({"eventId":"x"})"});
  open();
  run();
  EXPECT_EQ(append({event("a"), event("b", "AQAAAA=="), event("c"), R"({"eventId":"x"})"}),
            (BatchOutcome{.stored = 1, .duplicate = 3}));
}

TEST_F(JournalTest, RecognisesEventsAfterTheirFileIsStoredAndTheProcessKilled) {
  run();
  append({event("a"), event("b", "AQAAAA==")});
  journal_->seal_all();
  store_all();
  EXPECT_THAT(files(), IsEmpty());
  open();
  run();
  EXPECT_EQ(append({event("a"), event("b", "AQAAAA=="), event("c")}),
            (BatchOutcome{.stored = 1, .duplicate = 2}));
}

TEST_F(JournalTest, WritesTheIdsOnceForFilesSealedTogether) {
  run();
  for (int i = 0; i < 20; ++i)
    append({event(std::to_string(i), job_id(i))});
  journal_->seal_all();
  int syncs = 0;
  sync_fault = [&](int descriptor) {
    if (path_of(descriptor).find("recent_event_ids") != std::string::npos) ++syncs;
    return 0;
  };
  store_all();
  EXPECT_EQ(syncs, 1);
}

TEST_F(JournalTest, GoesOnWithoutTheIdsWhenTheirFileIsDamaged) {
  run();
  append({event("a")});
  journal_->seal_all();
  store_all();
  const std::string path = folder_ / "raycluster-1_default/recent_event_ids";
  const std::string whole = folder_.read("raycluster-1_default/recent_event_ids");
  for (const size_t length : {size_t{0}, size_t{1}, whole.size() / 2, whole.size() - 1}) {
    folder_.write("raycluster-1_default/recent_event_ids", whole.substr(0, length));
    open();
    run();
    EXPECT_EQ(append({event("b" + std::to_string(length))}), (BatchOutcome{.stored = 1}));
  }
  folder_.write("raycluster-1_default/recent_event_ids", std::string(whole.size(), '\0'));
  open();
  run();
  EXPECT_EQ(append({event("c")}), (BatchOutcome{.stored = 1}));
}

TEST_F(JournalTest, RemembersSixteenBatchesOfAThousand) {
  run();
  const auto numbered = [](int first) {
    std::string body = "[";
    for (int i = first; i < first + 1'000; ++i)
      body += (i > first ? "," : "") + event(std::to_string(i));
    return body + "]";
  };
  for (int first = 0; first < 16'000; first += 1'000)
    ASSERT_TRUE(journal_->append(numbered(first)));
  EXPECT_EQ(journal_->append(numbered(0))->duplicate, 1'000u);
  open();
  run();
  EXPECT_EQ(journal_->append(numbered(0))->duplicate, 1'000u);
  EXPECT_EQ(journal_->append(numbered(15'000))->duplicate, 1'000u);
}

// Sealing.

TEST_F(JournalTest, SealsByAge) {
  run();
  append({event("a")});
  clock_.advance(Seconds(299));
  journal_->tick();
  EXPECT_FALSE(only_offered().final);
  clock_.advance(Seconds(1));
  journal_->tick();
  EXPECT_TRUE(only_offered().final);
  append({event("b")});
  EXPECT_THAT(files(), SizeIs(2));
}

TEST_F(JournalTest, SealsBySize) {
  options_.max_file_bytes = 3 * (event("a").size() + 1);
  open();
  run();
  append({event("a"), event("b")});
  EXPECT_FALSE(only_offered().final);
  append({event("c")});
  EXPECT_TRUE(only_offered().final);
  append({event("d")});
  EXPECT_THAT(offered_, SizeIs(2));
}

TEST_F(JournalTest, SealsWhenTheSessionChanges) {
  run();
  append({event("a")});
  run(kSessionB, kOtherNode);
  EXPECT_TRUE(only_offered().final);
}

TEST_F(JournalTest, SealsWhenTheNodeChanges) {
  run();
  append({event("a")});
  run(kSessionA, kOtherNode);
  EXPECT_TRUE(only_offered().final);
  append({event("b")});
  EXPECT_EQ(files().count(std::string(kSessionA) + "/node_events/" + std::string(kOtherNode) +
                          "_1795400840000000001.jsonl"),
            1u);
}

TEST_F(JournalTest, SealsNothingWhenNothingChanges) {
  run();
  append({event("a")});
  run();
  EXPECT_FALSE(only_offered().final);
}

TEST_F(JournalTest, SealsAllAtShutdownAndTakesEventsAfterIt) {
  run();
  append({event("a"), event("b", "AQAAAA==")});
  journal_->seal_all();
  for (const auto& [key, shipment] : offered_)
    EXPECT_TRUE(shipment.final) << key;
  append({event("c")});
  journal_->seal_all();
  EXPECT_THAT(offered_, SizeIs(3));
  for (const auto& [key, shipment] : offered_)
    EXPECT_TRUE(shipment.final) << key;
}

TEST_F(JournalTest, RemovesAFileAndItsFoldersWhenItIsStored) {
  run();
  append({event("a", "AQAAAA=="), event("b")});
  EXPECT_EQ(journal_->disk_bytes(), event("a", "AQAAAA==").size() + event("b").size() + 2);
  journal_->seal_all();
  EXPECT_TRUE(std::filesystem::exists(path_in_folder(kSessionA)));
  store_all();
  EXPECT_FALSE(std::filesystem::exists(path_in_folder(kSessionA)));
  EXPECT_TRUE(std::filesystem::exists(path_in_folder("")));
  EXPECT_EQ(journal_->disk_bytes(), 0u);
}

TEST_F(JournalTest, NeverUsesANameTwice) {
  run();
  std::vector<std::string> keys;
  const auto seal_one = [&](std::string_view id) {
    append({event(id)});
    journal_->seal_all();
    keys.push_back(only_offered().key);
    store_all();
  };
  seal_one("a");
  seal_one("b");  // within the same nanosecond
  clock_.step_unix(-Seconds(3600));
  seal_one("c");
  open();  // the name is gone from the disk, and the clock still back
  run();
  clock_.step_unix(Seconds(3600));
  seal_one("d");
  std::sort(keys.begin(), keys.end());
  EXPECT_EQ(std::unique(keys.begin(), keys.end()), keys.end());
}

TEST_F(JournalTest, DoesNotTakeTheNameOfAFileThatLiesThere) {
  run();
  write(kNodeFile + ".gz", "x");
  append({event("a")});
  EXPECT_EQ(files().count(std::string(kSessionA) + "/node_events/" + std::string(kNode) +
                          "_1795400840000000001.jsonl"),
            1u);
}

// Whose events.

TEST_F(JournalTest, FilesEachEventUnderItsOwnSession) {
  run(kSessionA, kNode);
  append({event("a", "", kSessionA), event("b", "", kSessionB)});
  run(kSessionB, kOtherNode);
  append({event("c", "", kSessionA), event("d", "", kSessionB)});
  std::map<std::string, std::string> by_folder;
  for (const auto& [path, content] : files()) {
    const size_t underscore = path.rfind('_');
    by_folder[path.substr(0, underscore)] += content;
  }
  const auto place = [](std::string_view of_session, std::string_view of_node) {
    return std::string(of_session) + "/node_events/" + std::string(of_node);
  };
  // Session B was new when "b" came, and its node not known yet: it is filed under the one that ran.
  EXPECT_EQ(by_folder[place(kSessionA, kNode)], event("a") + "\n" + event("c") + "\n");
  EXPECT_EQ(by_folder[place(kSessionB, kNode)], event("b", "", kSessionB) + "\n");
  EXPECT_EQ(by_folder[place(kSessionB, kOtherNode)], event("d", "", kSessionB) + "\n");
}

TEST_F(JournalTest, AsksTheDiskForTheNodeOfANewSession) {
  run(kSessionA, kNode);
  nodes_on_disk_[std::string(kSessionB)] = kOtherNode;
  append({event("b", "", kSessionB)});
  EXPECT_THAT(only_file(), StartsWith(std::string(kSessionB) + "/node_events/" + std::string(kOtherNode)));
}

TEST_F(JournalTest, TakesEventsBeforeTheNodeIsKnownAndNamesThemLater) {
  append({event("a"), event("b", "AQAAAA==")});
  EXPECT_THAT(offered_, IsEmpty());
  EXPECT_EQ(journal_->backlog().waiting_files, 2u);
  journal_->set_running(session(kSessionA), std::nullopt);
  append({event("c")});
  EXPECT_THAT(offered_, IsEmpty());
  EXPECT_EQ(journal_->backlog().waiting_files, 3u);
  run();
  EXPECT_EQ(journal_->backlog().waiting_files, 0u);
  EXPECT_THAT(offered_, SizeIs(3));
  for (const auto& [path, content] : files())
    EXPECT_THAT(path, HasSubstr(std::string(kNode) + "_179540084"));
  for (const auto& [key, shipment] : offered_) {
    EXPECT_THAT(key, StartsWith(kNodePrefix));
    EXPECT_TRUE(shipment.final);
  }
  store_all();
  EXPECT_THAT(files(), IsEmpty());
  EXPECT_EQ(append({event("a"), event("b", "AQAAAA=="), event("c")}), (BatchOutcome{.duplicate = 3}));
}

TEST_F(JournalTest, NamesWaitingFilesOfAnEarlierRun) {
  append({event("a"), event("b", "", kSessionB)});
  nodes_on_disk_[std::string(kSessionA)] = kOtherNode;
  open();
  journal_->recover();
  // Session A's folder says its node; session B's is that of the running node, once there is one.
  EXPECT_THAT(only_offered().key, HasSubstr(std::string(kSessionA) + "/" + std::string(kOtherNode)));
  run(kSessionB, kNode);
  EXPECT_THAT(offered_, SizeIs(2));
  EXPECT_EQ(journal_->backlog().waiting_files, 0u);
}

// Failures.

TEST_F(JournalTest, LeavesNothingOfABatchWhenAWriteFails) {
  run();
  append({event("a"), event("b", "AQAAAA==")});
  const auto before = files();
  for (const bool half : {false, true}) {
    writes_half = half;
    write_fault = [](int descriptor) {
      return path_of(descriptor).find("02000000") != std::string::npos ? ENOSPC : 0;
    };
    const Result<BatchOutcome> outcome = journal_->append(
        batch({event("c"), event("d", "AQAAAA=="), event("e", "02000000"), event("f", "03000000")}));
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().kind, ErrorKind::no_space);
    EXPECT_EQ(files(), before);
  }
  write_fault = nullptr;
  EXPECT_EQ(journal_->totals().batches_refused_write_failure, 2u);
  EXPECT_EQ(append({event("c"), event("d", "AQAAAA=="), event("e", "02000000"), event("f", "03000000")}),
            (BatchOutcome{.stored = 4}));
  uint64_t bytes = 0;
  for (const auto& [path, content] : files())
    bytes += content.size();
  EXPECT_EQ(journal_->disk_bytes(), bytes);
}

TEST_F(JournalTest, SealsAFileWhoseSyncHasFailedAtWhatItHeldBefore) {
  run();
  append({event("a"), event("b", "AQAAAA==")});
  const auto before = files();
  const std::string broken = only_key_with("node_events");
  sync_fault = [](int descriptor) {
    return path_of(descriptor).find("node_events") != std::string::npos ? EIO : 0;
  };
  const Result<BatchOutcome> outcome = journal_->append(batch({event("c", "AQAAAA=="), event("d")}));
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind, ErrorKind::retry);
  sync_fault = nullptr;
  EXPECT_EQ(files(), before);
  EXPECT_TRUE(offered_.at(broken).final);
  EXPECT_EQ(stored()[broken], event("a") + "\n");
  EXPECT_EQ(append({event("c", "AQAAAA=="), event("d")}), (BatchOutcome{.stored = 2}));
  EXPECT_EQ(stored()[broken], event("a") + "\n");
  EXPECT_THAT(files(), SizeIs(3));
}

TEST_F(JournalTest, LeavesNoEmptyFileWhenTheFirstSyncFails) {
  run();
  sync_fault = [](int) { return EIO; };
  EXPECT_FALSE(journal_->append(batch({event("a"), event("b", "AQAAAA==")})));
  sync_fault = nullptr;
  EXPECT_THAT(files(), IsEmpty());
  EXPECT_THAT(offered_, IsEmpty());
  EXPECT_EQ(append({event("a"), event("b", "AQAAAA==")}), (BatchOutcome{.stored = 2}));
}

TEST_F(JournalTest, SaysSoWhenItsFolderCannotBeMade) {
  folder_.write("blocked", "a file and no folder");
  journal_.reset();
  const DnsName name = *DnsName::parse("c");
  Journal journal(JournalFolder(folder_.shared("blocked"), name, name),
                  ObjectKeys("", {name, name, std::nullopt}), options_, clock_, *this,
                  [](const SessionName&) { return std::optional<NodeId>(); });
  const Result<BatchOutcome> outcome = journal.append(batch({event("a")}));
  ASSERT_FALSE(outcome);
  EXPECT_THAT(outcome.error().message, HasSubstr(folder_ / "blocked"));
  EXPECT_NE(outcome.error().kind, ErrorKind::invalid);
}

TEST_F(JournalTest, OpensAnewWhatSomebodyElseRemoved) {
  run();
  append({event("a")});
  const std::string key = only_offered().key;
  std::filesystem::remove_all(path_in_folder(kSessionA));
  journal_->tick();
  EXPECT_THAT(withdrawn_, ElementsAre(key));
  EXPECT_EQ(journal_->disk_bytes(), 0u);
  append({event("b")});
  EXPECT_EQ(files().begin()->second, event("b") + "\n");
}

TEST_F(JournalTest, RefusesEventsWhenTheDiskBudgetIsFull) {
  const size_t line = event("a").size() + 1;
  options_.max_disk_bytes = 10 * line;
  open();
  run();
  for (const char* id : {"a", "b", "c", "d", "e", "f", "g", "h"})
    append({event(id)});
  const Result<BatchOutcome> refused = journal_->append(batch({event("i")}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::no_space);
  EXPECT_EQ(journal_->totals().batches_refused_disk_pressure, 1u);
  journal_->seal_all();
  store_all();
  append({event("i")});
}

TEST_F(JournalTest, MakesRoomByItselfWhenTheDiskBudgetIsFull) {
  const size_t line = event("a").size() + 1;
  options_.max_disk_bytes = 10 * line;
  open();
  run();
  for (const char* id : {"a", "b", "c", "d", "e", "f", "g", "h"})
    append({event(id)});
  journal_->tick();
  EXPECT_TRUE(only_offered().final);
  store_all();
  append({event("i")});
}

TEST_F(JournalTest, CountsWhatLiesThereAtStart) {
  run();
  append({event("a")});
  options_.max_disk_bytes = event("a").size() + 1;
  open();
  EXPECT_EQ(journal_->disk_bytes(), event("a").size() + 1);
  EXPECT_FALSE(journal_->append(batch({event("b")})));
}

TEST_F(JournalTest, WritesAThousandJobsWithFewDescriptors) {
  struct rlimit before {};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const struct rlimit low { 64, before.rlim_max };
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
  open();
  run();
  std::string body = "[";
  for (int i = 0; i < 1'000; ++i)
    body += (i > 0 ? "," : "") + event(std::to_string(i), job_id(i));
  body += "]";
  const Result<BatchOutcome> first = journal_->append(body);
  const Result<BatchOutcome> more =
      journal_->append(batch({event("x", job_id(0)), event("y", job_id(500)), event("z", job_id(999))}));
  // And back again, when the last of many files cannot be written.
  write_fault = [](int descriptor) {
    return path_of(descriptor).find(job_id(999)) != std::string::npos ? EIO : 0;
  };
  std::string again = body;
  for (size_t at = 0; (at = again.find("\"eventId\":\"", at)) != std::string::npos; at += 12)
    again.insert(at + 11, "n");
  const Result<BatchOutcome> failed = journal_->append(again);
  write_fault = nullptr;
  ::setrlimit(RLIMIT_NOFILE, &before);
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(first->stored, 1'000u);
  ASSERT_TRUE(more) << more.error().message;
  EXPECT_EQ(more->stored, 3u);
  EXPECT_FALSE(failed);
  const auto all = files();
  EXPECT_EQ(all.size(), 1'000u);
  size_t lines = 0;
  for (const auto& [path, content] : all)
    lines += static_cast<size_t>(std::count(content.begin(), content.end(), '\n'));
  EXPECT_EQ(lines, 1'003u);
  EXPECT_EQ(offered_.size(), 1'000u);
}

// Compression.

TEST_F(JournalTest, OffersACompressedFileOnceItIsSealed) {
  options_.compression = true;
  open();
  run();
  append({event("a"), event("b")});
  EXPECT_THAT(offered_, IsEmpty());
  EXPECT_EQ(journal_->backlog().uncompressed_files, 1u);
  clock_.advance(Seconds(299));
  EXPECT_EQ(journal_->recent_backlog().uncompressed_files, 1u);
  EXPECT_EQ(journal_->recent_backlog().oldest, Seconds(299));
  clock_.advance(Seconds(1));
  journal_->tick();
  EXPECT_EQ(journal_->backlog().uncompressed_files, 0u);
  EXPECT_EQ(journal_->recent_backlog().oldest, Seconds(0));
  EXPECT_EQ(only_file(), kNodeFile + ".gz");
  EXPECT_THAT(only_offered().key, testing::EndsWith("-1795400840000000000.jsonl.gz"));
  EXPECT_EQ(only_offered().content_type, "application/gzip");
  EXPECT_TRUE(only_offered().final);
  EXPECT_FALSE(only_offered().grows);
  EXPECT_EQ(gunzip(only_offered().path.str()), event("a") + "\n" + event("b") + "\n");
  EXPECT_EQ(journal_->disk_bytes(), std::filesystem::file_size(only_offered().path.str()));
  EXPECT_EQ(append({event("a")}), (BatchOutcome{.duplicate = 1}));
  store_all();
  EXPECT_THAT(files(), IsEmpty());
  EXPECT_EQ(journal_->disk_bytes(), 0u);
}

TEST_F(JournalTest, NeverCompressesWhatWasSetAside) {
  options_.compression = true;
  open();
  run();
  append({"7"});
  EXPECT_FALSE(only_offered().final);
  journal_->seal_all();
  EXPECT_TRUE(only_offered().final);
  EXPECT_THAT(only_offered().key, testing::EndsWith(".jsonl"));
}

TEST_F(JournalTest, RecognisesEventsThatAreCompressedAfterAKill) {
  options_.compression = true;
  open();
  run();
  append({event("a")});
  journal_->seal_all();
  open();
  run();
  EXPECT_EQ(append({event("a")}), (BatchOutcome{.duplicate = 1}));
}

TEST_F(JournalTest, StoresAFileAsItIsWhenItCannotBeCompressed) {
  options_.compression = true;
  open();
  run();
  append({event("a")});
  sync_fault = [](int descriptor) { return path_of(descriptor).ends_with(".gz.tmp") ? ENOSPC : 0; };
  journal_->seal_all();
  journal_->tick();
  EXPECT_THAT(offered_, IsEmpty());
  EXPECT_EQ(only_file(), kNodeFile);
  journal_->tick();
  EXPECT_EQ(only_file(), kNodeFile);
  EXPECT_THAT(only_offered().key, testing::EndsWith(".jsonl"));
  EXPECT_TRUE(only_offered().final);
}

TEST_F(JournalTest, TriesAgainToCompress) {
  options_.compression = true;
  open();
  run();
  append({event("a")});
  sync_fault = [](int descriptor) { return path_of(descriptor).ends_with(".gz.tmp") ? ENOSPC : 0; };
  journal_->seal_all();
  sync_fault = nullptr;
  journal_->tick();
  EXPECT_EQ(only_file(), kNodeFile + ".gz");
}

TEST_F(JournalTest, LeavesTheFileWhenCompressionIsCancelled) {
  options_.compression = true;
  open();
  run();
  append({event("a")});
  journal_->cancel();
  journal_->seal_all();
  EXPECT_EQ(only_file(), kNodeFile);
  EXPECT_THAT(offered_, IsEmpty());
}

// What an earlier run left.

TEST_F(JournalTest, OffersWhatLiesThereAtStart) {
  run();
  append({event("a"), event("b", "AQAAAA==")});
  const auto before = stored();
  open();
  journal_->recover();
  EXPECT_EQ(stored(), before);
  for (const auto& [key, shipment] : offered_)
    EXPECT_TRUE(shipment.final) << key;
  store_all();
  EXPECT_THAT(files(), IsEmpty());
  EXPECT_EQ(journal_->disk_bytes(), 0u);
}

TEST_F(JournalTest, TakesUpAFileWithoutItsRoom) {
  run();
  for (const char* id : {"a", "b", "c", "d"})
    append({event(id)});
  const auto before = stored();
  ASSERT_THAT(files()[kNodeFile], EndsWith("\n\n"));
  open();
  EXPECT_GT(journal_->disk_bytes(), before.begin()->second.size());
  journal_->recover();
  EXPECT_EQ(stored(), before);
  EXPECT_EQ(files()[kNodeFile], before.begin()->second);
  EXPECT_EQ(journal_->disk_bytes(), before.begin()->second.size());
  EXPECT_EQ(append({event("c"), event("d")}), (BatchOutcome{.duplicate = 2}));
}

// What a killed collector leaves may be uploaded as it is by one that knows nothing of room.
TEST_F(JournalTest, HasNothingButLinesOnTheDiskWhenItIsKilled) {
  run();
  std::string lines;
  for (int number = 0; number < 500; ++number) {
    const std::string one =
        event(std::string(static_cast<size_t>(number % 90), 'x') + std::to_string(number));
    append({one});
    lines += one + "\n";
    const std::string on_disk = files()[kNodeFile];
    ASSERT_THAT(on_disk, StartsWith(lines));
    ASSERT_EQ(on_disk.find_first_not_of('\n', lines.size()), std::string::npos) << number;
  }
}

TEST_F(JournalTest, TakesUpAFileWithTheZerosOfAnEarlierVersion) {
  run();
  append({event("a"), event("b")});
  const std::string whole = files()[kNodeFile];
  journal_.reset();
  for (const std::string& torn : {std::string(), std::string("{\"eventId\": \"c")}) {
    for (const size_t zeros : {1u, 5000u, 100'000u}) {
      write(kNodeFile, whole + torn + std::string(zeros, '\0'));
      open();
      journal_->recover();
      EXPECT_EQ(stored().begin()->second, whole);
      EXPECT_EQ(journal_->disk_bytes(), whole.size());
    }
  }
}

// A batch that was not written to its end: the room is behind each piece of it.
TEST_F(JournalTest, LeavesOutALineThatWasTornInItsRoom) {
  run();
  append({event("a")});
  const std::string whole = files()[kNodeFile];
  journal_.reset();
  const std::string next = event("b") + "\n" + event("c") + "\n";
  for (const size_t room : {1u, 2u, 100'000u}) {
    for (size_t length = 0; length <= next.size(); ++length) {
      write(kNodeFile, whole + next.substr(0, length) + std::string(room, '\n'));
      open();
      journal_->recover();
      // With the room's first line break, a line is whole one byte earlier.
      const size_t lines = (length + 1) / (event("b").size() + 1);
      ASSERT_EQ(stored().begin()->second, whole + next.substr(0, lines * (event("b").size() + 1))) << length;
      run();
      ASSERT_EQ(append({event("a"), event("b"), event("c")}).duplicate, 1 + lines) << length;
      std::filesystem::remove_all(path_in_folder(std::string(kSessionA)));
    }
  }
}

TEST_F(JournalTest, RemovesAFileOfBlankLines) {
  for (const size_t size : {1u, 100'000u}) {
    write(kNodeFile, std::string(size, '\n'));
    open();
    journal_->recover();
    EXPECT_THAT(files(), IsEmpty());
    EXPECT_EQ(journal_->disk_bytes(), 0u);
  }
}

// After a loss of power blocks of the last, unanswered batch may be missing between others.
TEST_F(JournalTest, StoresABatchOnceThatHasAHoleInItsRoom) {
  run();
  append({event("a")});
  journal_.reset();
  const std::string torn = event("b").substr(20) + "\n";
  write(kNodeFile,
        event("a") + "\n" + std::string(20, '\0') + torn + event("c") + "\n" + std::string(500, '\0'));
  open();
  journal_->recover();
  run();
  EXPECT_EQ(append({event("b"), event("c")}), (BatchOutcome{.stored = 1, .duplicate = 1}));
  std::string all;
  for (const auto& [key, content] : stored())
    all += content;
  for (const char* id : {"a", "b", "c"})
    EXPECT_THAT(all, HasSubstr(event(id) + "\n"));
}

TEST_F(JournalTest, StoresTheWholeLinesOfAFileCutAnywhere) {
  run();
  append({event("a"), event("b"), event("c", "AQAAAA==")});
  const std::string whole = files()[kNodeFile];
  const size_t line = event("a").size() + 1;
  journal_.reset();
  for (size_t length = 0; length <= whole.size(); ++length) {
    write(kNodeFile, whole.substr(0, length));
    open();
    journal_->recover();
    const std::string expected = whole.substr(0, length / line * line);
    std::string found;
    for (const auto& [key, content] : stored()) {
      if (key.find("node_events") != std::string::npos) found = content;
    }
    ASSERT_EQ(found, expected) << length;
    ASSERT_EQ(files().count(kNodeFile), expected.empty() ? 0u : 1u) << length;
    run();
    ASSERT_EQ(append({event("a"), event("b")}).duplicate, length / line) << length;
    std::filesystem::remove_all(path_in_folder(std::string(kSessionA) + "/node_events"));
  }
}

TEST_F(JournalTest, StartsWithAnyByteOfAFileDamaged) {
  run();
  append({event("a"), event("b")});
  const std::string whole = files()[kNodeFile];
  for (size_t at = 0; at < whole.size(); ++at) {
    for (const char byte : {'\0', '\n', '\xff', '{'}) {
      std::string damaged = whole;
      damaged[at] = byte;
      write(kNodeFile, damaged);
      open();
      journal_->recover();
      std::string all;
      for (const auto& [key, content] : stored())
        all += content;
      // The line that is not damaged is there in any case, unless its end went with the file's.
      if (at < event("a").size()) {
        ASSERT_THAT(all, HasSubstr(event("b") + "\n")) << at;
      } else if (at > event("a").size()) {
        ASSERT_THAT(all, HasSubstr(event("a") + "\n")) << at;
      }
    }
  }
}

TEST_F(JournalTest, RemovesAPlainFileBesideItsWholeCompressedOne) {
  options_.compression = true;
  open();
  run();
  append({event("a")});
  const std::string plain = files()[kNodeFile];
  journal_->seal_all();
  const std::string compressed = files()[kNodeFile + ".gz"];
  write(kNodeFile, plain);
  open();
  journal_->recover();
  EXPECT_EQ(only_file(), kNodeFile + ".gz");
  EXPECT_THAT(only_offered().key, testing::EndsWith(".gz"));
  EXPECT_EQ(journal_->disk_bytes(), compressed.size());

  for (size_t length = 0; length < compressed.size(); ++length) {
    write(kNodeFile, plain);
    write(kNodeFile + ".gz", compressed.substr(0, length));
    open();
    journal_->recover();
    ASSERT_EQ(only_file(), kNodeFile) << length;
    ASSERT_EQ(stored().begin()->second, plain) << length;
    ASSERT_EQ(journal_->disk_bytes(), plain.size()) << length;
  }
}

TEST_F(JournalTest, IsNotMisledByASymlinkBesideAFile) {
  run();
  append({event("a")});
  ASSERT_EQ(::symlink("/etc/passwd", path_in_folder(kNodeFile + ".gz").c_str()), 0);
  open();
  journal_->recover();
  EXPECT_EQ(stored().begin()->second, event("a") + "\n");
  EXPECT_EQ(journal_->disk_bytes(), event("a").size() + 1);
}

TEST_F(JournalTest, RemovesTornWritesAndLeavesAloneWhatItDoesNotKnow) {
  write(kNodeFile + ".gz.tmp", "torn");
  write("recent_event_ids.tmp", "torn");
  write("notes.txt", "mine");
  write(std::string(kSessionA) + "/node_events/odd.jsonl", "mine");
  write(std::string(kSessionA) + "/job_events/01000000/deeper/x.jsonl", "mine");
  ASSERT_EQ(::symlink("/etc/passwd", path_in_folder(kNodeFile).c_str()), 0);
  open();
  run();
  journal_->recover();
  EXPECT_THAT(offered_, IsEmpty());
  EXPECT_FALSE(std::filesystem::exists(path_in_folder(kNodeFile + ".gz.tmp")));
  EXPECT_FALSE(std::filesystem::exists(path_in_folder("recent_event_ids.tmp")));
  EXPECT_TRUE(std::filesystem::exists(path_in_folder("notes.txt")));
  EXPECT_TRUE(std::filesystem::exists(path_in_folder(std::string(kSessionA) + "/node_events/odd.jsonl")));
  EXPECT_TRUE(std::filesystem::exists(
      path_in_folder(std::string(kSessionA) + "/job_events/01000000/deeper/x.jsonl")));
  EXPECT_TRUE(std::filesystem::is_symlink(path_in_folder(kNodeFile)));
  append({event("a")});
}

// Any thread may offer.
class SealedFiles final : public DroppingConsumer {
 public:
  void offer(Shipment shipment) override {
    if (!shipment.final) return;
    const std::lock_guard lock(mutex);
    bytes += shipment.size;
    on_stored.push_back(std::move(shipment.on_stored));
  }

  std::mutex mutex;
  uint64_t bytes = 0;
  std::vector<std::function<void()>> on_stored;
};

// For the thread sanitizer, and to show that nothing is lost between the threads.
TEST_F(JournalTest, MayBeCalledFromManyThreads) {
  const DnsName name = *DnsName::parse("c");
  options_.max_file_bytes = 2'000;
  SealedFiles sealed;
  Journal journal(JournalFolder(folder_.shared(), name, name), ObjectKeys("", {name, name, std::nullopt}),
                  options_, system_clock(), sealed,
                  [](const SessionName&) { return std::optional<NodeId>(); });
  std::vector<std::jthread> senders;
  senders.reserve(4);
  for (int sender = 0; sender < 4; ++sender) {
    senders.emplace_back([&journal, sender] {
      for (int i = 0; i < 100; ++i) {
        const std::string id = std::to_string(sender) + "-" + std::to_string(100 + i);
        const Result<BatchOutcome> outcome =
            journal.append(batch({event(id, job_id(i % 3)), event("n" + id)}));
        EXPECT_TRUE(outcome);
      }
    });
  }
  std::jthread store([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      std::vector<std::function<void()>> now;
      {
        const std::lock_guard lock(sealed.mutex);
        now.swap(sealed.on_stored);
      }
      for (const auto& on_stored : now)
        on_stored();
    }
  });
  std::jthread watcher([&](const std::stop_token& stop) {
    for (int i = 0; !stop.stop_requested(); ++i) {
      journal.set_running(session(kSessionA), node(i % 2 == 0 ? kNode : kOtherNode));
      journal.tick();
      (void)journal.totals();
      (void)journal.backlog();
    }
  });
  senders.clear();
  watcher = {};
  journal.seal_all();
  store = {};
  for (const auto& on_stored : sealed.on_stored)
    on_stored();
  EXPECT_EQ(journal.totals().stored, 800u);
  EXPECT_EQ(journal.totals().bytes_written, sealed.bytes);
  EXPECT_EQ(journal.disk_bytes(), 0u);
}

TEST_F(JournalTest, SurvivesAStoreThatAnswersAfterItsEnd) {
  run();
  append({event("a")});
  journal_->seal_all();
  const auto on_stored = only_offered().on_stored;
  journal_.reset();
  on_stored();
  EXPECT_THAT(files(), SizeIs(1));  // the next start takes it up
}

}  // namespace
}  // namespace rayhistory::collector
