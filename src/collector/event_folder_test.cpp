#include "collector/event_folder.h"

#include <filesystem>

#include <gtest/gtest.h>

#include "testing/temporary_folder.h"

namespace rayhistory::collector {
namespace {

namespace fs = std::filesystem;

class EventFolderTest : public testing::Test {
 protected:
  EventFolderTest() { fs::create_directory(folder_ / "ray"); }

  const TemporaryFolder folder_;
  const SharedPath ray_ = SharedPath(SharedTree::open(folder_ / "ray"));
};

TEST_F(EventFolderTest, IsAPlaceOfRaysFolderWhereItLiesThere) {
  EXPECT_EQ(event_folder(ray_, folder_ / "ray/event-data"), ray_ / "event-data");
  EXPECT_EQ(event_folder(ray_, folder_ / "ray//a/./b/"), ray_ / "a/b");
  EXPECT_EQ(event_folder(ray_, folder_ / "other/../ray/event-data"), ray_ / "event-data");
  EXPECT_EQ(event_folder(ray_, folder_ / "ray"), ray_);
  EXPECT_EQ(event_folder(SharedPath(SharedTree::open(folder_ / "ray/")), folder_ / "ray/e").relative(), "e");
}

TEST_F(EventFolderTest, IsAPlaceOfRaysFolderBeforeThatIsThere) {
  const SharedPath later(SharedTree::open(folder_ / "later"));
  EXPECT_EQ(event_folder(later, folder_ / "later/event-data"), later / "event-data");
}

TEST_F(EventFolderTest, IsFoundInRaysFolderByAnotherNameOfThat) {
  fs::create_directory_symlink(folder_ / "ray", folder_ / "alias");
  EXPECT_EQ(event_folder(ray_, folder_ / "alias/event-data"), ray_ / "event-data");
  EXPECT_EQ(
      event_folder(SharedPath(SharedTree::open(folder_ / "alias")), folder_ / "ray/event-data").relative(),
      "event-data");
}

TEST_F(EventFolderTest, IsATreeOfItsOwnElsewhere) {
  for (const char* place : {"elsewhere", "ray-events", "rayevents/x"}) {
    const SharedPath found = event_folder(ray_, folder_ / place);
    EXPECT_EQ(found.str(), folder_ / place);
    EXPECT_EQ(found.relative(), "");
  }
}

TEST_F(EventFolderTest, FollowsNoLinkInRaysFolder) {
  fs::create_directory_symlink(folder_.path(), folder_ / "ray/event-data");
  EXPECT_EQ(event_folder(ray_, folder_ / "ray/event-data/x"), ray_ / "event-data/x");
}

}  // namespace
}  // namespace rayhistory::collector
