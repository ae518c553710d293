#include "logs/rotated_files.h"

#include <sys/resource.h>

#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "layout/rotated_log.h"
#include "testing/recording_consumer.h"
#include "testing/temporary_folder.h"

namespace rayhistory::collector {
namespace {

class Ring : public testing::Test {
 protected:
  std::string path(int number) const { return folder_ / ("x.out." + std::to_string(number)); }
  void write(int number, const std::string& content) {
    folder_.write("x.out." + std::to_string(number), content);
  }
  bool see(RotatedFiles& files, int number) {
    return files.seen({.path = "x.out." + std::to_string(number),
                       .live_path = "x.out",
                       .number = static_cast<uint64_t>(number),
                       .status = *status_of(path(number)),
                       .generation = 0});
  }
  std::string key(int number) const {
    const FileStatus status = *status_of(path(number));
    return rotated_log_path("x.out", status.modified_nanoseconds, status.identity.inode);
  }
  const Shipment& shipment(const std::string& of_key) const { return recording_.offered.at(of_key); }

  const TemporaryFolder folder_;
  RecordingConsumer recording_;
  const LogPlace place_{.folder = folder_.shared(),
                        .nodes = {{.key_of = [](std::string_view path) { return std::string(path); }}}};
};

TEST_F(Ring, GenerationKeepsItsKeyUnderEachNumberAndGoesByIt) {
  RotatedFiles files(place_, recording_, 8);
  write(1, "one");
  const std::string one = key(1);
  EXPECT_TRUE(see(files, 1));
  const Shipment& first = shipment(one);
  EXPECT_EQ(first.kind, ShipmentKind::rotated_log);
  EXPECT_EQ(first.moved_from, "x.out");
  EXPECT_EQ(first.urgency, 1u);
  EXPECT_EQ(first.size, 3u);
  EXPECT_TRUE(first.final);
  ASSERT_TRUE(first.held_open);

  std::filesystem::rename(path(1), path(2));
  EXPECT_FALSE(see(files, 2));
  EXPECT_EQ(recording_.offered.size(), 1u);
  EXPECT_EQ(shipment(one).path.str(), path(2));
  EXPECT_EQ(shipment(one).urgency, 2u);
  recording_.take_events();
  EXPECT_FALSE(see(files, 2));
  EXPECT_TRUE(recording_.take_events().empty()) << "nothing has changed";
}

TEST_F(Ring, LateFlushIsOfferedUnderTheSameKey) {
  RotatedFiles files(place_, recording_, 8);
  write(1, "one");
  const std::string one = key(1);
  see(files, 1);
  shipment(one).on_stored();
  files.take_stored();
  folder_.append("x.out.1", " and the rest");
  see(files, 1);
  EXPECT_EQ(recording_.offered.size(), 1u);
  EXPECT_EQ(shipment(one).size, 16u);
  EXPECT_TRUE(shipment(one).held_open);
}

TEST_F(Ring, StoredGenerationIsLetGoAndNotOfferedAgain) {
  RotatedFiles files(place_, recording_, 8);
  write(1, "one");
  const std::string one = key(1);
  see(files, 1);
  const std::weak_ptr<const File> held = shipment(one).held_open;
  const auto on_stored = shipment(one).on_stored;
  recording_.offered.clear();
  on_stored();
  files.take_stored();
  recording_.waiting.clear();
  EXPECT_TRUE(held.expired());
  std::filesystem::rename(path(1), path(2));
  recording_.take_events();
  see(files, 2);
  std::filesystem::remove(path(2));
  files.path_vanished("x.out.2");
  ASSERT_EQ(files.lost().size(), 1u);
  files.gone(files.lost()[0].identity);
  EXPECT_TRUE(recording_.take_events().empty());
  EXPECT_EQ(files.count(), 0u);
}

TEST_F(Ring, DisplacedGenerationIsLostUntilItIsSeenElsewhere) {
  RotatedFiles files(place_, recording_, 8);
  write(1, "one");
  write(2, "two");
  see(files, 2);
  see(files, 1);
  std::filesystem::rename(path(2), path(3));
  std::filesystem::rename(path(1), path(2));
  see(files, 2);
  ASSERT_EQ(files.lost().size(), 1u);
  EXPECT_EQ(files.lost()[0].number, 2u);
  see(files, 3);
  EXPECT_TRUE(files.lost().empty());
  EXPECT_EQ(files.count(), 2u);
}

TEST_F(Ring, DeletedGenerationGoesOnWhileHeldOpen) {
  RotatedFiles files(place_, recording_, 8);
  write(1, "one");
  const std::string one = key(1);
  see(files, 1);
  const FileIdentity identity = status_of(path(1))->identity;
  std::filesystem::remove(path(1));
  files.gone(identity);
  EXPECT_TRUE(recording_.withdrawn.empty());
  std::string content(3, '\0');
  ASSERT_TRUE(shipment(one).held_open->read_at(0, content));
  EXPECT_EQ(content, "one");

  shipment(one).on_stored();
  files.take_stored();
  EXPECT_FALSE(files.knows(identity));
}

TEST_F(Ring, DeletedGenerationThatIsNotHeldIsGivenUp) {
  RotatedFiles files(place_, recording_, 0);
  write(1, "one");
  const std::string one = key(1);
  see(files, 1);
  EXPECT_FALSE(shipment(one).held_open);
  files.gone(status_of(path(1))->identity);
  EXPECT_TRUE(recording_.withdrawn.contains(one));
}

TEST_F(Ring, DescriptorsGoToTheHighestNumbers) {
  RotatedFiles files(place_, recording_, 2);
  for (int number = 1; number <= 4; ++number)
    write(number, std::string(static_cast<size_t>(number), 'x'));
  for (int number = 1; number <= 4; ++number)
    see(files, number);
  files.share_descriptors();
  EXPECT_FALSE(shipment(key(1)).held_open);
  EXPECT_FALSE(shipment(key(2)).held_open);
  EXPECT_TRUE(shipment(key(3)).held_open);
  EXPECT_TRUE(shipment(key(4)).held_open);

  shipment(key(4)).on_stored();
  files.take_stored();
  files.share_descriptors();
  EXPECT_TRUE(shipment(key(2)).held_open) << "a descriptor became free";
}

TEST_F(Ring, DeletedGenerationsAreBoundedAndTheOldestIsGivenUpFirst) {
  RotatedFiles files(place_, recording_, 2);
  std::vector<std::string> keys;
  for (const std::string content : {"one", "two", "three"}) {
    write(1, content);
    keys.push_back(key(1));
    see(files, 1);
    const FileIdentity identity = status_of(path(1))->identity;
    // Beside it, so that the file system does not use its inode for the next.
    std::filesystem::rename(path(1), folder_ / content);
    files.gone(identity);
  }
  EXPECT_EQ(recording_.withdrawn.size(), 1u);
  EXPECT_EQ(recording_.withdrawn.count(keys[0]) + recording_.withdrawn.count(keys[2]), 1u);
}

TEST_F(Ring, ScanThatMissesAGenerationLosesIt) {
  RotatedFiles files(place_, recording_, 8);
  write(1, "one");
  write(2, "two");
  files.begin_scan();
  see(files, 1);
  see(files, 2);
  files.end_scan();
  EXPECT_TRUE(files.lost().empty());
  files.begin_scan();
  see(files, 2);
  files.end_scan();
  ASSERT_EQ(files.lost().size(), 1u);
  EXPECT_EQ(files.lost()[0].number, 1u);
}

TEST_F(Ring, ReportAfterTheEndHarmsNobody) {
  write(1, "one");
  const std::string one = key(1);
  {
    RotatedFiles files(place_, recording_, 8);
    see(files, 1);
  }
  shipment(one).on_stored();
}

TEST(HeldOpenLimit, IsAShareOfTheProcessesLimit) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit low{.rlim_cur = 256, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
  EXPECT_EQ(held_open_limit(), 32u);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_LE(held_open_limit(), 64u);
}

}  // namespace
}  // namespace rayhistory::collector
