#include "store/store_abilities.h"

#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/document_section.h"

namespace rayhistory {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr std::string_view kBegin = "<!-- abilities-begin -->\n";
constexpr std::string_view kEnd = "<!-- abilities-end -->\n";

std::string table_markdown() {
  std::string text =
      "| ability | where the server has it | where it has not | promise that is lost |\n|---|---|---|---|\n";
  for (const StoreAbilityRow& row : store_ability_table()) {
    text += "| `" + std::string(row.name) + "` | " + std::string(row.meaning) + " | " +
            std::string(row.without) + " | " + (row.lost.empty() ? "none" : std::string(row.lost)) + " |\n";
  }
  return text;
}

TEST(StoreAbilities, TellOnceWhatIsMissingAndWhichPromiseIsLost) {
  StoreAbilities abilities;
  EXPECT_TRUE(abilities.may(StoreAbility::upload_listing));
  testing::internal::CaptureStderr();
  abilities.learn(StoreAbility::upload_listing, true);
  abilities.learn(StoreAbility::part_copy, false, "status 501");
  abilities.learn(StoreAbility::part_copy, false, "status 501");
  abilities.learn(StoreAbility::upload_listing, false, "status 403");
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_EQ(said.find("ability=part_copy"), said.rfind("ability=part_copy"));
  EXPECT_THAT(said, AllOf(HasSubstr("level=info"), HasSubstr("level=warning"), HasSubstr("status 403")));
  EXPECT_FALSE(abilities.may(StoreAbility::part_copy));
  EXPECT_THAT(abilities.line(), AllOf(StartsWith("put_if_absent=assumed "), HasSubstr(" part_copy=no "),
                                      HasSubstr(" upload_listing=no ")));
  EXPECT_THAT(abilities.lacks(),
              ElementsAre(HasSubstr("lacks part_copy"),
                          AllOf(HasSubstr("lacks upload_listing"), HasSubstr("lifecycle"))));
}

TEST(StoreAbilities, LackNothingUntilSomethingIsRefused) {
  EXPECT_THAT(StoreAbilities().lacks(), IsEmpty());
}

// `RAYHISTORY_WRITE_DOCS=1 store_test --gtest_filter='StoreAbilitiesDocument.*'` writes the table anew.
TEST(StoreAbilitiesDocument, IsWhatTheTableSays) {
  expect_document_section(std::string(RAYHISTORY_SOURCE_FOLDER) + "/docs/stores.md", kBegin, kEnd,
                          table_markdown(), "store_test --gtest_filter='StoreAbilitiesDocument.*'");
}

}  // namespace
}  // namespace rayhistory
