#include "base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/temporary_folder.h"

namespace rayhistory {
namespace {

using testing::HasSubstr;
using testing::UnorderedElementsAre;

TEST(File, ReadsAtAnyPlaceAndIsShortOnlyAtTheEnd) {
  const TemporaryFolder folder;
  const Result<File> file = File::open_for_reading(folder.write("log", "0123456789"));
  ASSERT_TRUE(file) << file.error().message;
  std::array<char, 4> buffer;
  EXPECT_EQ(*file->read_at(3, buffer), 4u);
  EXPECT_EQ(std::string_view(buffer.data(), 4), "3456");
  EXPECT_EQ(*file->read_at(8, buffer), 2u);
  EXPECT_EQ(std::string_view(buffer.data(), 2), "89");
  EXPECT_EQ(*file->read_at(10, buffer), 0u);
  EXPECT_EQ(*file->read_at(1'000, buffer), 0u);
}

TEST(File, WritesMorePiecesThanTheKernelTakesAtOnce) {
  const TemporaryFolder folder;
  std::string expected;
  std::vector<std::string> lines;
  for (int i = 0; i < 5'000; ++i) {
    lines.push_back(i % 7 == 0 ? "" : std::to_string(i) + "\n");
    expected += lines.back();
  }
  const std::vector<std::string_view> pieces(lines.begin(), lines.end());
  Result<File> file = File::create_new(folder / "journal");
  ASSERT_TRUE(file) << file.error().message;
  ASSERT_TRUE(file->write_at(0, std::array<std::string_view, 1>{"head "}));
  ASSERT_TRUE(file->write_at(5, pieces));
  ASSERT_TRUE(file->sync());
  EXPECT_EQ(folder.read("journal"), "head " + expected);
  EXPECT_EQ(file->status()->size, 5 + expected.size());
}

TEST(File, IsMadeAnewOnlyWhereNothingIs) {
  const TemporaryFolder folder;
  EXPECT_TRUE(File::create_new(folder / "x"));
  EXPECT_EQ(File::create_new(folder / "x").error().kind, ErrorKind::exists);
}

TEST(File, IsOpenedForWritingWithoutLosingWhatItHolds) {
  const TemporaryFolder folder;
  Result<File> file = File::open_for_writing(folder.write("x", "abcdef"));
  ASSERT_TRUE(file);
  ASSERT_TRUE(file->write_at(1, std::array<std::string_view, 1>{"XY"}));
  EXPECT_EQ(folder.read("x"), "aXYdef");
  ASSERT_TRUE(file->truncate(2));
  EXPECT_EQ(folder.read("x"), "aX");
  EXPECT_EQ(File::open_for_writing(folder / "missing").error().kind, ErrorKind::not_found);
}

TEST(File, NamesThePathInItsErrors) {
  const Result<File> file = File::open_for_reading("/nowhere/x");
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().kind, ErrorKind::not_found);
  EXPECT_THAT(file.error().message, HasSubstr("/nowhere/x"));
}

TEST(File, IsNeverOpenedThroughASymlink) {
  const TemporaryFolder folder;
  const std::string target = folder.write("target", "secret");
  ASSERT_EQ(::symlink(target.c_str(), (folder / "link").c_str()), 0);
  EXPECT_EQ(File::open_for_reading(folder / "link").error().kind, ErrorKind::not_found);
  EXPECT_EQ(status_of(folder / "link")->type, FileType::symlink);
  EXPECT_EQ(*read_symlink(folder / "link"), target);
}

TEST(File, DoesNotWaitForAFifosWriter) {
  const TemporaryFolder folder;
  ASSERT_EQ(::mkfifo((folder / "fifo").c_str(), 0600), 0);
  const Result<File> file = File::open_for_reading(folder / "fifo");
  ASSERT_TRUE(file);
  EXPECT_EQ(file->status()->type, FileType::other);
}

TEST(File, ClosesWhatItGivesUpWhenMovedTo) {
  const TemporaryFolder folder;
  Result<File> first = File::create_new(folder / "first");
  Result<File> second = File::create_new(folder / "second");
  ASSERT_TRUE(first && second);
  const int given_up = first->descriptor();
  *first = std::move(*second);
  EXPECT_EQ(::fcntl(given_up, F_GETFD), -1);
  EXPECT_TRUE(first->is_open());
  EXPECT_FALSE(second->is_open());
  EXPECT_EQ(first->path(), folder / "second");
}

TEST(FileIdentity, StaysThroughRenamesAndIsAnothersAfterReplacement) {
  const TemporaryFolder folder;
  const std::string path = folder.write("raylet.out", "a");
  const FileIdentity before = status_of(path)->identity;
  ASSERT_TRUE(rename_file(path, folder / "raylet.out.1"));
  folder.write("raylet.out", "b");
  EXPECT_EQ(status_of(folder / "raylet.out.1")->identity, before);
  EXPECT_NE(status_of(path)->identity, before);
}

TEST(ReadFile, GivesTheWholeFileUpToItsLimit) {
  const TemporaryFolder folder;
  const std::string content(200'000, 'x');
  const std::string path = folder.write("big", content);
  EXPECT_EQ(*read_file(path, content.size()), content);
  EXPECT_EQ(read_file(path, content.size() - 1).error().kind, ErrorKind::invalid);
  EXPECT_EQ(*read_file(folder.write("empty", ""), 0), "");
  EXPECT_EQ(read_file(folder.path(), 10).error().kind, ErrorKind::invalid);
}

TEST(ReadFile, ReadsWhatSaysThatItIsEmpty) {
  const Result<std::string> status = read_file("/proc/self/status", 1 << 20);
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_THAT(*status, HasSubstr("Name:"));
}

TEST(ReplaceFile, PutsTheNewContentInPlaceOfTheOld) {
  const TemporaryFolder folder;
  ASSERT_TRUE(replace_file(folder / "x", "first"));
  folder.write("x.tmp", "left by a crash");
  ASSERT_TRUE(replace_file(folder / "x", "second"));
  EXPECT_EQ(folder.read("x"), "second");
  EXPECT_THAT(*names_in(folder.path()), UnorderedElementsAre("x"));
  EXPECT_EQ(replace_file(folder / "missing/x", "").error().kind, ErrorKind::not_found);
}

TEST(MakeFolders, MakesThoseAboveToo) {
  const TemporaryFolder folder;
  ASSERT_TRUE(make_folders(folder / "a/b/c"));
  ASSERT_TRUE(make_folders(folder / "a/b/c"));
  EXPECT_EQ(status_of(folder / "a/b/c")->type, FileType::directory);
}

TEST(MakeFolders, GoesThroughASymlinkToAFolder) {
  const TemporaryFolder folder;
  ASSERT_TRUE(make_folders(folder / "real"));
  ASSERT_EQ(::symlink("real", (folder / "link").c_str()), 0);
  EXPECT_TRUE(make_folders(folder / "link"));
  EXPECT_TRUE(make_folders(folder / "link/below"));
}

TEST(MakeFolders, FailsOverAFile) {
  const TemporaryFolder folder;
  folder.write("file", "");
  const Result<void> same = make_folders(folder / "file");
  ASSERT_FALSE(same);
  EXPECT_THAT(same.error().message, HasSubstr("file: Not a directory"));
  EXPECT_FALSE(make_folders(folder / "file/below"));
}

TEST(NamesIn, ListsAllButItselfAndItsParent) {
  const TemporaryFolder folder;
  folder.write("a", "");
  folder.write(".hidden", "");
  folder.write("sub/b", "");
  EXPECT_THAT(*names_in(folder.path()), UnorderedElementsAre("a", ".hidden", "sub"));
  EXPECT_EQ(names_in(folder / "missing").error().kind, ErrorKind::not_found);
}

TEST(RemoveFile, IsFineWhereNothingIs) {
  const TemporaryFolder folder;
  const std::string path = folder.write("x", "");
  EXPECT_TRUE(remove_file(path));
  EXPECT_EQ(status_of(path).error().kind, ErrorKind::not_found);
  EXPECT_TRUE(remove_file(path));
}

}  // namespace
}  // namespace rayhistory
