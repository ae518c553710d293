#include "base/open_folder.h"

#include <sys/stat.h>

#include <filesystem>
#include <map>

#include <gtest/gtest.h>

#include "base/shared_path.h"
#include "testing/temporary_folder.h"

namespace rayhistory {
namespace {

TEST(OpenFolder, ListsNamesWithTheirTypes) {
  const TemporaryFolder folder;
  folder.write("file", "");
  folder.write("below/file", "");
  std::filesystem::create_symlink("file", folder / "link");
  ASSERT_EQ(::mkfifo((folder / "fifo").c_str(), 0644), 0);
  const auto open = open_folder(folder.shared());
  ASSERT_TRUE(open);
  for (int time = 0; time < 2; ++time) {
    std::map<std::string, FileType> seen;
    ASSERT_TRUE(open->for_each([&](std::string_view name, FileType type) { seen.emplace(name, type); }));
    EXPECT_EQ(seen, (std::map<std::string, FileType>{{"file", FileType::regular},
                                                     {"below", FileType::directory},
                                                     {"link", FileType::symlink},
                                                     {"fifo", FileType::other}}));
  }
}

TEST(OpenFolder, TellsTheSameIdentityAsTheFileItself) {
  const TemporaryFolder folder;
  const std::string path = folder.write("file", "12345");
  const auto status = open_folder(folder.shared())->status_of("file");
  ASSERT_TRUE(status);
  EXPECT_EQ(status->identity, File::open_for_reading(path)->status()->identity);
  EXPECT_EQ(status->size, 5u);
  EXPECT_EQ(status->type, FileType::regular);
}

TEST(OpenFolder, IsNotOpenedThroughASymlink) {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder / "real");
  std::filesystem::create_directory_symlink("real", folder / "link");
  EXPECT_EQ(open_folder(folder.shared("link")).error().kind, ErrorKind::not_found);
  EXPECT_EQ(open_folder(folder.shared())->open_below("link").error().kind, ErrorKind::not_found);
  EXPECT_TRUE(open_folder(folder.shared())->open_below("real"));
}

TEST(OpenFolder, NamesThePathInItsErrors) {
  const TemporaryFolder folder;
  const auto missing = open_folder(folder.shared())->status_of("gone");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::not_found);
  EXPECT_NE(missing.error().message.find(folder / "gone"), std::string::npos);
}

}  // namespace
}  // namespace rayhistory
