#include "logs/change_hints.h"

#include <sys/resource.h>

#include <filesystem>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "base/shared_path.h"
#include "testing/temporary_folder.h"

namespace rayhistory::collector {
namespace {

std::set<std::string> names_read(ChangeHints& hints) {
  std::set<std::string> names;
  EXPECT_TRUE(hints.read([&](const ChangeHints::Hint& hint) { names.emplace(hint.name); }));
  return names;
}

TEST(ChangeHints, NameWhatWasWrittenMadeRenamedAndDeleted) {
  const TemporaryFolder folder;
  folder.write("grows", "1");
  folder.write("renamed", "1");
  folder.write("deleted", "1");
  folder.write("untouched", "1");
  auto hints = ChangeHints::open();
  ASSERT_TRUE(hints);
  const auto open = open_folder(folder.shared());
  const auto watch = hints->watch(open->descriptor());
  ASSERT_TRUE(watch);
  EXPECT_EQ(*hints->watch(open->descriptor()), *watch);
  EXPECT_TRUE(names_read(*hints).empty());

  folder.append("grows", "2");
  std::filesystem::rename(folder / "renamed", folder / "new name");
  std::filesystem::remove(folder / "deleted");
  std::filesystem::create_directory(folder / "below");
  EXPECT_EQ(names_read(*hints), (std::set<std::string>{"grows", "renamed", "new name", "deleted", "below"}));
  EXPECT_TRUE(names_read(*hints).empty());
}

TEST(ChangeHints, EndWithTheFolder) {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder / "below");
  auto hints = ChangeHints::open();
  ASSERT_TRUE(hints);
  {
    const auto open = open_folder(folder.shared("below"));
    ASSERT_TRUE(hints->watch(open->descriptor()));
  }
  std::filesystem::remove(folder / "below");
  EXPECT_EQ(names_read(*hints), std::set<std::string>{""});
}

TEST(ChangeHints, SayWhichLimitToRaiseWhenThereAreNone) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit none{.rlim_cur = 0, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  const auto hints = ChangeHints::open();
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  ASSERT_FALSE(hints);
  EXPECT_NE(hints.error().message.find("Too many open files"), std::string::npos) << hints.error().message;
  EXPECT_NE(hints.error().message.find("max_user_instances"), std::string::npos);
}

}  // namespace
}  // namespace rayhistory::collector
