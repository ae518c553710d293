#include "ray/session_life.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "testing/temporary_folder.h"

namespace rayhistory::collector {
namespace {

namespace fs = std::filesystem;

const SessionName kSession = *SessionName::parse("session_a");

class SessionLifeTest : public testing::Test {
 protected:
  void point_latest_to(const std::string& target) {
    fs::remove(ray_.session_latest().str());
    fs::create_symlink(target, ray_.session_latest().str());
  }
  void start_raylet() {
    const std::string path = ray_.raylet_socket(kSession).str();
    fs::create_directories(fs::path(path).parent_path());
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    ASSERT_LT(path.size(), sizeof(address.sun_path));
    std::memcpy(address.sun_path, path.data(), path.size());
    listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ASSERT_EQ(::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    ASSERT_EQ(::listen(listener_, 4), 0);
  }
  void TearDown() override {
    if (listener_ >= 0) ::close(listener_);
  }

  const TemporaryFolder folder_;
  const RayFolder ray_{folder_.shared()};
  int listener_ = -1;
};

TEST_F(SessionLifeTest, IsAliveWhileItsRayletListens) {
  start_raylet();
  point_latest_to("/elsewhere/session_a");
  EXPECT_EQ(life_of(ray_, kSession), SessionLife::alive);
  point_latest_to("session_a/");
  EXPECT_EQ(life_of(ray_, kSession), SessionLife::alive);
}

TEST_F(SessionLifeTest, IsAliveWhileRayReplacesTheLink) {
  start_raylet();
  EXPECT_EQ(life_of(ray_, kSession), SessionLife::alive);
}

TEST_F(SessionLifeTest, EndsWithItsRaylet) {
  point_latest_to("session_a");
  EXPECT_EQ(life_of(ray_, kSession), SessionLife::ending);
}

TEST_F(SessionLifeTest, IsOverWhenAnotherOneHasBegun) {
  start_raylet();
  point_latest_to("/tmp/ray/session_b");
  EXPECT_EQ(life_of(ray_, kSession), SessionLife::over);
}

}  // namespace
}  // namespace rayhistory::collector
