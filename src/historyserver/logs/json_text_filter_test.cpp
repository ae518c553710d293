#include "historyserver/logs/json_text_filter.h"

#include <gtest/gtest.h>

#include "base/json_text.h"

namespace rayhistory::historyserver {
namespace {

TEST(JsonTextFilter, WritesTheSameWhereverThePiecesEnd) {
  for (const std::string& text : {std::string(), std::string("a\n\"b\"\\\t\x1b"), std::string("ü€😀ü"),
                                  std::string("\xff\xc3(\xe2\x82\xf0\x9f\x98"), std::string("\xe2\x82")}) {
    const std::string expected = "{\"logs\": " + json_string(text) + "}";
    for (size_t size = 1; size <= text.size() + 1; ++size) {
      JsonTextFilter filter("logs");
      std::string out;
      for (size_t at = 0; at < text.size(); at += size)
        out += filter.take(text.substr(at, size));
      EXPECT_EQ(out + filter.finish(), expected) << size;
    }
  }
}

}  // namespace
}  // namespace rayhistory::historyserver
