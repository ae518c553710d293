#include "logs/log_tracker.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "layout/rotated_log.h"
#include "logs/content_digest.h"
#include "logs/held_logs.h"
#include "testing/manual_clock.h"
#include "testing/recording_consumer.h"
#include "testing/temporary_folder.h"

namespace rayhistory::collector {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;
using Keys = std::set<std::string>;

// A folder of logs whose keys are their paths after "n/".
class Tracking : public testing::Test {
 protected:
  Tracking() { fs::create_directory(folder_ / "logs"); }

  LogTracker make_tracker(bool use_hints = false, size_t held_open = 16) {
    return {{.folder = folder_.shared("logs"),
             .nodes = {{.key_of = [](std::string_view path) { return "n/" + std::string(path); },
                        .prefix = "n/"}}},
            recording_,
            clock_,
            {.scan_interval = Seconds(30), .use_hints = use_hints, .held_open = held_open}};
  }

  void write(const std::string& name, const std::string& content) { folder_.write("logs/" + name, content); }
  void append(const std::string& name, const std::string& content) {
    folder_.append("logs/" + name, content);
  }
  void rename(const std::string& from, const std::string& to) { fs::rename(at(from), at(to)); }
  void remove(const std::string& name) { fs::remove_all(at(name)); }
  std::string at(const std::string& name) const { return folder_ / ("logs/" + name); }
  FileStatus status(const std::string& name) const { return *status_of(at(name)); }
  void write_at(const std::string& name, uint64_t offset, const std::string& bytes) {
    auto file = File::open_for_writing(at(name));
    const std::string_view piece = bytes;
    ASSERT_TRUE(file->write_at(offset, {&piece, 1}));
  }
  // As if the next look came within the tick of the file's last change.
  void set_clock_to_change(const std::string& name) {
    clock_.step_unix(Nanoseconds(status(name).changed_nanoseconds - clock_.unix_nanoseconds()));
  }
  void set_modified(const std::string& name, int64_t nanoseconds) {
    const timespec time{nanoseconds / 1'000'000'000, nanoseconds % 1'000'000'000};
    const timespec times[] = {time, time};
    ASSERT_EQ(::utimensat(AT_FDCWD, at(name).c_str(), times, 0), 0);
  }
  // The key that the file now at `name` has as a generation of `live`.
  std::string rotated_key(const std::string& live, const std::string& name) const {
    return "n/" + rotated_log_path(live, status(name).modified_nanoseconds, status(name).identity.inode);
  }
  // The ring of spdlog and Python alike: the highest number first, then the live file.
  void rotate(const std::string& live, int backups) {
    for (int number = backups - 1; number >= 1; --number) {
      const std::string from = live + "." + std::to_string(number);
      if (fs::exists(at(from))) rename(from, live + "." + std::to_string(number + 1));
    }
    rename(live, live + ".1");
  }

  const Shipment& shipment(const std::string& key) const { return recording_.offered.at(key); }
  std::vector<std::string> events() { return recording_.take_events(); }

