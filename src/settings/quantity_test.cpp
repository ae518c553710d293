#include "settings/quantity.h"

#include <gtest/gtest.h>

namespace rayhistory {
namespace {

TEST(Quantity, IsReadAsKubernetesReadsIt) {
  EXPECT_EQ(parse_quantity("2Gi"), 2ull << 30);
  EXPECT_EQ(parse_quantity("1.5Ki"), 1536u);
  EXPECT_EQ(parse_quantity("500M"), 500'000'000u);
  EXPECT_EQ(parse_quantity("1E"), 1'000'000'000'000'000'000u);
  EXPECT_EQ(parse_quantity("1Ei"), 1ull << 60);
  EXPECT_EQ(parse_quantity("12e3"), 12'000u);
  EXPECT_EQ(parse_quantity("12E3"), 12'000u);
  EXPECT_EQ(parse_quantity("0"), 0u);
  EXPECT_EQ(parse_quantity("0.5"), 1u);
}

TEST(Quantity, IsNothingElse) {
  for (const char* text : {"", "Gi", "-1", "+1", "1 Gi", "1gi", "1GiB", "1e", "e3", "E3", ".", "1..2",
                           "1e400", "9999Ei", "nan", "inf", "0x10", "1,5"})
    EXPECT_EQ(parse_quantity(text), std::nullopt) << text;
}

}  // namespace
}  // namespace rayhistory
