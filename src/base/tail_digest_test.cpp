#include "base/tail_digest.h"

#include <string>

#include <gtest/gtest.h>

#include "testing/temporary_folder.h"

namespace rayhistory {
namespace {

Result<uint64_t> digest_of(const TemporaryFolder& folder, const std::string& content, uint64_t size) {
  return tail_digest(*File::open_for_reading(folder.write("file", content)), size);
}

TEST(TailDigest, StaysWhenTheFileGrows) {
  const TemporaryFolder folder;
  const std::string text(1000, 'x');
  EXPECT_EQ(*digest_of(folder, text, 1000), *digest_of(folder, text + "more", 1000));
}

TEST(TailDigest, ChangesWithEachByteItLooksAt) {
  const TemporaryFolder folder;
  const std::string text(1000, 'x');
  const uint64_t before = *digest_of(folder, text, 1000);
  for (const size_t at : {1000 - kTailBytes, uint64_t{900}, uint64_t{999}}) {
    std::string other = text;
    other[at] = 'y';
    EXPECT_NE(*digest_of(folder, other, 1000), before) << at;
  }
}

TEST(TailDigest, TakesAllOfAShortFile) {
  const TemporaryFolder folder;
  EXPECT_EQ(*digest_of(folder, "", 0), *digest_of(folder, "later", 0));
  EXPECT_NE(*digest_of(folder, "a", 1), *digest_of(folder, "b", 1));
}

TEST(TailDigest, IsNothingOfAFileThatShrank) {
  const TemporaryFolder folder;
  EXPECT_EQ(digest_of(folder, "123", 4).error().kind, ErrorKind::invalid);
}

}  // namespace
}  // namespace rayhistory