  const TemporaryFolder folder_;
  ManualClock clock_;
  RecordingConsumer recording_;
};

TEST_F(Tracking, OffersEveryRegularFileAtAnyDepth) {
  write("raylet.out", "123");
  write("empty.err", "");
  write("serve/replica/a.log", "1");
  LogTracker tracker = make_tracker();
  const LogTotals totals = tracker.scan_now();
  EXPECT_EQ(recording_.keys(), (Keys{"n/raylet.out", "n/empty.err", "n/serve/replica/a.log"}));
  EXPECT_EQ(totals.files, 3u);
  EXPECT_EQ(totals.bytes_seen, 4u);
  EXPECT_EQ(totals.rotations, 0u);

  const Shipment& offered = shipment("n/raylet.out");
  EXPECT_EQ(offered.kind, ShipmentKind::log);
  EXPECT_EQ(offered.prefix_length, 2u);
  EXPECT_EQ(offered.path.str(), at("raylet.out"));
  EXPECT_EQ(offered.identity, status("raylet.out").identity);
  EXPECT_EQ(offered.size, 3u);
  EXPECT_EQ(offered.generation, 0u);
  EXPECT_FALSE(offered.final);
  EXPECT_TRUE(offered.keep_earlier);
  EXPECT_EQ(shipment("n/empty.err").size, 0u);
}

TEST_F(Tracking, SaysHowLongAFileHasLainThere) {
  for (const auto& [name, seconds] : {std::pair("an hour ago", -3600), std::pair("in the future", 3600)}) {
    write(name, "1");
    const time_t written = clock_.unix_nanoseconds() / 1'000'000'000 + seconds;
    const timespec times[] = {{written, 0}, {written, 0}};
    ASSERT_EQ(::utimensat(AT_FDCWD, at(name).c_str(), times, 0), 0);
  }
  LogTracker tracker = make_tracker();
  tracker.scan_now();
  EXPECT_EQ(shipment("n/an hour ago").waited, Seconds(3600));
  EXPECT_EQ(shipment("n/in the future").waited, Seconds(0));
}

TEST_F(Tracking, OffersNothingThatHasNotChanged) {
  write("a", "1");
  write("b", "1");
  LogTracker tracker = make_tracker();
  tracker.scan_now();
  events();
  tracker.scan_now();
  EXPECT_THAT(events(), IsEmpty());
  append("a", "2");
  EXPECT_EQ(tracker.scan_now().bytes_seen, 3u);
  EXPECT_THAT(events(), ElementsAre("offer n/a"));
  EXPECT_EQ(shipment("n/a").size, 2u);
  EXPECT_EQ(shipment("n/a").generation, 0u);
}

TEST_F(Tracking, WaitsForTheFolderToCome) {
  remove("");
  LogTracker tracker = make_tracker();
  EXPECT_EQ(tracker.scan_now().files, 0u);
  write("a", "1");
  EXPECT_EQ(tracker.scan_now().files, 1u);
}

TEST_F(Tracking, TakesNamesAsTheyAre) {
  const std::vector<std::string> names = {"with space",   "line\nbreak", "what?x=1&y=2", "100%", "a+b",
                                          "\xff\xfe.log", "\xc3\xa4",    ".out",         "...",  "-",
                                          "a\"b",         "back\\slash"};
  Keys keys;
  for (const std::string& name : names) {
    write(name, name);
    keys.insert("n/" + name);
  }
  LogTracker tracker = make_tracker();
  tracker.scan_now();
  EXPECT_EQ(recording_.keys(), keys);
}

TEST_F(Tracking, FollowsNoSymlink) {
  folder_.write("secret", "1");
  write("real/a", "1");
  fs::create_symlink(folder_ / "secret", at("link"));
  fs::create_symlink("nowhere", at("dangling"));
  fs::create_directory_symlink("real", at("folder link"));
  fs::create_directory_symlink("..", at("real/loop"));
  LogTracker tracker = make_tracker();
  EXPECT_EQ(tracker.scan_now().files, 1u);
  EXPECT_EQ(recording_.keys(), Keys{"n/real/a"});
}

TEST_F(Tracking, LeavesALogThatBecameASymlink) {
  folder_.write("secret", "secret");
  write("a", "1");
  LogTracker tracker = make_tracker();
  tracker.scan_now();
  remove("a");
  fs::create_symlink(folder_ / "secret", at("a"));
  EXPECT_EQ(tracker.scan_now().files, 0u);
  EXPECT_EQ(recording_.keys(), Keys{});
}

TEST_F(Tracking, LeavesSocketsAndFifosAlone) {
  ASSERT_EQ(::mkfifo(at("fifo").c_str(), 0644), 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, at("socket").c_str(), sizeof(address.sun_path) - 1);
  const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  write("a", "1");
  LogTracker tracker = make_tracker();
  EXPECT_EQ(tracker.scan_now().files, 1u);
  EXPECT_EQ(recording_.keys(), Keys{"n/a"});
  ::close(socket);
}

TEST_F(Tracking, StopsAtTheDepthLimit) {
  std::string path;
  for (int level = 0; level < 40; ++level)
    path += "d/";
  write(path + "deep", "1");
  write(path.substr(0, 32 * 2) + "deep enough", "1");
  LogTracker tracker = make_tracker();
  EXPECT_EQ(tracker.scan_now().files, 1u);
}

TEST_F(Tracking, CountsWhatCannotBeReadAndTakesItLater) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may read everything";
  write("a", "1");
  write("closed/b", "1");
  fs::permissions(at("a"), fs::perms::none);
  fs::permissions(at("closed"), fs::perms::none);
  LogTracker tracker = make_tracker();
  testing::internal::CaptureStderr();
  EXPECT_EQ(tracker.scan_now().unreadable, 2u);
  tracker.scan_now();
  const std::string told = testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::count(told.begin(), told.end(), '\n'), 2) << told;
  EXPECT_THAT(recording_.keys(), IsEmpty());
  fs::permissions(at("a"), fs::perms::owner_all);
  fs::permissions(at("closed"), fs::perms::owner_all);
  EXPECT_EQ(tracker.scan_now().unreadable, 0u);
  EXPECT_EQ(recording_.keys(), (Keys{"n/a", "n/closed/b"}));
}

