#include "historyserver/live/masked_json_filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rayhistory::historyserver {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string filtered(std::string_view text, size_t piece) {
  MaskedJsonFilter filter;
  std::string out;
  for (size_t place = 0; place < text.size(); place += piece)
    out += filter.take(text.substr(place, piece));
  return out + filter.finish();
}

// Wherever the pieces end.
std::string filtered(std::string_view text) {
  std::string whole = filtered(text, text.size() + 1);
  for (size_t piece = 1; piece <= 7; ++piece)
    EXPECT_EQ(filtered(text, piece), whole) << piece;
  return whole;
}

TEST(MaskedJsonFilter, HidesTheValuesOfVariables) {
  EXPECT_EQ(
      filtered(R"({"env_vars": {"A": "s", "B": 7, "C": ["s", {"D": "}"}], "E": null}, "n": [1, null]})"),
      R"({"env_vars": {"A": "<redacted>", "B": "<redacted>", "C": "<redacted>", "E": "<redacted>"}, )"
      R"("n": [1, null]})");
  EXPECT_EQ(filtered(R"([{"envVars":{"A":"s"}}])"), R"([{"envVars":{"A":"<redacted>"}}])");
  EXPECT_EQ(filtered(R"({"env\u005fvars": {"A": "s"}})"), R"({"env\u005fvars": {"A": "<redacted>"}})");
}

TEST(MaskedJsonFilter, HidesVariablesThatAreNoMap) {
  EXPECT_EQ(filtered(R"({"env_vars": "s", "a": 1})"), R"({"env_vars": "<redacted>", "a": 1})");
  EXPECT_EQ(filtered(R"({"env_vars": 17, "a": 1})"), R"({"env_vars": "<redacted>", "a": 1})");
  EXPECT_EQ(filtered(R"({"env_vars": ["s", "]"], "a": 1})"), R"({"env_vars": "<redacted>", "a": 1})");
  EXPECT_EQ(filtered(R"({"env_vars": null, "a": 1})"), R"({"env_vars": null, "a": 1})");
}

TEST(MaskedJsonFilter, HidesSecretsInWhatPeopleWrite) {
  EXPECT_EQ(filtered(R"({"entrypoint": "x --token s3cret", "name": "x --token word"})"),
            R"({"entrypoint": "x --token <redacted>", "name": "x --token word"})");
  EXPECT_EQ(
      filtered(R"({"metadata": {"api_token": "s", "list": ["PASSWORD=s", 1], "deep": {"password": "s"}}})"),
      R"({"metadata": {"api_token": "<redacted>", "list": ["PASSWORD=<redacted>", 1], )"
      R"("deep": {"password": "<redacted>"}}})");
  EXPECT_EQ(filtered(R"({"text": "{\"env_vars\": {\"A\": \"s\"}}"})"),
            R"({"text": "{\"env_vars\": {\"A\": \"<redacted>\"}}"})");
  EXPECT_EQ(filtered(R"({"text": "{\u0022env\u005fvars\": {\"A\": \"s\"}}"})"),
            R"({"text": "{\"env_vars\": {\"A\": \"<redacted>\"}}"})");
}

TEST(MaskedJsonFilter, ChangesNothingElse) {
  for (
      const char* text :
      {R"( {"a" : [ 1.50, -0, 1e3, NaN, Infinity, true ], "b\u00e9": "\ud83d\ude00 \/ \\", "c": {}, "d": []} )",
       "[]", "", " \n", R"("text")", "{\"a\": \"\xff\"}\n{\"b\": 2}\n",
       R"({"metadata": {"x": "$TOKEN \u00e9"}})"})
    EXPECT_EQ(filtered(text), text);
}

TEST(MaskedJsonFilter, HidesWhatCannotBeRead) {
  EXPECT_EQ(filtered(R"({"entrypoint": "\ud800"})"), R"({"entrypoint": "<redacted>"})");
  EXPECT_EQ(filtered(R"({"text": "\ud800"})"), R"({"text": "<redacted>"})");
  // It breaks off within a string.
  EXPECT_EQ(filtered(R"({"env_vars": {"A": "secr)"), R"({"env_vars": {"A": "<redacted>")");
}

TEST(MaskedJsonFilter, MasksTextThatIsNoJsonLineByLine) {
  EXPECT_EQ(filtered("Traceback\nPASSWORD=s3cret x\n"), "Traceback\nPASSWORD=<redacted> x\n");
}

TEST(MaskedJsonFilter, HidesAStringThatIsTooLongToBeHeld) {
  const std::string text = R"({"a": ")" + std::string(1024 * 1024 + 1, 's') + R"(", "b": 1})";
  const std::string shown = filtered(text, 1000);
  EXPECT_THAT(shown, HasSubstr("longer than 1 MiB"));
  EXPECT_THAT(shown, HasSubstr(R"(", "b": 1})"));
  EXPECT_THAT(shown, Not(HasSubstr("sss")));
  const std::string longest = R"({"a": ")" + std::string(1024 * 1024, 's') + R"("})";
  EXPECT_EQ(filtered(longest, 1000), longest);
}

TEST(MaskedJsonFilter, HidesWhatIsTooDeep) {
  const std::string deep = std::string(5000, '[') + "\"s3cret\"" + std::string(5000, ']');
  const std::string shown = filtered(deep, 100);
  EXPECT_EQ(shown, std::string(1024, '[') + "\"<redacted>\"" + std::string(1024, ']'));
}

TEST(MaskedJsonFilter, PassesBracketsThatBelongToNothing) {
  EXPECT_EQ(filtered("[1]]}, {\"a\": 2}"), "[1]]}, {\"a\": 2}");
}

}  // namespace
}  // namespace rayhistory::historyserver
