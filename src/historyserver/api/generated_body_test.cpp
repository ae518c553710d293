#include "historyserver/api/generated_body.h"

#include <gtest/gtest.h>

namespace rayhistory::historyserver {
namespace {

TEST(GeneratedBody, HoldsNoMoreThanAPiece) {
  int rows = 0;
  const auto body = generated_body([&rows](std::string& json) {
    json += std::string(1'000, static_cast<char>('a' + rows % 26));
    return ++rows < 10'000;
  });
  std::string whole;
  while (true) {
    const auto piece = body->next();
    ASSERT_TRUE(piece);
    if (piece->empty()) break;
    EXPECT_LE(piece->size(), 300'000u);
    whole += *piece;
  }
  EXPECT_EQ(whole.size(), 10'000'000u);
  EXPECT_EQ(rows, 10'000);
  EXPECT_TRUE(body->next()->empty());
}

}  // namespace
}  // namespace rayhistory::historyserver