TEST_F(Tracking, TellsALogsFolderThatDoesNotComeAtASlowingPaceAndItsComing) {
  remove("");
  LogTracker tracker = make_tracker();
  testing::internal::CaptureStderr();
  tracker.look_now();
  clock_.advance(Seconds(9));
  tracker.look_now();
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  testing::internal::CaptureStderr();
  for (int second = 0; second < 3600; ++second) {
    clock_.advance(Seconds(1));
    tracker.look_now();
  }
  std::string told = testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::count(told.begin(), told.end(), '\n'), 3 + 12) << told;
  EXPECT_THAT(told, AllOf(HasSubstr("level=warning msg=\"the session has no logs folder"),
                          HasSubstr("folder=" + (folder_ / "logs") + " "), HasSubstr("RAY_TMP_ROOT")));

  testing::internal::CaptureStderr();
  fs::create_directory(folder_ / "logs");
  tracker.scan_now();
  tracker.scan_now();
  told = testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::count(told.begin(), told.end(), '\n'), 1) << told;
  EXPECT_THAT(told, HasSubstr("level=info msg=\"the session has a logs folder now\""));
}

TEST_F(Tracking, WithdrawsWhatIsDeleted) {
  write("a", "1");
  write("below/b", "1");
  LogTracker tracker = make_tracker();
  tracker.scan_now();
  remove("a");
  remove("below");
  EXPECT_EQ(tracker.scan_now().files, 0u);
  EXPECT_EQ(recording_.withdrawn, (Keys{"n/a", "n/below/b"}));
}

TEST_F(Tracking, OffersARenamedGenerationBeforeTheNewFile) {
  write("raylet.out", "first");
  LogTracker tracker = make_tracker();
  tracker.scan_now();
  events();
  rotate("raylet.out", 5);
  write("raylet.out", "second");
  const std::string old = rotated_key("raylet.out", "raylet.out.1");
  const LogTotals totals = tracker.scan_now();
  EXPECT_THAT(events(), ElementsAre("offer " + old, "offer n/raylet.out"));
  EXPECT_EQ(totals.rotations, 1u);
  EXPECT_EQ(totals.renamed, 1u);
  EXPECT_EQ(totals.bytes_seen, 11u);
  EXPECT_EQ(totals.files, 2u);

  EXPECT_EQ(shipment(old).kind, ShipmentKind::rotated_log);
  EXPECT_EQ(shipment(old).moved_from, "n/raylet.out");
  EXPECT_EQ(shipment(old).path.str(), at("raylet.out.1"));
  EXPECT_EQ(shipment(old).identity, status("raylet.out.1").identity);
  EXPECT_TRUE(shipment(old).final);
  EXPECT_TRUE(shipment(old).held_open);
  EXPECT_EQ(shipment("n/raylet.out").identity, status("raylet.out").identity);
}

TEST_F(Tracking, WithdrawsTheLiveKeyWhereNoNewFileComes) {
  write("x.log", "first");
  LogTracker tracker = make_tracker();
  tracker.scan_now();
  events();
  rotate("x.log", 5);
  const std::string old = rotated_key("x.log", "x.log.1");
  tracker.scan_now();
  EXPECT_THAT(events(), ElementsAre("offer " + old, "withdraw n/x.log"));
}

