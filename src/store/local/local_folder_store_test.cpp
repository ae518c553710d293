#include "store/local/local_folder_store.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/manual_clock.h"
#include "testing/temporary_folder.h"

namespace rayhistory {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class LocalFolderStoreTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(store_.ensure_bucket(never_)); }

  Result<StoredObject> put(const std::string& key, const std::string& content) {
    return store_.put(key, MemoryBody(content), kTextContent, never_);
  }
  std::vector<std::string> keys() {
    std::vector<std::string> keys;
    const Result<ListPage> page = store_.list("", "", never_);
    EXPECT_TRUE(page);
    for (const ListedObject& listed : page->objects)
      keys.push_back(listed.key);
    return keys;
  }
  std::vector<std::string> unfinished() const { return *names_in(folder_ / "store/.rayhistory-unfinished"); }

  const Deadline never_ = Deadline::never();
  const TemporaryFolder folder_;
  ManualClock clock_;
  LocalFolderStore store_{folder_ / "store", clock_};
};

TEST_F(LocalFolderStoreTest, LaysKeysOutAsPaths) {
  ASSERT_TRUE(put("a/b/c?d=1.out", "content"));
  EXPECT_EQ(folder_.read("store/a/b/c?d=1.out"), "content");
}

TEST_F(LocalFolderStoreTest, RefusesKeysThatAFolderCannotHold) {
  ASSERT_TRUE(put("object", "x"));
  ASSERT_TRUE(put("folder/x", "x"));
  const std::string long_segment(256, 'x');
  for (const std::string& key :
       {std::string(), std::string("/etc/passwd"), std::string("../x"), std::string("a/../../x"),
        std::string("a/.."), std::string("./a"), std::string("a//b"), std::string("a/"),
        std::string("a\0b", 3), long_segment, "a/" + long_segment + "/b",
        std::string(".rayhistory-unfinished/x"), std::string("object/below"), std::string("folder")}) {
    const auto outcome = put(key, "y");
    ASSERT_FALSE(outcome) << key;
    EXPECT_EQ(outcome.error().kind, ErrorKind::invalid) << key << ": " << outcome.error().message;
  }
  EXPECT_THAT(keys(), ElementsAre("folder/x", "object"));
  EXPECT_THAT(unfinished(), IsEmpty());
  EXPECT_TRUE(put(std::string(255, 'x'), "y"));
}

TEST_F(LocalFolderStoreTest, KeepsTheOldObjectWhenANewOneFails) {
  ASSERT_TRUE(put("x", "old"));
  class FailingBody final : public Body {
   public:
    uint64_t size() const override { return 1'000'000; }
    Result<void> read_at(uint64_t offset, std::span<char>) const override {
      if (offset < 500'000) return {};
      return Error{ErrorKind::invalid, "the file has shrunk"};
    }
  };
  const auto outcome = store_.put("x", FailingBody(), kTextContent, never_);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind, ErrorKind::invalid);
  EXPECT_EQ(folder_.read("store/x"), "old");
  EXPECT_THAT(unfinished(), IsEmpty());
  EXPECT_THAT(keys(), ElementsAre("x"));

  const auto extended = store_.extend("x", {3, ""}, FailingBody(), kTextContent, never_);
  ASSERT_FALSE(extended);
  EXPECT_EQ(folder_.read("store/x"), "old");
}

TEST_F(LocalFolderStoreTest, ExtendsInPlace) {
  ASSERT_TRUE(put("x", "old"));
  const FileIdentity before = status_of(folder_ / "store/x")->identity;
  ASSERT_TRUE(store_.extend("x", {3, ""}, MemoryBody("old and new"), kTextContent, never_));
  EXPECT_EQ(folder_.read("store/x"), "old and new");
  EXPECT_EQ(status_of(folder_ / "store/x")->identity, before);
}

TEST_F(LocalFolderStoreTest, FollowsNoSymlinkAndListsNone) {
  folder_.write("outside", "secret");
  ASSERT_TRUE(put("a", "x"));
  ASSERT_EQ(::symlink((folder_ / "outside").c_str(), (folder_ / "store/link").c_str()), 0);
  ASSERT_EQ(::mkfifo((folder_ / "store/fifo").c_str(), 0600), 0);
  EXPECT_THAT(keys(), ElementsAre("a"));
  EXPECT_FALSE(store_.get("link", 0, 100, never_));
  EXPECT_FALSE(store_.extend("link", {6, ""}, MemoryBody("secrets"), kTextContent, never_));
  EXPECT_EQ(folder_.read("outside"), "secret");
  ASSERT_TRUE(put("link", "mine"));  // takes the link's place
  EXPECT_EQ(folder_.read("outside"), "secret");
}

TEST_F(LocalFolderStoreTest, BringsItsFolderBackWhenItWasRemoved) {
  std::filesystem::remove_all(folder_ / "store");
  EXPECT_THAT(keys(), IsEmpty());
  ASSERT_TRUE(put("a/b", "x"));
  EXPECT_EQ(folder_.read("store/a/b"), "x");
}

TEST_F(LocalFolderStoreTest, RemovesWhatAKilledProcessLeftADayAgo) {
  folder_.write("store/.rayhistory-unfinished/left", "half");
  const FileStatus left = *status_of(folder_ / "store/.rayhistory-unfinished/left");
  ManualClock now(left.modified_nanoseconds);
  LocalFolderStore store(folder_ / "store", now);
  ASSERT_TRUE(store.abort_unfinished_uploads("", never_));
  EXPECT_THAT(unfinished(), ElementsAre("left"));
  now.advance(std::chrono::hours(25));
  ASSERT_TRUE(store.abort_unfinished_uploads("", never_));
  EXPECT_THAT(unfinished(), IsEmpty());
}

TEST_F(LocalFolderStoreTest, SaysThatItsPathCannotBeAFolder) {
  folder_.write("file", "x");
  LocalFolderStore store(folder_ / "file/store", clock_);
  const auto outcome = store.ensure_bucket(never_);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind, ErrorKind::invalid);
  EXPECT_THAT(outcome.error().message, HasSubstr(folder_ / "file/store"));
}

TEST_F(LocalFolderStoreTest, ListsNothingBeforeItsFolderIsMadeButIsAnErrorToWhomIsToReadIt) {
  folder_.write("file", "x");
  LocalFolderStore writer(folder_ / "later", clock_);
  EXPECT_THAT(writer.list("", "", never_).value().objects, IsEmpty());
  for (const char* name : {"later", "file"}) {
    LocalFolderStore reader(folder_ / name, clock_, FolderUse::read);
    for (const Error& error : {reader.ensure_bucket(never_).error(), reader.list("", "", never_).error()}) {
      EXPECT_EQ(error.kind, ErrorKind::denied);
      EXPECT_THAT(error.message,
                  testing::AllOf(HasSubstr(folder_ / name), HasSubstr("LOCAL_STORAGE_DIR (--local-dir)")));
    }
  }
  ASSERT_TRUE(writer.ensure_bucket(never_));
  EXPECT_TRUE(LocalFolderStore(folder_ / "later", clock_, FolderUse::read).list("", "", never_));
}

}  // namespace
}  // namespace rayhistory
