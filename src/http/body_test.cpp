#include "http/body.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/temporary_folder.h"

namespace rayhistory {
namespace {

std::string read(const Body& body, uint64_t offset, size_t size) {
  std::string bytes(size, '\0');
  const Result<void> outcome = body.read_at(offset, bytes);
  EXPECT_TRUE(outcome) << outcome.error().message;
  return bytes;
}

TEST(Body, IsReadAtAnyPlaceAnyNumberOfTimes) {
  const MemoryBody body("0123456789");
  EXPECT_EQ(read(body, 0, 10), "0123456789");
  EXPECT_EQ(read(body, 3, 4), "3456");
  EXPECT_EQ(read(body, 3, 4), "3456");
  EXPECT_EQ(read(body, 10, 0), "");
}

TEST(Body, OfAFileIsItsFirstBytesOnly) {
  const TemporaryFolder folder;
  folder.write("x", "0123456789");
  const FileBody body(std::make_shared<const File>(std::move(*File::open_for_reading(folder / "x"))), 6);
  folder.append("x", "more");
  EXPECT_EQ(body.size(), 6u);
  EXPECT_EQ(read(body, 0, 6), "012345");
}

TEST(Body, OfAFileThatHasShrunkIsInvalid) {
  const TemporaryFolder folder;
  folder.write("x", "0123456789");
  const FileBody body(std::make_shared<const File>(std::move(*File::open_for_reading(folder / "x"))), 10);
  folder.write("x", "0123");
  std::string bytes(10, '\0');
  const Result<void> outcome = body.read_at(0, bytes);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind, ErrorKind::invalid);
  EXPECT_THAT(outcome.error().message, testing::HasSubstr(folder / "x"));
}

TEST(BodyRange, IsAPieceOfTheWhole) {
  const MemoryBody whole("0123456789");
  const BodyRange range(whole, 2, 5);
  EXPECT_EQ(range.size(), 5u);
  EXPECT_EQ(read(range, 0, 5), "23456");
  EXPECT_EQ(read(BodyRange(range, 1, 2), 0, 2), "34");
}

}  // namespace
}  // namespace rayhistory