TEST_F(Tracking, NamesEachGenerationOnceThroughARing) {
  LogTracker tracker = make_tracker();
  Keys generations;
  for (int turn = 0; turn < 12; ++turn) {
    write("serve/x.log", std::to_string(turn));
    tracker.scan_now();
    rotate("serve/x.log", 5);
    generations.insert(rotated_key("serve/x.log", "serve/x.log.1"));
  }
  const LogTotals totals = tracker.scan_now();
  EXPECT_EQ(generations.size(), 12u);
  EXPECT_EQ(totals.rotations, 12u);
  EXPECT_EQ(recording_.keys(), generations) << "those that the ring took are held open";
  EXPECT_EQ(totals.files, 5u);
  int oldest = 0;
  for (const std::string& key : generations) {
    const Shipment& generation = shipment(key);
    ASSERT_TRUE(generation.held_open);
    EXPECT_EQ(generation.size, generation.held_open->status()->size);
    oldest = std::max(oldest, static_cast<int>(generation.urgency));
  }
  EXPECT_EQ(oldest, 5);
}

// Each of the following logs was rotated once, so it is held open while it is live.
class TurningRing : public Tracking {
 protected:
  static constexpr int kBackups = 3;
  static constexpr auto kLog = "raylet.out";

  void turn() {
    if (fs::exists(at("raylet.out.3"))) remove("raylet.out.3");
    rotate(kLog, kBackups);
    write(kLog, "");
  }
  void turn_once_under_the_trackers_eyes(LogTracker& tracker) {
    write(kLog, "first");
    tracker.look_now();
    turn();
    tracker.look_now();
  }
  static std::string content_of(const Shipment& shipment) {
    std::string content(shipment.size, '\0');
    EXPECT_TRUE(shipment.held_open && shipment.held_open->read_at(0, content));
    return content;
  }
};

TEST_F(TurningRing, AGenerationThatWasSeenOnlyWhileItWasLiveIsOfferedWithTheBytesThatCameLater) {
  for (const bool use_hints : {false, true}) {
    LogTracker tracker = make_tracker(use_hints);
    turn_once_under_the_trackers_eyes(tracker);
    append(kLog, "seen ");
    tracker.scan_now();
    append(kLog, "not seen");
    const std::string evicted = rotated_key(kLog, kLog);
    for (int i = 0; i <= kBackups; ++i)
      turn();
    events();
    const LogTotals before = tracker.totals();
    const LogTotals totals = tracker.scan_now();
    EXPECT_EQ(content_of(shipment(evicted)), "seen not seen");
    EXPECT_EQ(shipment(evicted).kind, ShipmentKind::rotated_log);
    EXPECT_EQ(shipment(evicted).moved_from, "n/raylet.out");
    EXPECT_EQ(totals.renamed - before.renamed, 1u + kBackups);
    EXPECT_EQ(totals.replaced, 0u);
    const std::vector<std::string> order = events();
    EXPECT_LT(std::find(order.begin(), order.end(), "offer " + evicted),
              std::find(order.begin(), order.end(), "offer n/raylet.out"))
        << "an evicted generation must be offered before the file that takes its name";
    remove("");
    fs::create_directory(folder_ / "logs");
  }
}

TEST_F(TurningRing, AGenerationIsFoundAlsoWhenTheLookComesBetweenTwoRenames) {
  LogTracker tracker = make_tracker();
  turn_once_under_the_trackers_eyes(tracker);
  append(kLog, "content");
  tracker.scan_now();
  const std::string evicted = rotated_key(kLog, kLog);
  for (int i = 0; i <= kBackups; ++i)
    turn();
  remove(kLog);
  clock_.advance(Seconds(30));
  tracker.look_now();
  EXPECT_FALSE(recording_.keys().contains(evicted));
  write(kLog, "next");
  tracker.look_now();
  EXPECT_EQ(content_of(shipment(evicted)), "content");
}

TEST_F(TurningRing, ALogThatIsDeletedIsWithdrawnAsBefore) {
  LogTracker tracker = make_tracker();
  turn_once_under_the_trackers_eyes(tracker);
  append(kLog, "content");
  tracker.scan_now();
  events();
  remove(kLog);
  tracker.scan_now();
  tracker.look_now();
  EXPECT_THAT(events(), ElementsAre("withdraw n/raylet.out"));
}

