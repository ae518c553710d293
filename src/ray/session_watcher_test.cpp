#include "ray/session_watcher.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "testing/manual_clock.h"
#include "testing/temporary_folder.h"

namespace rayhistory::collector {
namespace {

namespace fs = std::filesystem;

const std::string kNodeA(56, 'a');
const std::string kNodeB(56, 'b');
const std::string kFirst = "session_2026-11-23_02-27-20_324908_14170";
const std::string kSecond = "session_2026-11-23_09-00-00_000001_99";

// A dashboard that knows one node.
class Dashboard final : public HttpClient {
 public:
  Result<HttpResponse> send(const HttpRequest&, const Deadline&) override {
    ++asked;
    if (node.empty()) return Error{ErrorKind::retry, "connection refused"};
    const std::string body =
        R"({"data": {"result": {"result": [{"node_ip": "10.0.0.1", "state": "ALIVE", "node_id": ")" + node +
        R"("}]}}})";
    return HttpResponse{.status = 200, .headers = {}, .body = body};
  }

  std::string node;
  int asked = 0;
};

class Watching : public testing::Test {
 protected:
  SessionWatcherOptions options() const {
    return {.folder = RayFolder(folder_.shared()),
            .pod_ip = "10.0.0.1",
            .nodes = *nodes_url("head", ""),
            .token = {}};
  }
  SessionWatcher make_watcher() {
    return {options(), dashboard_, clock_, [this](const RunningNode& before, const RunningNode& now) {
              changes_.emplace_back(before, now);
            }};
  }

  void start_session(const std::string& name) {
    fs::create_directories(folder_ / name);
    point_latest_to(folder_ / name);
  }
  void point_latest_to(const std::string& target) {
    fs::remove(folder_ / "session_latest");
    fs::create_symlink(target, folder_ / "session_latest");
  }
  void write_node_id(const std::string& node) { folder_.write("raylet_node_id", node + "\n"); }
  void make_node_id_old() {
    const timespec times[2] = {{.tv_sec = 1, .tv_nsec = 0}, {.tv_sec = 1, .tv_nsec = 0}};
    ASSERT_EQ(::utimensat(AT_FDCWD, (folder_ / "raylet_node_id").c_str(), times, 0), 0);
  }

  static std::string session_of(const RunningNode& running) {
    return running.session ? running.session->str() : "";
  }
  static std::string node_of(const RunningNode& running) { return running.node ? running.node->str() : ""; }

  const TemporaryFolder folder_;
  ManualClock clock_;
  Dashboard dashboard_;
  std::vector<std::pair<RunningNode, RunningNode>> changes_;
};

TEST_F(Watching, FindsNothingWhereRayHasNotStarted) {
  SessionWatcher watcher = make_watcher();
  EXPECT_EQ(watcher.look_now(), RunningNode{});
  EXPECT_TRUE(changes_.empty());
  EXPECT_EQ(dashboard_.asked, 0);
}

TEST_F(Watching, FindsSessionAndNodeInFilesWithOneChange) {
  start_session(kFirst);
  write_node_id(kNodeA);
  SessionWatcher watcher = make_watcher();
  const RunningNode found = watcher.look_now();
  EXPECT_EQ(session_of(found), kFirst);
  EXPECT_EQ(node_of(found), kNodeA);
  EXPECT_EQ(watcher.running(), found);
  ASSERT_EQ(changes_.size(), 1u);
  EXPECT_EQ(changes_[0], std::pair(RunningNode{}, found));
  watcher.look_now();
  EXPECT_EQ(changes_.size(), 1u);
  EXPECT_EQ(dashboard_.asked, 0);
}

TEST_F(Watching, FindsTheNodeInAPortFile) {
  start_session(kFirst);
  folder_.write(kFirst + "/gcs_server_port_" + kNodeA, "6379");
  SessionWatcher watcher = make_watcher();
  EXPECT_EQ(node_of(watcher.look_now()), kNodeA);
}

TEST_F(Watching, AsksTheDashboardWhereNoFileNamesTheNode) {
  start_session(kFirst);
  SessionWatcher watcher = make_watcher();
  EXPECT_EQ(session_of(watcher.look_now()), kFirst);
  EXPECT_EQ(dashboard_.asked, 1);
  watcher.look_now();
  EXPECT_EQ(dashboard_.asked, 1) << "not oftener than every 2 s";
  dashboard_.node = kNodeA;
  clock_.advance(Seconds(2));
  EXPECT_EQ(node_of(watcher.look_now()), kNodeA);
  EXPECT_EQ(changes_.size(), 2u);

  dashboard_.node = kNodeB;
  clock_.advance(Seconds(5));
  EXPECT_EQ(node_of(watcher.look_now()), kNodeB);
  dashboard_.node.clear();
  clock_.advance(Seconds(5));
  EXPECT_EQ(node_of(watcher.look_now()), kNodeB) << "a dashboard that is away takes nothing back";
}

TEST_F(Watching, AsksSeldomWhileTheRayletsSocketStays) {
  start_session(kFirst);
  folder_.write(kFirst + "/sockets/raylet", "");
  dashboard_.node = kNodeA;
  SessionWatcher watcher = make_watcher();
  watcher.look_now();
  clock_.advance(Seconds(30));
  watcher.look_now();
  EXPECT_EQ(dashboard_.asked, 1);
  folder_.write(kFirst + "/sockets/new", "");
  fs::rename(folder_ / (kFirst + "/sockets/new"), folder_ / (kFirst + "/sockets/raylet"));
  dashboard_.node = kNodeB;
  EXPECT_EQ(node_of(watcher.look_now()), kNodeB);
}

