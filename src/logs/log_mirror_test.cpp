// The tracker and the shipper together: what a store holds in the end, whatever writers did to the names.
#include <fcntl.h>
#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "layout/rotated_log.h"
#include "logs/log_tracker.h"
#include "shipper/shipper.h"
#include "testing/memory_store.h"
#include "testing/temporary_folder.h"

namespace rayhistory::collector {
namespace {

namespace fs = std::filesystem;

class Mirror : public testing::Test {
 protected:
  Mirror() {
    fs::create_directory(folder_ / "logs");
    start();
  }

  void start() {
    shipper_ = std::make_unique<Shipper>(
        store_, system_clock(),
        ShipperOptions{.workers = 4, .push_interval = Milliseconds(1), .log_batching = 1000});
    tracker_ = std::make_unique<LogTracker>(
        LogPlace{.folder = folder_.shared("logs"), .nodes = nodes_}, *shipper_, system_clock(),
        LogTrackerOptions{.scan_interval = Seconds(30), .use_hints = use_hints_, .held_open = kHeldOpen});
  }
  // As a SIGKILL does: whatever was under way is not finished.
  void restart() {
    tracker_.reset();
    shipper_.reset();
    start();
  }
  void begin_anew() {
    for (const std::string& key : store_.keys())
      ASSERT_TRUE(store_.remove(key, Deadline::never()));
    fs::remove_all(at(""));
    fs::create_directory(at(""));
    lines_ = 0;
    restart();
  }
  void store_all() {
    tracker_->scan_now();
    ASSERT_TRUE(shipper_->wait_until_stored(Deadline::after(system_clock(), Seconds(60))));
  }

  std::string at(const std::string& name) const { return folder_ / ("logs/" + name); }
  void write_line() {
    const int number = lines_++;
    folder_.append("logs/x.out", "line " + std::to_string(number) +
                                     std::string(static_cast<size_t>(number % 97), '.') + "\n");
  }
  void rotate(int backups) {
    if (!fs::exists(at("x.out"))) return;
    for (int number = backups - 1; number >= 1; --number) {
      const std::string from = at("x.out." + std::to_string(number));
      if (fs::exists(from)) fs::rename(from, at("x.out." + std::to_string(number + 1)));
    }
    fs::rename(at("x.out"), at("x.out.1"));
  }
  // How often each line is in the store.
  std::map<int, int> lines_stored() const {
    std::map<int, int> count;
    for (const std::string& key : store_.keys()) {
      std::istringstream content(*store_.content(key));
      for (std::string line; std::getline(content, line);)
        ++count[std::stoi(line.substr(line.find(' ')))];
    }
    return count;
  }
  void set_time(const std::string& name, int64_t modified_nanoseconds) const {
    const timespec time{modified_nanoseconds / 1'000'000'000, modified_nanoseconds % 1'000'000'000};
    const timespec times[] = {time, time};
    ASSERT_EQ(::utimensat(AT_FDCWD, at(name).c_str(), times, 0), 0);
  }
  std::string keys_with(int line) const {
    const std::string text =
        "line " + std::to_string(line) + std::string(static_cast<size_t>(line % 97), '.') + "\n";
    std::string keys;
    for (const std::string& key : store_.keys())
      if (store_.content(key)->find(text) != std::string::npos) keys += " " + key;
    return keys;
  }
  void expect_each_line_once(const std::set<int>& but_never = {}) const {
    const auto stored = lines_stored();
    for (int line = 0; line < lines_; ++line) {
      const auto found = stored.find(line);
      EXPECT_EQ(found == stored.end() ? 0 : found->second, but_never.contains(line) ? 0 : 1)
          << "line " << line << " in" << keys_with(line);
    }
  }

  static constexpr size_t kHeldOpen = 16;

  const TemporaryFolder folder_;
  std::atomic<bool> store_is_away_ = false;
  MemoryStore store_;
  static NodeLogs node(const std::string& name, int64_t since) {
    return {.since_nanoseconds = since,
            .key_of = [name](std::string_view path) { return name + "/logs/" + std::string(path); },
            .prefix = name + "/"};
  }
  std::string content(const std::string& key) const { return store_.content(key).value_or("<nothing>"); }