TEST_F(TurningRing, ALargeLogIsHeldBeforeItsFirstRotationAndAStatusFileIsNot) {
  for (const bool grows : {true, false}) {
    const std::string name = grows ? "grows.log" : "status.json";
    LogTracker tracker = make_tracker(true);
    write(name, std::string(kLargeLogBytes, 'a'));
    tracker.look_now();
    if (grows) append(name, "b");
    tracker.scan_now();
    const std::string evicted = rotated_key(name, name);
    write("new", "the next");
    rename("new", name);
    tracker.scan_now();
    EXPECT_EQ(recording_.keys().contains(evicted), false) << "it was renamed over, as a newer version is";
    append(name, std::string(grows ? kLargeLogBytes : 0, 'c'));
    tracker.scan_now();
    const std::string second = rotated_key(name, name);
    remove(name);
    write(name, "another");
    tracker.scan_now();
    EXPECT_EQ(recording_.keys().contains(second), grows);
  }
}

TEST_F(TurningRing, GenerationsThatNoLookHasSeenAreCountedAndTold) {
  LogTracker tracker = make_tracker(true);
  turn_once_under_the_trackers_eyes(tracker);
  testing::internal::CaptureStderr();
  for (int i = 0; i < kBackups + 3; ++i) {
    turn();
    append(kLog, std::to_string(i));
  }
  const LogTotals totals = tracker.look_now();
  const std::string log = testing::internal::GetCapturedStderr();
  // The live file and the three backups were seen, and so was the generation that the descriptor kept.
  EXPECT_EQ(totals.unseen, 2u);
  EXPECT_THAT(log, HasSubstr("rotated logs were deleted before the collector could see them"));
  EXPECT_THAT(log, HasSubstr("generations=2"));
}

TEST_F(Tracking, FindsGenerationsOfAnEarlierRunHighestNumberFirst) {
  write("x.out.10", "c");
  write("x.out.2", "b");
  write("x.out.1", "a");
  write("x.out", "live");
  LogTracker tracker = make_tracker();
  const LogTotals totals = tracker.scan_now();
  EXPECT_THAT(events(), ElementsAre("offer " + rotated_key("x.out", "x.out.10"),
                                    "offer " + rotated_key("x.out", "x.out.2"),
                                    "offer " + rotated_key("x.out", "x.out.1"), "offer n/x.out"));
  EXPECT_EQ(totals.rotations, 0u);
  EXPECT_EQ(shipment(rotated_key("x.out", "x.out.10")).moved_from, "n/x.out");
}

TEST_F(Tracking, TakesAGenerationThatWasOverwrittenUnheldAsGone) {
  write("x.out", "1");
  LogTracker tracker = make_tracker(false, 0);
  tracker.scan_now();
  rename("x.out", "x.out.1");
  const std::string old = rotated_key("x.out", "x.out.1");
  tracker.scan_now();
  write("x.out", "2");
  rename("x.out", "x.out.1");
  tracker.scan_now();
  EXPECT_TRUE(recording_.withdrawn.contains(old));
  EXPECT_EQ(recording_.keys(), Keys{rotated_key("x.out", "x.out.1")});
}

TEST_F(Tracking, TakesAFileThatWasCutShortForAnotherGeneration) {
  write("x.log", "a long first generation");
  LogTracker tracker = make_tracker();
  tracker.scan_now();
  const FileStatus first = status("x.log");
  fs::copy_file(at("x.log"), at("copy"));
  fs::resize_file(at("x.log"), 0);
  append("x.log", "second");
  const LogTotals totals = tracker.scan_now();
  EXPECT_EQ(totals.rotations, 1u);
  EXPECT_EQ(totals.truncated, 1u);
  const Shipment& second = shipment("n/x.log");
  EXPECT_EQ(second.identity, first.identity);
  EXPECT_EQ(second.generation, 1u);
  EXPECT_EQ(second.size, 6u);
  EXPECT_TRUE(second.keep_earlier);
}

TEST_F(Tracking, NoticesACutThatWasRegrownBeyondTheOldSize) {
  const std::string head(4096, 'h');
  write("x.log", head + "first");
  LogTracker tracker = make_tracker();
  tracker.scan_now();
  fs::resize_file(at("x.log"), 0);
  append("x.log", head + "second, and longer than the first");
  tracker.scan_now();
  EXPECT_EQ(shipment("n/x.log").generation, 1u);
  append("x.log", "more");
  tracker.scan_now();
  EXPECT_EQ(shipment("n/x.log").generation, 1u) << "growth is not a cut";
}

