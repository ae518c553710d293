#include "historyserver/state/raylet_log.h"

#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace rayhistory::historyserver {
namespace {

constexpr std::string_view kSession = "session_2026-11-30_06-52-52_941746_14718";

std::string line(std::string_view folder) {
  return fmt::format(
      "[2026-11-30 06:53:20,305 I 1 1] (raylet) store_runner.cc:66: Starting object store with directory "
      "/dev/shm, "
      "fallback {}, and huge page support disabled\n",
      folder);
}

TEST(RayletLog, IsOneOfANode) {
  EXPECT_TRUE(is_raylet_log("65ca/logs/raylet.out"));
  for (const std::string_view other : {"logs/raylet.out", "/logs/raylet.out", "65ca/logs/old/raylet.out",
                                       "65ca/logs/raylet.out.1", "65ca/logs/raylet.err", "raylet.out", ""})
    EXPECT_FALSE(is_raylet_log(other)) << other;
}

TEST(RayletLog, NamesTheFolderOfItsSession) {
  const auto folder = [](std::string_view path) {
    return std::string(session_folder_in("(raylet) main.cc:1: begins\n" + line(path) + "more\n", kSession));
  };
  for (const std::string_view root : {"/tmp/ray", "/a b, fallback /c", "/x, and huge page support y", ""}) {
    const std::string path = fmt::format("{}/{}", root, kSession);
    EXPECT_EQ(folder(path), path);
  }
}

TEST(RayletLog, NamesNoFolderThatIsNotOfItsSession) {
  const std::string good = fmt::format("/tmp/ray/{}", kSession);
  for (const std::string& path :
       {std::string("/somewhere/else"), std::string(kSession), fmt::format("tmp/{}", kSession),
        fmt::format("/tmp/x{}", kSession), fmt::format("/tmp/{}/more", kSession), std::string()})
    EXPECT_EQ(session_folder_in(line(path), kSession), "") << path;
  const std::string whole = line(good);
  ASSERT_EQ(session_folder_in(whole, kSession), good);
  for (size_t size = 0; size < whole.find(", and huge page support ") + 24; ++size)
    EXPECT_EQ(session_folder_in(whole.substr(0, size), kSession), "") << size;
  EXPECT_EQ(session_folder_in("Starting object store with directory /dev/shm\n, fallback " + good +
                                  ", and huge page support disabled",
                              kSession),
            "");
}

}  // namespace
}  // namespace rayhistory::historyserver