  std::vector<NodeLogs> nodes_ = {node("node", 0)};
  bool use_hints_ = true;
  int lines_ = 0;
  std::unique_ptr<Shipper> shipper_;
  std::unique_ptr<LogTracker> tracker_;
};

constexpr int64_t kSecond = 1'000'000'000;

// A raylet is restarted within its session, while files of the first lie there that nobody writes any more.
TEST_F(Mirror, LeavesEachFileWithTheNodeThatRanWhenItWasLastWritten) {
  for (const bool is_restarted : {false, true}) {
    folder_.write("logs/worker.out", "of the first");
    folder_.write("logs/shared.log", "of the first, ");
    folder_.write("logs/x.out", "old live");
    store_all();
    const int64_t change = status_of(at("x.out"))->modified_nanoseconds + kSecond;
    folder_.append("logs/worker.out", ", its last line not stored yet");
    set_time("worker.out", change - kSecond);

    nodes_.push_back(node("second", change));
    if (is_restarted) {
      restart();
    } else {
      tracker_->set_nodes(nodes_);
    }
    folder_.append("logs/shared.log", "then of the second");
    folder_.write("logs/new.out", "of the second");
    fs::rename(at("x.out"), at("x.out.1"));
    folder_.write("logs/x.out", "new live");
    for (const char* name : {"shared.log", "new.out", "x.out"})
      set_time(name, change + kSecond);
    store_all();

    EXPECT_EQ(content("node/logs/worker.out"), "of the first, its last line not stored yet");
    EXPECT_EQ(content("second/logs/worker.out"), "<nothing>");
    EXPECT_EQ(content("second/logs/shared.log"), "of the first, then of the second");
    EXPECT_EQ(content("node/logs/shared.log"), "of the first, ") << "as the first has left it";
    EXPECT_EQ(content("second/logs/new.out"), "of the second");
    EXPECT_EQ(content("node/logs/new.out"), "<nothing>");
    const FileStatus rotated = *status_of(at("x.out.1"));
    const std::string name = rotated_log_path("x.out", rotated.modified_nanoseconds, rotated.identity.inode);
    EXPECT_EQ(content("node/logs/" + name), "old live");
    EXPECT_EQ(content("node/logs/x.out"), "") << "its bytes are under the rotated name";
    EXPECT_EQ(content("second/logs/" + name), "<nothing>");
    EXPECT_EQ(content("second/logs/x.out"), "new live");
    EXPECT_EQ(shipper_->totals().bytes_abandoned, 0u);

    const auto stored = store_.keys();
    restart();
    store_all();
    EXPECT_EQ(store_.keys(), stored);
    EXPECT_EQ(shipper_->totals().bytes_sent, 0u);

    nodes_.pop_back();
    begin_anew();
  }
}

TEST_F(Mirror, StoresEachLineOnceThroughRotationsAndRestarts) {
  const unsigned seed = std::random_device{}();
  std::mt19937 random(seed);
  SCOPED_TRACE("seed " + std::to_string(seed));
  constexpr int kRing = 4;
  int turns_unseen = 0;
  const auto look = [&] {
    tracker_->look_now();
    turns_unseen = 0;
  };
  for (int step = 0; step < 600; ++step) {
    switch (random() % 8) {
      case 0:
        // No generation leaves the ring before a look has seen it: that is what a look a second is for.
        if (turns_unseen == kRing) look();
        // Nor are there more of them unstored than can be held open. Only a machine that lets the shipper's
        // threads wait for long comes so far.
        if (shipper_->backlog().files > kHeldOpen - kRing - 1) {
          ASSERT_TRUE(shipper_->wait_until_stored(Deadline::after(system_clock(), Seconds(60))));
          look();
        }
        ++turns_unseen;
        rotate(kRing);
        break;
      case 1:
        look();
        break;
      case 2:
        if (random() % 10 == 0) {
          // What is not stored when a collector dies is lost if the ring turns past it meanwhile. Without a
          // live file the shipper would find an object under its name that it cannot place, and keep it a
          // second time.
          write_line();
          store_all();
          restart();
          tracker_->scan_now();
          turns_unseen = 0;
        }
        break;
      default:
        write_line();
    }
  }
  write_line();  // nothing takes the place of the live object where no live file is
  store_all();
  expect_each_line_once();
  EXPECT_EQ(shipper_->totals().bytes_abandoned, 0u);
}

TEST_F(Mirror, StoresGenerationsThatTheRingTookWhileTheStoreWasAway) {
  write_line();
  store_all();
  store_is_away_ = true;
  store_.before_each_call([this](StoreCall, const std::string&) { store_is_away_.wait(true); });
  for (int turn = 0; turn < 12; ++turn) {
    write_line();
    tracker_->look_now();
    rotate(2);
    tracker_->look_now();
  }
  store_is_away_ = false;
  store_is_away_.notify_all();
  write_line();
  store_all();
  expect_each_line_once();
  EXPECT_EQ(shipper_->totals().bytes_abandoned, 0u);
}

// Found by chaos: a collector that stood still, and a store that was away, between the look at a file and its
// sending. What was sent as the beginning of one generation was the next one's.
TEST_F(Mirror, SendsNothingOfTheNextGenerationInPlaceOfWhatWasSeen) {
  struct Case {
    StoreCall cut_before;
    std::set<int> lost;
  };
  const Case cases[] = {{StoreCall::list, {0, 1}}, {StoreCall::put, {0, 1}}, {StoreCall::extend, {2}}};
  for (const Case& play : cases) {
    SCOPED_TRACE(static_cast<int>(play.cut_before));
    write_line();
    write_line();
    if (play.cut_before == StoreCall::extend) {
      store_all();
      write_line();
    }
    std::atomic<bool> is_begun = false;
    std::atomic<bool> is_cut = false;
    store_.before_each_call([&](StoreCall call, const std::string&) {
      if (call != play.cut_before || is_begun.exchange(true)) return;
      fs::resize_file(at("x.out"), 0);
      for (int i = 0; i < 6; ++i)
        write_line();
      is_cut = true;
    });
    tracker_->scan_now();
    while (!is_cut)
      std::this_thread::yield();
    store_all();
    expect_each_line_once(play.lost);
    store_.before_each_call({});
    begin_anew();
  }
}

TEST_F(Mirror, KeepsWhatWasStoredOfTruncatedAndDeletedGenerations) {
  for (int turn = 0; turn < 20; ++turn) {
    write_line();
    write_line();
    store_all();
    if (turn % 2 == 0) {
      fs::resize_file(at("x.out"), 0);
    } else {
      fs::remove(at("x.out"));
    }
  }
  write_line();
  store_all();
  expect_each_line_once();
}

TEST_F(Mirror, StoresTheNewestVersionOfAFileThatIsReplacedByRename) {
  for (const bool use_hints : {true, false}) {
    use_hints_ = use_hints;
    restart();
    std::string newest;
    for (int number = 0; number < 200; ++number) {
      newest = "version " + std::to_string(number);
      folder_.write("logs/status.json.tmp", newest);
      fs::rename(at("status.json.tmp"), at("status.json"));
      if (number % 3 == 0) tracker_->look_now();
      if (number % 50 == 0) restart();
    }
    store_all();
    EXPECT_EQ(content("node/logs/status.json"), newest);
    if (use_hints) {
      EXPECT_EQ(shipper_->totals().bytes_abandoned, 0u);
    }
    begin_anew();
  }
}

TEST_F(Mirror, StoresWhatIsWrittenOverInPlaceAndKeepsWhatWasStored) {
  folder_.write("logs/status.json", "{\"done\": 10}");
  store_all();
  folder_.write("logs/status.json", "{\"done\": 11}");
  store_all();
  EXPECT_EQ(content("node/logs/status.json"), "{\"done\": 11}");
  EXPECT_EQ(store_.keys().size(), 2u);
  const uint64_t sent = store_.bytes_sent();
  set_time("status.json", 0);
  store_all();
  EXPECT_EQ(store_.bytes_sent(), sent);
}

TEST_F(Mirror, SendsNothingAgainAfterARestart) {
  for (int turn = 0; turn < 5; ++turn) {
    for (int i = 0; i < 50; ++i)
      write_line();
    rotate(5);
  }
  write_line();
  store_all();
  const uint64_t sent = store_.bytes_sent();
  restart();
  rotate(6);
  write_line();
  const uint64_t new_bytes = fs::file_size(at("x.out"));
  store_all();
  expect_each_line_once();
  EXPECT_EQ(store_.bytes_sent() - sent, new_bytes);
}

}  // namespace
}  // namespace rayhistory::collector