TEST_F(Tracking, GivesARotatedFileTheGenerationItHad) {
  write("x.log", "first");
  LogTracker tracker = make_tracker();
  tracker.scan_now();
  fs::resize_file(at("x.log"), 0);
  tracker.scan_now();
  rotate("x.log", 5);
  tracker.scan_now();
  EXPECT_EQ(shipment(rotated_key("x.log", "x.log.1")).generation, 1u);
}

TEST_F(Tracking, TakesAFileThatWasDeletedAndMadeAgainForAnother) {
  write("x.log", "first");
  LogTracker tracker = make_tracker();
  tracker.scan_now();
  rename("x.log", "../elsewhere");  // not deleted, so that its inode is not used again
  write("x.log", "second");
  const LogTotals totals = tracker.scan_now();
  EXPECT_EQ(totals.rotations, 1u);
  EXPECT_EQ(totals.replaced, 1u);
  EXPECT_EQ(shipment("n/x.log").identity, status("x.log").identity);
  EXPECT_TRUE(shipment("n/x.log").keep_earlier);
}

TEST_F(Tracking, KeepsOnlyTheLastOfRaysStateDumps) {
  write("debug_state.txt", "state 1");
  LogTracker tracker = make_tracker();
  tracker.scan_now();
  write("debug_state.txt", "state 2 is longer");
  tracker.scan_now();
  EXPECT_EQ(shipment("n/debug_state.txt").generation, 1u);
  EXPECT_FALSE(shipment("n/debug_state.txt").keep_earlier);
  EXPECT_EQ(tracker.totals().rotations, 0u);
}

TEST_F(Tracking, NeedsLittleForManyFiles) {
  for (int i = 0; i < 5000; ++i)
    write("worker-" + std::to_string(i) + ".out", "line\n");
  LogTracker tracker = make_tracker();
  EXPECT_EQ(tracker.scan_now().files, 5000u);
  EXPECT_EQ(recording_.offered.size(), 5000u);
  events();
  tracker.scan_now();
  EXPECT_THAT(events(), IsEmpty());
}

// What a writer does in place shows neither in the size nor at the end.

TEST_F(Tracking, NoticesBytesThatWereWrittenOverInPlace) {
  for (const size_t size : {size_t{40}, size_t{3000}, size_t{kWhollyDigestedBytes}}) {
    const std::string name = "status of " + std::to_string(size);
    write(name, std::string(size, 'x'));
    LogTracker tracker = make_tracker();
    set_clock_to_change(name);
    tracker.scan_now();
    const int64_t modified = status(name).modified_nanoseconds;
    uint32_t generation = 0;
    for (const uint64_t at : {uint64_t{0}, uint64_t{size / 2}, uint64_t{size - 1}}) {
      for (const bool is_time_set_back : {false, true}) {
        SCOPED_TRACE(name + " at " + std::to_string(at));
        write_at(name, at, is_time_set_back ? "z" : "y");
        if (is_time_set_back) set_modified(name, modified);
        set_clock_to_change(name);
        tracker.scan_now();
        EXPECT_EQ(shipment("n/" + name).generation, ++generation);
        EXPECT_TRUE(shipment("n/" + name).keep_earlier);
      }
    }
  }
}

TEST_F(Tracking, NoticesAHeaderThatIsWrittenOverWhileTheFileGrows) {
  write("counted.log", "lines 1\n" + std::string(1000, 'x'));
  LogTracker tracker = make_tracker();
  tracker.scan_now();
  append("counted.log", std::string(1000, 'x'));
  write_at("counted.log", 6, "2");
  tracker.scan_now();
  EXPECT_EQ(shipment("n/counted.log").generation, 1u);
  EXPECT_EQ(shipment("n/counted.log").size, 2008u);
}

