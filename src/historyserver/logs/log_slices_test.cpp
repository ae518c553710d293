#include "historyserver/logs/log_slices.h"

#include <random>

#include <gtest/gtest.h>

#include "testing/memory_store.h"

namespace rayhistory::historyserver {
namespace {

std::string text_of(MemoryStore& store, const LogTail& tail) {
  std::string text;
  for (const LogSlice& slice : tail.unread) {
    const auto read = read_log(store, slice.key, slice.begin, slice.size(), Deadline::never());
    EXPECT_TRUE(read);
    if (read) text += *read;
  }
  for (const std::string& read : tail.read) {
    EXPECT_LE(read.size(), kLogReadBytes);
    text += read;
  }
  EXPECT_EQ(text.size(), tail.size());
  return text;
}

std::string tail(MemoryStore& store, std::vector<LogSlice> slices, uint64_t lines) {
  const auto found = last_lines(store, std::move(slices), lines, Deadline::never());
  EXPECT_TRUE(found);
  return found ? text_of(store, *found) : "error";
}

std::string tail(const std::string& text, uint64_t lines) {
  MemoryStore store;
  store.set("k", text);
  return tail(store, {{"k", 0, text.size()}}, lines);
}

// As Ray does it: a line at a time.
std::string reference(const std::string& text, uint64_t lines) {
  size_t begin = text.size();
  while (lines-- > 0 && begin > 0) {
    --begin;
    while (begin > 0 && text[begin - 1] != '\n')
      --begin;
  }
  return text.substr(begin);
}

TEST(LastLines, AreTheBytesOfTheEnd) {
  EXPECT_EQ(tail("a\nb\nc\n", 2), "b\nc\n");
  EXPECT_EQ(tail("a\nb\nc", 2), "b\nc");
  EXPECT_EQ(tail("a\r\nb\r\nc\r\n", 1), "c\r\n");
  EXPECT_EQ(tail("a\n\n\n", 2), "\n\n");
  EXPECT_EQ(tail("a\n", 5), "a\n");
  EXPECT_EQ(tail("\n", 1), "\n");
  EXPECT_EQ(tail("", 1), "");
  EXPECT_EQ(tail(std::string("a\0b\n\xff\xfe\n", 7), 1), "\xff\xfe\n");
}

TEST(LastLines, MayBeOfAnyLength) {
  const std::string longest(3 * 1024 * 1024 + 17, 'x');
  EXPECT_EQ(tail("a\n" + longest + "\nb\n", 2), longest + "\nb\n");
  EXPECT_EQ(tail("a\n" + longest, 1), longest);
  EXPECT_EQ(tail(longest + "\n", 7), longest + "\n");
}

TEST(LastLines, GoOnInTheSliceBefore) {
  MemoryStore store;
  store.set("1", "a\nb\nc");
  store.set("2", "");
  store.set("3", "d\ne\nf\n");
  const std::vector<LogSlice> slices = {{"1", 0, 5}, {"2", 0, 0}, {"3", 0, 6}};
  EXPECT_EQ(tail(store, slices, 1), "f\n");
  EXPECT_EQ(tail(store, slices, 3), "cd\ne\nf\n");
  EXPECT_EQ(tail(store, slices, 4), "b\ncd\ne\nf\n");
  EXPECT_EQ(tail(store, slices, 100), "a\nb\ncd\ne\nf\n");
  EXPECT_EQ(tail(store, {{"1", 1, 3}, {"3", 2, 4}}, 100), "\nbe\n");
}

TEST(LastLines, EqualThoseFoundByReadingAll) {
  std::mt19937 random(11);
  for (int round = 0; round < 300; ++round) {
    std::string text(random() % 200, '\0');
    for (char& c : text)
      c = "\n\nab\r"[random() % 5];
    const uint64_t lines = 1 + random() % 20;
    EXPECT_EQ(tail(text, lines), reference(text, lines));
  }
}

TEST(LastLines, OfALargeObjectAskForItsEndAlone) {
  MemoryStore store;
  std::string text;
  while (text.size() < 20 * kLogReadBytes)
    text += "one line of a log, as long as they are on average\n";
  store.set("k", text);
  EXPECT_EQ(tail(store, {{"k", 0, text.size()}}, 10), text.substr(text.size() - 500));
  EXPECT_EQ(store.calls(StoreCall::get), 1u);
}

TEST(LastLines, KeepNoMoreThanEightMebibytes) {
  MemoryStore store;
  std::string text;
  while (text.size() < 20 * kLogReadBytes)
    text += std::string(999, 'x') + "\n";
  store.set("k", text);
  const auto found = last_lines(store, {{"k", 0, text.size()}}, 15'000, Deadline::never());
  ASSERT_TRUE(found);
  uint64_t kept = 0;
  for (const std::string& read : found->read)
    kept += read.size();
  EXPECT_EQ(kept, 8 * kLogReadBytes);
  EXPECT_EQ(found->unread.size(), 1u);
  EXPECT_EQ(text_of(store, *found), text.substr(text.size() - 15'000'000));
}

TEST(LastLines, SayWhenTheObjectHasChanged) {
  MemoryStore store;
  store.set("k", "abc");
  const auto found = last_lines(store, {{"k", 0, 9}}, 1, Deadline::never());
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, ErrorKind::retry);
  store.fail_next(1, Error{ErrorKind::denied, "403"}, StoreCall::get);
  EXPECT_EQ(last_lines(store, {{"k", 0, 3}}, 1, Deadline::never()).error().kind, ErrorKind::denied);
}

}  // namespace
}  // namespace rayhistory::historyserver
