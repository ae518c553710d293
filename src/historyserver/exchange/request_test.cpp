#include "historyserver/exchange/request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "historyserver/exchange/percent.h"

namespace rayhistory::historyserver {
namespace {

using testing::ElementsAre;

TEST(Query, GivesTheFirstOfANameAndAllOfThem) {
  const Query query = Query::parse("filter_keys=name&filter_keys=state&limit=10&detail&&=x");
  EXPECT_EQ(query.get("filter_keys"), "name");
  EXPECT_THAT(query.all("filter_keys"), ElementsAre("name", "state"));
  EXPECT_EQ(query.get("detail"), "");
  EXPECT_EQ(query.get("timeout"), std::nullopt);
}

TEST(Query, IsDecodedAsAForm) {
  EXPECT_EQ(Query::parse("a=x%20y+z%3D%26").get("a"), "x y z=&");
  EXPECT_EQ(Query::parse("a=100%").get("a"), "100%");
  EXPECT_EQ(Query::parse("a=%zz%4").get("a"), "%zz%4");
  EXPECT_EQ(Query::parse("a=b=c").get("a"), "b=c");
}

TEST(Percent, LeavesAPlusInAPath) {
  EXPECT_EQ(percent_decoded("/a+b%2Bc%00"), std::string("/a+b+c\0", 7));
}

}  // namespace
}  // namespace rayhistory::historyserver