TEST_F(Tracking, OffersNothingForNewTimesAlone) {
  for (const uint64_t size : {uint64_t{0}, uint64_t{40}, 3 * kWhollyDigestedBytes}) {
    for (const char* name : {"a", "debug_state.txt"}) {
      write(name, std::string(size, 'x'));
      LogTracker tracker = make_tracker();
      tracker.scan_now();
      events();
      set_modified(name, status(name).modified_nanoseconds + 5'000'000'000);
      tracker.scan_now();
      fs::permissions(at(name), fs::perms::owner_all);
      tracker.scan_now();
      write_at(name, 0, std::string(std::min<uint64_t>(size, 1), 'x'));
      tracker.scan_now();
      EXPECT_THAT(events(), IsEmpty());
    }
  }
}

// Before Linux 6.13, what is written within the tick of a look, of 4 ms, has the times that the look saw.
TEST_F(Tracking, NoticesWhatIsWrittenOverWithinTheTickOfALook) {
  LogTracker tracker = make_tracker(true);
  for (int i = 0; i < 100; ++i) {
    const std::string name = std::to_string(i);
    write(name, "before, and then the same end");
    set_clock_to_change(name);
    tracker.scan_now();
    write_at(name, 0, "after!");
    tracker.look_now();
    EXPECT_EQ(shipment("n/" + name).generation, 1u) << i;
  }
  clock_.advance(Seconds(1));
  tracker.look_now();
  events();
  tracker.look_now();
  EXPECT_THAT(events(), IsEmpty());
}

// With hints, between scans.

TEST_F(Tracking, TellsAFileThatIsRenamedOverAnotherFromAnyOtherReplacement) {
  write("status.json", "1");
  LogTracker tracker = make_tracker(true);
  tracker.scan_now();
  const auto replaced_by = [&](const std::function<void()>& replace) {
    fs::create_hard_link(at("status.json"), folder_ / "keeps the inode");
    replace();
    tracker.look_now();
    fs::remove(folder_ / "keeps the inode");
    return shipment("n/status.json");
  };
  const auto rename_over = [&] {
    folder_.write("status.json.tmp", "2");
    rename("../status.json.tmp", "status.json");
  };
  EXPECT_TRUE(replaced_by(rename_over).renamed_over);
  EXPECT_TRUE(replaced_by([&] {
                write("status.json.tmp", "3");
                rename("status.json.tmp", "status.json");
              }).renamed_over)
      << "from the same folder";
  EXPECT_TRUE(replaced_by([&] {
                rename_over();
                rename_over();
              }).renamed_over)
      << "twice between two looks";
  EXPECT_FALSE(replaced_by([&] {
                 remove("status.json");
                 write("status.json", "4");
               }).renamed_over);
  EXPECT_FALSE(replaced_by([&] {
                 remove("status.json");
                 rename_over();
               }).renamed_over)
      << "its file was deleted first";
  EXPECT_FALSE(replaced_by([&] {
                 rename("status.json", "status.json.1");
                 rename_over();
               }).renamed_over)
      << "its file was rotated first";
  EXPECT_TRUE(replaced_by(rename_over).renamed_over);
  append("status.json", "more");
  tracker.look_now();
  EXPECT_FALSE(shipment("n/status.json").renamed_over);
}

TEST_F(Tracking, HandsOverATemporaryFileThatWasRenamedOverAnother) {
  write("status.json", "1");
  write("status.json.tmp", "2");
  LogTracker tracker = make_tracker(true);
  tracker.scan_now();
  events();
  rename("status.json.tmp", "status.json");
  write("status.json.tmp", "3");
  rename("status.json.tmp", "status.json");
  tracker.look_now();
  EXPECT_THAT(events(), UnorderedElementsAre("offer n/status.json", "hand over n/status.json.tmp"));
  write("status.json.tmp", "4");
  tracker.look_now();
  rename("status.json.tmp", "status.json");
  write("status.json.tmp", "5");
  events();
  tracker.look_now();
  EXPECT_THAT(events(), UnorderedElementsAre("offer n/status.json", "hand over n/status.json.tmp",
                                             "offer n/status.json.tmp"));
  rename("status.json.tmp", "../elsewhere");
  tracker.look_now();
  EXPECT_THAT(events(), ElementsAre("withdraw n/status.json.tmp")) << "where nobody looks";
}

TEST_F(Tracking, LooksBetweenScansOnlyAtWhatIsHintedAt) {
  write("a", "1");
  write("below/b", "1");
  LogTracker tracker = make_tracker(true);
  tracker.scan_now();
  events();
  clock_.advance(Seconds(1));
  tracker.look_now();
  EXPECT_THAT(events(), IsEmpty());
  append("below/b", "2");
  write("below/new", "1");
  write("fresh/deep/c", "1");
  tracker.look_now();
  EXPECT_THAT(events(), UnorderedElementsAre("offer n/below/b", "offer n/below/new", "offer n/fresh/deep/c"));
  append("fresh/deep/c", "2");
  remove("a");
  tracker.look_now();
  EXPECT_THAT(events(), UnorderedElementsAre("offer n/fresh/deep/c", "withdraw n/a"));
}

TEST_F(Tracking, SeesARingTurnBetweenScans) {
  write("x.out", "1");
  LogTracker tracker = make_tracker(true);
  tracker.scan_now();
  clock_.advance(Seconds(1));
  Keys generations;
  for (int turn = 2; turn <= 9; ++turn) {
    rotate("x.out", 3);
    generations.insert(rotated_key("x.out", "x.out.1"));
    write("x.out", std::to_string(turn));
    events();
    tracker.look_now();
    const auto told = events();
    EXPECT_EQ(told.back(), "offer n/x.out");
  }
  EXPECT_EQ(generations.size(), 8u);
  generations.insert("n/x.out");
  EXPECT_EQ(recording_.keys(), generations);
  EXPECT_EQ(tracker.totals().rotations, 8u);
}

TEST_F(Tracking, SeesARingTurnSeveralTimesBetweenLooks) {
  write("x.out", "1");
  LogTracker tracker = make_tracker(true);
  tracker.scan_now();
  const FileStatus first = status("x.out");
  clock_.advance(Seconds(1));
  for (int turn = 2; turn <= 4; ++turn) {
    rotate("x.out", 5);
    write("x.out", std::to_string(turn));
  }
  tracker.look_now();
  EXPECT_EQ(recording_.keys().size(), 4u);
  const Shipment& old =
      shipment("n/" + rotated_log_path("x.out", first.modified_nanoseconds, first.identity.inode));
  EXPECT_EQ(old.path.str(), at("x.out.3"));
}

TEST_F(Tracking, GoesOnWhereAFolderIsReplaced) {
  write("below/a", "1");
  LogTracker tracker = make_tracker(true);
  tracker.scan_now();
  clock_.advance(Seconds(1));
  rename("below", "renamed");
  write("below/b", "1");
  tracker.look_now();
  EXPECT_EQ(recording_.keys(), (Keys{"n/renamed/a", "n/below/b"}));
  append("renamed/a", "2");
  append("below/b", "2");
  tracker.look_now();
  EXPECT_EQ(shipment("n/renamed/a").size, 2u);
  EXPECT_EQ(shipment("n/below/b").size, 2u);
}

TEST_F(Tracking, ScansAtItsIntervalWhateverTheHintsSay) {
  write("a", "1");
  LogTracker tracker = make_tracker(false);
  tracker.look_now();
  append("a", "2");
  clock_.advance(Seconds(4));
  tracker.look_now();
  EXPECT_EQ(shipment("n/a").size, 1u);
  clock_.advance(Seconds(1));
  tracker.look_now();
  EXPECT_EQ(shipment("n/a").size, 2u) << "without hints every 5 s";
}

TEST_F(Tracking, RunsOnItsOwnThread) {
  write("a", "1");
  LogTracker tracker = make_tracker(true);
  tracker.start();
  while (tracker.totals().files < 1)
    std::this_thread::yield();
  write("b", "1");
  while (tracker.totals().files < 2)
    clock_.advance(Seconds(1));
  tracker.stop();
  EXPECT_EQ(recording_.keys(), (Keys{"n/a", "n/b"}));
}

TEST_F(Tracking, LeavesNoDescriptorsOfDeletedLogsOpen) {
  LogTracker tracker = make_tracker(true);
  tracker.scan_now();
  const auto descriptors = [] {
    return std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator());
  };
  const auto before = descriptors();
  for (int i = 0; i < 200; ++i) {
    write("x" + std::to_string(i), "1");
    tracker.look_now();
    remove("x" + std::to_string(i));
  }
  EXPECT_EQ(tracker.look_now().files, 0u);
  EXPECT_EQ(descriptors(), before);
  EXPECT_EQ(recording_.keys(), Keys{});
}

}  // namespace
}  // namespace rayhistory::collector
