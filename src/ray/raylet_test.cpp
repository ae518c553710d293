#include "ray/raylet.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>

#include <gtest/gtest.h>

#include "testing/temporary_folder.h"

namespace rayhistory::collector {
namespace {

// Listens at `path`, which must be short, until it goes.
class Listener {
 public:
  explicit Listener(const std::string& path) : descriptor_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    EXPECT_LT(path.size(), sizeof(address.sun_path));
    std::memcpy(address.sun_path, path.data(), path.size());
    EXPECT_EQ(::bind(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_EQ(::listen(descriptor_, 1), 0);
  }
  ~Listener() { ::close(descriptor_); }

 private:
  int descriptor_;
};

TEST(Raylet, IsListeningOnlyWhileSomethingListens) {
  const TemporaryFolder folder;
  EXPECT_FALSE(raylet_is_listening(folder.shared("raylet")));
  {
    const Listener listener(folder / "raylet");
    EXPECT_TRUE(raylet_is_listening(folder.shared("raylet")));
  }
  // The socket's file stays behind when the raylet is killed.
  EXPECT_TRUE(std::filesystem::exists(folder / "raylet"));
  EXPECT_FALSE(raylet_is_listening(folder.shared("raylet")));
}

TEST(Raylet, IsFoundUnderAPathThatNoSocketAddressHolds) {
  const TemporaryFolder folder;
  const std::string name(150, 's');
  const std::string sockets = folder / name;
  std::filesystem::create_directories(sockets);
  const Listener listener(folder / "raylet");
  std::filesystem::rename(folder / "raylet", sockets + "/raylet");
  EXPECT_TRUE(raylet_is_listening(folder.shared(name) / "raylet"));
  EXPECT_FALSE(raylet_is_listening(folder.shared(name) / "other"));
}

TEST(Raylet, IsNotAFile) {
  const TemporaryFolder folder;
  folder.write("raylet", "");
  EXPECT_FALSE(raylet_is_listening(folder.shared("raylet")));
}

}  // namespace
}  // namespace rayhistory::collector
