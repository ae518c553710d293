#include "settings/settings_file.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/temporary_folder.h"

namespace rayhistory {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;

TEST(SettingsFile, IsAnObjectOfStrings) {
  const TemporaryFolder folder;
  const Result<SettingsFile> file = read_settings_file(
      folder.write("data", R"({"s3Bucket": "b", "s3Endpoint": "h:9000", "other": "\u00e9"})"));
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_THAT(*file,
              ElementsAre(Pair("other", "\u00e9"), Pair("s3Bucket", "b"), Pair("s3Endpoint", "h:9000")));
  EXPECT_THAT(*read_settings_file(folder.write("empty", "{}")), IsEmpty());
}

TEST(SettingsFile, IsFoundWhereKubernetesMountsIt) {
  const TemporaryFolder folder;
  folder.write("..2026_11_23/data", R"({"s3Bucket": "b"})");
  std::filesystem::create_symlink("..2026_11_23", folder / "..data");
  std::filesystem::create_symlink("..data/data", folder / "data");
  const Result<SettingsFile> file = read_settings_file(folder / "data");
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_THAT(*file, ElementsAre(Pair("s3Bucket", "b")));
}

TEST(SettingsFile, NamesPathAndKeyOfWhatItCannotUse) {
  const TemporaryFolder folder;
  const std::pair<const char*, const char*> refused[] = {
      {R"({"s3Bucket": "b", "s3DisableSSL": true})", "s3DisableSSL"},
      {R"({"s3Bucket": null})", "s3Bucket"},
      {R"({"a": {"b": "s3cret"}})", "\"a\""},
      {R"(["s3cret"])", "no JSON object"},
      {R"({"s3Bucket": "s3cret")", "no JSON"},
      {"", "no JSON"},
      {"s3Bucket=s3cret", "no JSON"},
  };
  for (const auto& [content, word] : refused) {
    const Result<SettingsFile> file = read_settings_file(folder.write("data", content));
    ASSERT_FALSE(file) << content;
    EXPECT_THAT(file.error().message,
                AllOf(HasSubstr(folder / "data"), HasSubstr(word), Not(HasSubstr("s3cret"))));
  }
}

TEST(SettingsFile, NamesThePathThatCannotBeRead) {
  const TemporaryFolder folder;
  for (const std::string& path : {folder / "missing", folder.path()}) {
    const Result<SettingsFile> file = read_settings_file(path);
    ASSERT_FALSE(file);
    EXPECT_THAT(file.error().message, HasSubstr(path));
  }
}

}  // namespace
}  // namespace rayhistory
