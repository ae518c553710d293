#include "settings/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rayhistory {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

CommandLine read(const std::vector<std::string>& arguments) {
  return read_command_line(arguments, [](std::string_view name) {
    if (name == "role" || name == "port") return FlagKind::value;
    if (name == "gzip" || name == "logs") return FlagKind::truth;
    return FlagKind::unknown;
  });
}

TEST(CommandLine, TakesOneDashOrTwoAndBothWaysToGiveAValue) {
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"--role=Head"}, std::vector<std::string>{"-role=Head"},
        std::vector<std::string>{"--role", "Head"}, std::vector<std::string>{"-role", "Head"}}) {
    const CommandLine line = read(arguments);
    EXPECT_THAT(line.values, ElementsAre(Pair("role", "Head")));
    EXPECT_THAT(line.errors, IsEmpty());
    EXPECT_THAT(line.warnings, IsEmpty());
  }
}

TEST(CommandLine, TakesAValueThatLooksLikeAFlagOrIsEmpty) {
  EXPECT_THAT(read({"--role", "--port"}).values, ElementsAre(Pair("role", "--port")));
  EXPECT_THAT(read({"--role="}).values, ElementsAre(Pair("role", "")));
  EXPECT_THAT(read({"--role=a=b"}).values, ElementsAre(Pair("role", "a=b")));
}

TEST(CommandLine, TruthValuesNeverTakeTheNextWord) {
  EXPECT_THAT(read({"--gzip", "--logs=false"}).values,
              ElementsAre(Pair("gzip", "true"), Pair("logs", "false")));
  const CommandLine line = read({"--gzip", "false", "--role=Head"});
  EXPECT_THAT(line.values, ElementsAre(Pair("gzip", "true")));
  EXPECT_THAT(line.warnings, ElementsAre(HasSubstr("argument 2 is no flag")));
}

TEST(CommandLine, CountsTheLastOfSeveral) {
  EXPECT_THAT(read({"--role=a", "--role=b"}).values, ElementsAre(Pair("role", "b")));
}

TEST(CommandLine, EndsAtTwoDashes) {
  const CommandLine line = read({"--role=a", "--", "--port=1"});
  EXPECT_THAT(line.values, ElementsAre(Pair("role", "a")));
  EXPECT_THAT(line.warnings, ElementsAre(HasSubstr("argument 3")));
  EXPECT_THAT(read({"--role=a", "--"}).warnings, IsEmpty());
}

TEST(CommandLine, NamesEveryFlagItDoesNotKnowAndPointsToHelp) {
  const CommandLine line = read({"--colour=red", "-speed", "--role=Head"});
  EXPECT_THAT(line.errors,
              ElementsAre(HasSubstr("not defined: --colour"), HasSubstr("not defined: --speed")));
  EXPECT_THAT(line.errors[0], HasSubstr("--help"));
  EXPECT_THAT(line.values, ElementsAre(Pair("role", "Head")));
}

TEST(CommandLine, RefusesFlagsWithoutNameOrValue) {
  EXPECT_THAT(read({"--role"}).errors, ElementsAre("flag needs an argument: --role"));
  EXPECT_THAT(read({"---role=x"}).errors, ElementsAre(HasSubstr("argument 1 is no flag")));
  EXPECT_THAT(read({"--=x"}).errors, ElementsAre(HasSubstr("argument 1 is no flag")));
}

TEST(CommandLine, ShowsNoValueInAMessage) {
  const CommandLine line = read({"--token=s3cret", "-", "s3cret"});
  ASSERT_THAT(line.errors, testing::SizeIs(1));
  ASSERT_THAT(line.warnings, testing::SizeIs(1));
  EXPECT_THAT(line.errors[0] + line.warnings[0], Not(HasSubstr("s3cret")));
}

}  // namespace
}  // namespace rayhistory
