#include "layout/rotated_log.h"

#include <limits>

#include <gtest/gtest.h>

namespace rayhistory {
namespace {

TEST(RotatedBackup, IsALiveNameADotAndANumber) {
  const struct {
    const char* path;
    const char* live;
    uint64_t number;
  } backups[] = {
      {"raylet.out.1", "raylet.out", 1},
      {"raylet.out.12", "raylet.out", 12},
      {"raylet.4", "raylet", 4},
      {".out.1", ".out", 1},
      {"worker-abc-01000000-123.err.3", "worker-abc-01000000-123.err", 3},
      {"serve/replica.log.2", "serve/replica.log", 2},
      {"v1.2/raylet.out.1", "v1.2/raylet.out", 1},
      {"a.1.2", "a.1", 2},
      {"raylet.out.99999999999999999999999", "raylet.out", std::numeric_limits<uint64_t>::max()},
  };
  for (const auto& expected : backups) {
    const std::optional<RotatedBackup> backup = parse_rotated_backup(expected.path);
    ASSERT_TRUE(backup) << expected.path;
    EXPECT_EQ(backup->live_path, expected.live);
    EXPECT_EQ(backup->number, expected.number);
  }
}

TEST(RotatedBackup, IsNoLiveLogAndNoOtherName) {
  for (const char* path :
       {"", "raylet", "raylet.out", "raylet.out.0", "raylet.out.01", "raylet.out.", "raylet.out.gz",
        "raylet.out.1a", "raylet.out.-1", "raylet.out.+1", ".1", "serve/.1", "v1.2/raylet", "dir.1/raylet",
        "raylet.rotated.1795404330000000000-77.out"})
    EXPECT_FALSE(parse_rotated_backup(path)) << path;
}

// The expectations are those of KubeRay's TestRotatedLogName.
TEST(RotatedLogPath, PutsTheIdentityBetweenStemAndExtension) {
  EXPECT_EQ(rotated_log_path("zz_rot.out", 1'795'404'330'000'000'000, 77),
            "zz_rot.rotated.1795404330000000000-77.out");
  EXPECT_EQ(rotated_log_path("worker-abc123-01000000-123.err", 17, 4390125),
            "worker-abc123-01000000-123.rotated.17-4390125.err");
  EXPECT_EQ(rotated_log_path("serve/replica.log", 11, 7), "serve/replica.rotated.11-7.log");
  EXPECT_EQ(rotated_log_path("a.b.log", 1, 2), "a.b.rotated.1-2.log");
}

TEST(RotatedLogPath, EndsWithTheIdentityWhereThereIsNoExtension) {
  EXPECT_EQ(rotated_log_path("raylet", 13, 11), "raylet.rotated.13-11");
  EXPECT_EQ(rotated_log_path("v1.2/raylet", 13, 11), "v1.2/raylet.rotated.13-11");
}

TEST(RotatedLogPath, KeepsANameThatIsAllExtensionWhole) {
  EXPECT_EQ(rotated_log_path(".out", 15, 13), ".out.rotated.15-13");
  EXPECT_EQ(rotated_log_path("serve/.out", 15, 13), "serve/.out.rotated.15-13");
}

TEST(RotatedLog, TheNamesOfOneLogsGenerationsBeginAlike) {
  EXPECT_EQ(rotated_log_beginning("serve/replica.log"), "serve/replica.rotated.");
  EXPECT_TRUE(rotated_log_path(".out", 1, 2).starts_with(rotated_log_beginning(".out")));
}

TEST(RotatedLog, IsReadFromWhatWasMadeOfIt) {
  for (const char* live : {"raylet.out", "worker-ab-01000000-7.err", "serve/replica.log", "a.b.log", "raylet",
                           "v1.2/raylet", ".out", "x.rotated.1-2.out"}) {
    const auto log = parse_rotated_log(rotated_log_path(live, 1'795'404'330'000'000'000, 77));
    ASSERT_TRUE(log) << live;
    EXPECT_EQ(log->live_path, live);
    EXPECT_EQ(log->modified_nanoseconds, 1'795'404'330'000'000'000);
    EXPECT_EQ(log->inode, 77u);
  }
  for (const char* path :
       {"", "raylet.out", "raylet.rotated.out", "raylet.rotated.1.out", "raylet.rotated.1-.out",
        "raylet.rotated.01-2.out", "raylet.rotated.1-2x", "raylet.rotated.1-2.a.b", "a.rotated.1-2/b",
        "raylet.rotated.99999999999999999999-1.out", ".rotated.1-2.out"})
    EXPECT_FALSE(parse_rotated_log(path)) << path;
}

TEST(LiveLogPath, IsThatOfARotatedLogUnderEitherName) {
  for (const std::string_view path :
       {"serve/replica.log", "serve/replica.log.12", "serve/replica.rotated.1795404330000000000-77.log"})
    EXPECT_EQ(live_log_path(path), "serve/replica.log");
  // These are no generations but logs of their own.
  for (const std::string_view path :
       {"raylet.out.02", "app.log.2026-11-29", "raylet.out.", "a.rotated.x.out", ""})
    EXPECT_EQ(live_log_path(path), path);
}

}  // namespace
}  // namespace rayhistory