TEST_F(Watching, DoesNotAskWithoutAnAddress) {
  start_session(kFirst);
  SessionWatcherOptions without = options();
  without.nodes.reset();
  SessionWatcher watcher(std::move(without), dashboard_, clock_,
                         [](const RunningNode&, const RunningNode&) {});
  watcher.look_now();
  EXPECT_EQ(dashboard_.asked, 0);
}

TEST_F(Watching, TakesRelativeAndForeignTargetsByTheirLastSegment) {
  fs::create_directories(folder_ / kFirst);
  SessionWatcher watcher = make_watcher();
  point_latest_to(kFirst + "/");
  EXPECT_EQ(session_of(watcher.look_now()), kFirst);
  fs::create_directories(folder_ / kSecond);
  point_latest_to("/where/ray/mounted/it/" + kSecond);
  EXPECT_EQ(session_of(watcher.look_now()), kSecond);
}

TEST_F(Watching, TakesNoSessionThatIsNotAFolderHere) {
  SessionWatcher watcher = make_watcher();
  point_latest_to("/elsewhere/" + kFirst);
  EXPECT_EQ(session_of(watcher.look_now()), "");
  point_latest_to("..");
  EXPECT_EQ(session_of(watcher.look_now()), "");
  folder_.write("a-file", "");
  point_latest_to("a-file");
  EXPECT_EQ(session_of(watcher.look_now()), "");
  fs::create_directories(folder_ / "bad name");
  point_latest_to("bad name");
  EXPECT_EQ(session_of(watcher.look_now()), "");
}

TEST_F(Watching, KeepsWhatIsKnownWhileSessionLatestIsReplaced) {
  start_session(kFirst);
  write_node_id(kNodeA);
  SessionWatcher watcher = make_watcher();
  const RunningNode found = watcher.look_now();
  fs::remove(folder_ / "session_latest");
  fs::remove(folder_ / "raylet_node_id");
  EXPECT_EQ(watcher.look_now(), found);
  EXPECT_EQ(changes_.size(), 1u);
}

TEST_F(Watching, SeesARestartedRayletWithinTheSession) {
  start_session(kFirst);
  write_node_id(kNodeA);
  SessionWatcher watcher = make_watcher();
  watcher.look_now();
  write_node_id(kNodeB);
  const RunningNode now = watcher.look_now();
  EXPECT_EQ(session_of(now), kFirst);
  EXPECT_EQ(node_of(now), kNodeB);
  ASSERT_EQ(changes_.size(), 2u);
  EXPECT_EQ(node_of(changes_[1].first), kNodeA);
}

TEST_F(Watching, DoesNotCarryTheOldNodeIntoANewSession) {
  start_session(kFirst);
  write_node_id(kNodeA);
  SessionWatcher watcher = make_watcher();
  watcher.look_now();
  start_session(kSecond);
  make_node_id_old();
  const RunningNode now = watcher.look_now();
  EXPECT_EQ(session_of(now), kSecond);
  EXPECT_EQ(node_of(now), "");
  write_node_id(kNodeB);
  EXPECT_EQ(node_of(watcher.look_now()), kNodeB);
}

TEST_F(Watching, TakesADoubtfulNodeIdWhenNothingElseTurnsUp) {
  start_session(kFirst);
  write_node_id(kNodeA);
  make_node_id_old();
  SessionWatcher watcher = make_watcher();
  EXPECT_EQ(node_of(watcher.look_now()), "");
  clock_.advance(Seconds(14));
  EXPECT_EQ(node_of(watcher.look_now()), "");
  clock_.advance(Seconds(1));
  EXPECT_EQ(node_of(watcher.look_now()), kNodeA);
}

TEST_F(Watching, PrefersTheDashboardToADoubtfulNodeId) {
  start_session(kFirst);
  write_node_id(kNodeA);
  make_node_id_old();
  dashboard_.node = kNodeB;
  SessionWatcher watcher = make_watcher();
  EXPECT_EQ(node_of(watcher.look_now()), kNodeB);
  clock_.advance(Seconds(60));
  EXPECT_EQ(node_of(watcher.look_now()), kNodeB);
}

TEST_F(Watching, WarnsAtASlowingPace) {
  SessionWatcher watcher = make_watcher();
  testing::internal::CaptureStderr();
  for (int second = 0; second <= 60; ++second) {
    watcher.look_now();
    clock_.advance(Seconds(1));
  }
  start_session(kFirst);
  for (int second = 0; second <= 60; ++second) {
    watcher.look_now();
    clock_.advance(Seconds(1));
  }
  const std::string told = testing::internal::GetCapturedStderr();
  const auto count = [&](std::string_view text) {
    int found = 0;
    for (size_t at = told.find(text); at != std::string::npos; at = told.find(text, at + 1))
      ++found;
    return found;
  };
  EXPECT_EQ(count("read session_latest file error"), 3) << told;
  EXPECT_EQ(count("read nodeid file error"), 3) << told;
  EXPECT_EQ(count("session found"), 1) << told;
}

TEST_F(Watching, GoesOnByItselfOnItsThread) {
  std::atomic<int> changes = 0;
  SessionWatcher watcher(options(), dashboard_, clock_,
                         [&](const RunningNode&, const RunningNode&) { ++changes; });
  start_session(kFirst);
  write_node_id(kNodeA);
  watcher.start();
  while (changes < 1)
    std::this_thread::yield();
  write_node_id(kNodeB);
  while (changes < 2)
    clock_.advance(Seconds(1));
  EXPECT_EQ(node_of(watcher.running()), kNodeB);
  watcher.stop();
}

}  // namespace
}  // namespace rayhistory::collector
