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

}  // namespace
}  // namespace rayhistory
