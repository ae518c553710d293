#include "shipper/upload_plan.h"

#include <gtest/gtest.h>

namespace rayhistory::collector {
namespace {

constexpr uint64_t kMiB = 1024 * 1024;
constexpr Nanoseconds kMinute = Seconds(60);
constexpr SteadyTime kSeen{Seconds(1000)};

FileProgress file(uint64_t local, std::optional<uint64_t> stored) {
  return {.local_size = local, .stored_size = stored, .oldest_unsent = kSeen};
}

TEST(UploadPlan, AnUnchangedFileIsNeverDue) {
  EXPECT_EQ(due_time(file(100, 100), kMinute), std::nullopt);
}

TEST(UploadPlan, ANewFileIsDueAfterOneInterval) {
  EXPECT_EQ(due_time(file(100, std::nullopt), kMinute), kSeen + kMinute);
}

TEST(UploadPlan, AnEmptyFileIsStoredToo) {
  EXPECT_EQ(due_time(file(0, std::nullopt), kMinute), kSeen + kMinute);
  EXPECT_EQ(due_time(file(0, 0), kMinute), std::nullopt);
}

TEST(UploadPlan, AFinalFileIsDueAtOnce) {
  FileProgress sealed = file(100, 50);
  sealed.final = true;
  EXPECT_EQ(due_time(sealed, kMinute), kSeen);
}

TEST(UploadPlan, AFileThatIsPutOnceWaitsUntilItIsFinal) {
  FileProgress gzip = file(100 * kMiB, std::nullopt);
  gzip.grows = false;
  EXPECT_EQ(due_time(gzip, kMinute), std::nullopt);
  gzip.final = true;
  EXPECT_EQ(due_time(gzip, kMinute), kSeen);
}

TEST(UploadPlan, ATailOfEightMebibytesIsDueAtOnce) {
  EXPECT_EQ(due_time(file(8 * kMiB - 1, 0), kMinute), kSeen + kMinute);
  EXPECT_EQ(due_time(file(8 * kMiB, 0), kMinute), kSeen);
}

TEST(UploadPlan, ALargeFilesTailGrowsWithIt) {
  const uint64_t gibibyte = 1024 * kMiB;
  EXPECT_GT(due_time(file(gibibyte + 63 * kMiB, gibibyte), kMinute), kSeen);
  EXPECT_EQ(due_time(file(gibibyte + 64 * kMiB, gibibyte), kMinute), kSeen);
}

TEST(UploadPlan, WaitingIsStretchedWithTheSizeUpToTenfold) {
  EXPECT_EQ(due_time(file(64 * kMiB + 1, 64 * kMiB), kMinute).value() - kSeen, kMinute + Nanoseconds(894));
  EXPECT_EQ(due_time(file(128 * kMiB, 128 * kMiB - 1), kMinute), kSeen + 2 * kMinute);
  EXPECT_EQ(due_time(file(6400 * kMiB, 6400 * kMiB - 1), kMinute), kSeen + 10 * kMinute);
}

TEST(UploadPlan, WhatIsPutAnewWaitsForHalfOfItOrForAStretchedInterval) {
  const auto anew = [](uint64_t local, uint64_t stored) {
    FileProgress progress = file(local, stored);
    progress.growth = ObjectGrowth::anew;
    return due_time(progress, kMinute).value() - kSeen;
  };
  EXPECT_EQ(anew(8 * kMiB, 8 * kMiB - 1), kMinute);
  EXPECT_EQ(anew(150 * kMiB, 100 * kMiB), Nanoseconds(0));
  EXPECT_EQ(anew(80 * kMiB, 80 * kMiB - 1), 10 * kMinute);
  EXPECT_EQ(anew(4096 * kMiB, 4096 * kMiB - 1), 60 * kMinute);
}

TEST(UploadPlan, CopyingStaysInProportionToTheFinalSize) {
  // 1 MiB/s for an hour, extended whenever the policy says so: what the server copies in total.
  uint64_t stored = 0;
  uint64_t copied = 0;
  int extensions = 0;
  SteadyTime oldest = kSeen;
  for (uint64_t second = 1; second <= 3600; ++second) {
    FileProgress growing = file(second * kMiB, stored);
    growing.oldest_unsent = oldest;
    const SteadyTime now = kSeen + Seconds(second);
    if (due_time(growing, kMinute).value() > now) continue;
    copied += stored;
    stored = second * kMiB;
    oldest = now;
    ++extensions;
  }
  EXPECT_LT(copied, 17 * stored);
  EXPECT_LT(extensions, 100);
  EXPECT_GT(stored, 3300 * kMiB);
}

}  // namespace
}  // namespace rayhistory::collector
