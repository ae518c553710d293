#include "logs/content_digest.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

#include "testing/temporary_folder.h"

namespace rayhistory::collector {
namespace {

class ContentDigest : public testing::Test {
 protected:
  uint64_t digest(const std::string& content) { return digest(content, content.size()); }
  uint64_t digest(const std::string& content, uint64_t size) {
    folder_.write("file", content);
    const auto file = File::open_for_reading(folder_ / "file");
    const auto digest = content_digest(*file, size);
    EXPECT_TRUE(digest);
    return *digest;
  }

  const TemporaryFolder folder_;
};

TEST_F(ContentDigest, ChangesWithEveryByteOfAShortFile) {
  for (const uint64_t size : {1u, 7u, 8u, 9u, 1000u}) {
    std::string content(size, 'x');
    std::set<uint64_t> digests = {digest(content)};
    for (char& byte : content) {
      byte = 'y';
      digests.insert(digest(content));
      byte = 'x';
    }
    EXPECT_EQ(digests.size(), size + 1);
  }
}

TEST_F(ContentDigest, ChangesWithAByteAnywhereInAFileOfTheWhollyDigestedLength) {
  std::string content(kWhollyDigestedBytes, 'x');
  const uint64_t before = digest(content);
  for (uint64_t at = 0; at < content.size(); at += 1009) {
    content[at] = 'y';
    EXPECT_NE(digest(content), before) << at;
    content[at] = 'x';
  }
}

TEST_F(ContentDigest, ChangesWithTheBeginningTheMiddleAndTheEndOfALongerFile) {
  std::string content(16 * kWhollyDigestedBytes + 5, 'x');
  const uint64_t before = digest(content);
  const uint64_t apart = (content.size() - kDigestedPieceBytes) / (kDigestedPieces - 1);
  for (const uint64_t at : {uint64_t{0}, apart, 7 * apart, content.size() - 1}) {
    content[at] = 'y';
    EXPECT_NE(digest(content), before) << at;
    content[at] = 'x';
  }
}

TEST_F(ContentDigest, IsOfTheBytesBeforeTheSizeOnly) {
  for (const uint64_t size : {uint64_t{0}, uint64_t{5}, kWhollyDigestedBytes, 3 * kWhollyDigestedBytes}) {
    const std::string content(size, 'x');
    EXPECT_EQ(digest(content + "more", size), digest(content)) << size;
  }
  EXPECT_NE(digest("12", 1), digest("12", 2));
}

TEST_F(ContentDigest, SaysThatAFileIsShorter) {
  for (const uint64_t size : {uint64_t{10}, 2 * kWhollyDigestedBytes}) {
    folder_.write("file", std::string(size - 1, 'x'));
    const auto file = File::open_for_reading(folder_ / "file");
    const auto digest = content_digest(*file, size);
    ASSERT_FALSE(digest);
    EXPECT_EQ(digest.error().kind, ErrorKind::invalid);
  }
}

}  // namespace
}  // namespace rayhistory::collector
