#include "base/ascii.h"

#include <gtest/gtest.h>

namespace rayhistory {
namespace {

TEST(Ascii, ChangesItsOwnLettersAlone) {
  EXPECT_EQ(lower_case("Az09-_\xC3\x84[@`{"), "az09-_\xC3\x84[@`{");
  EXPECT_EQ(lower_case(""), "");
}

TEST(Ascii, TrimsTheBlanksThatAreNamed) {
  EXPECT_EQ(trimmed(" \ta b\n ", " \t\n"), "a b");
  EXPECT_EQ(trimmed("\na", " "), "\na");
  EXPECT_EQ(trimmed("   ", " "), "");
  EXPECT_EQ(trimmed("", " "), "");
}

TEST(Ascii, SplitsAtCommasAndLeavesOutWhatIsEmpty) {
  using Entries = std::vector<std::string_view>;
  EXPECT_EQ(comma_separated(" a, b c ,,\t,d", " \t"), (Entries{"a", "b c", "d"}));
  EXPECT_EQ(comma_separated("a", " "), Entries{"a"});
  EXPECT_EQ(comma_separated(" , ", " "), Entries{});
  EXPECT_EQ(comma_separated("", " "), Entries{});
}

TEST(Ascii, FindsControlCharactersButTabs) {
  EXPECT_FALSE(has_control_character("a\tb \xC3\x84~"));
  EXPECT_FALSE(has_control_character(""));
  for (const std::string_view text :
       {std::string_view("a\r"), std::string_view("\nb"), std::string_view("\0", 1), std::string_view("\x1b"),
        std::string_view("\x7f")})
    EXPECT_TRUE(has_control_character(text));
}

}  // namespace
}  // namespace rayhistory
