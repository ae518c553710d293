#include "logs/writers.h"

#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <thread>

#include <gtest/gtest.h>

#include "base/shared_path.h"
#include "testing/temporary_folder.h"

namespace rayhistory::collector {
namespace {

class WritersTest : public testing::Test {
 protected:
  Writers writers() const { return writers_below(*open_folder(folder_.shared())); }

  const TemporaryFolder folder_;
};

TEST_F(WritersTest, AreNoneOfFilesThatNobodyHasOpen) {
  EXPECT_EQ(writers(), Writers::none);
  folder_.write("raylet.out", "line\n");
  folder_.write("old/gcs_server.out", "line\n");
  EXPECT_EQ(writers(), Writers::none);
}

TEST_F(WritersTest, AreNoneOfAFileThatIsRead) {
  const std::string path = folder_.write("raylet.out", "line\n");
  const auto reader = File::open_for_reading(path);
  ASSERT_TRUE(reader);
  EXPECT_EQ(writers(), Writers::none);
}

TEST_F(WritersTest, AreSomeUntilTheLastHasClosedTheFile) {
  folder_.write("raylet.out", "line\n");
  folder_.write("old/more/dashboard.log", "line\n");
  {
    std::ofstream first(folder_ / "old/more/dashboard.log", std::ios::app);
    const std::ofstream second(folder_ / "old/more/dashboard.log", std::ios::app);
    EXPECT_EQ(writers(), Writers::some);
    first.close();
    EXPECT_EQ(writers(), Writers::some);
  }
  EXPECT_EQ(writers(), Writers::none);
}

TEST_F(WritersTest, AreNotAskedOfWhatIsNoRegularFile) {
  folder_.write("raylet.out", "line\n");
  const TemporaryFolder elsewhere;
  const std::string path = elsewhere.write("file", "line\n");
  const std::ofstream writer(path, std::ios::app);
  std::filesystem::create_symlink(path, folder_ / "link.log");
  std::filesystem::create_directory_symlink(elsewhere.path(), folder_ / "folder");
  EXPECT_EQ(writers(), Writers::none);
}

TEST_F(WritersTest, AreUnknownWhereTheKernelDoesNotSay) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  const std::string path = folder_.write("raylet.out", "line\n");
  ASSERT_EQ(::chown(path.c_str(), 12345, 12345), 0);
  std::thread([&] {
    // Another's file, without root's capabilities: this thread alone gives them up.
    __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> none{};
    ASSERT_EQ(::syscall(SYS_capset, &header, none.data()), 0);
    EXPECT_EQ(writers(), Writers::unknown);
  }).join();
  EXPECT_EQ(writers(), Writers::none);
}

}  // namespace
}  // namespace rayhistory::collector
