#include "store/s3/list_place.h"

#include <gtest/gtest.h>

namespace rayhistory {
namespace {

S3ObjectPage page_of(std::initializer_list<std::string> keys, const std::string& token) {
  S3ObjectPage page;
  for (const std::string& key : keys)
    page.objects.push_back({key, {}});
  page.truncated = !token.empty();
  page.continuation = token;
  return page;
}

TEST(S3ListPlace, IsReadAsItWasWritten) {
  const S3ListPlace place = S3ListPlace::after(page_of({"a", "b c", "z\n"}, "token=="));
  const auto read = S3ListPlace::read(place.text());
  ASSERT_TRUE(read && *read);
  EXPECT_EQ((*read)->token, "token==");
  EXPECT_EQ((*read)->first_key, "a");
  EXPECT_EQ((*read)->last_key, "z\n");
  EXPECT_EQ(*S3ListPlace::read(""), std::nullopt) << "the beginning";
}

TEST(S3ListPlace, IsNoTextThatNoPageGave) {
  for (const std::string& text : {std::string("a"), std::string("a\0b", 3)})
    EXPECT_EQ(S3ListPlace::read(text).error().kind, ErrorKind::invalid);
}

TEST(S3ListPlace, IsNotPassedByTheSamePage) {
  const S3ListPlace place = S3ListPlace::after(page_of({"a", "b"}, "t1"));
  EXPECT_TRUE(place.is_passed_by(page_of({"c"}, "")));
  EXPECT_TRUE(place.is_passed_by(page_of({"0"}, "t2"))) << "of a server that keeps no order";
  EXPECT_TRUE(place.is_passed_by(page_of({}, "t2")));
  EXPECT_TRUE(place.is_passed_by(page_of({}, "")));
  EXPECT_FALSE(place.is_passed_by(page_of({"a", "b"}, "t2")));
  EXPECT_FALSE(place.is_passed_by(page_of({}, "t1")));
}

}  // namespace
}  // namespace rayhistory
