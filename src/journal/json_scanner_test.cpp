#include "journal/json_scanner.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace rayhistory::collector {
namespace {

bool is_json(std::string_view text) {
  JsonScanner scanner(text);
  return scanner.skip_value() && scanner.peek() == '\0' && scanner.position() == text.size();
}

TEST(JsonScanner, TakesWhatPythonTakes) {
  for (const char* text : {
           "null",
           "true",
           "false",
           "0",
           "-0",
           "-1",
           "12",
           "1.5",
           "1e5",
           "1E+5",
           "1e-5",
           "0.0",
           "-0.0e0",
           "\"\"",
           "[]",
           "{}",
           " [ ] ",
           "\t\r\n{\n}\n",
           "[1,2]",
           "[[],{}]",
           "{\"a\":1}",
           "{\"a\":{\"b\":[{}]}}",
           "{\"a\":1,\"a\":2}",
           R"("\"\\\/\b\f\n\r\t\u00e9\uD83D\uDE00")",
           R"("\ud800")",                     // a lone surrogate
           "123456789012345678901234567890",  // beyond 64 bits
           "1e999",                           // beyond a double
           "\"\x7f\"",
           "\"h\xc3\xa9\"",
           "[\"a\",\"b\",1,null]",
       }) {
    EXPECT_TRUE(is_json(text)) << text;
  }
}

TEST(JsonScanner, RefusesWhatPythonRefuses) {
  for (const char* text : {
           "",         " ",          "nul",         "tru",
           "falsee",   "True",       "01",          "-",
           "-a",       "+1",         ".5",          "1.",
           "1.e5",     "1e",         "1e+",         "0x10",
           "1 2",      "\"",         "\"a",         "\"\\x\"",
           "\"\\\"",   "\"\\u12\"",  "\"\\u12g4\"", "\"a\nb\"",
           "\"\t\"",   "'a'",        "[",           "]",
           "[1",       "[1,",        "[1,]",        "[,1]",
           "[1 2]",    "[1}",        "{",           "}",
           "{]",       "{a:1}",      "{1:2}",       "{\"a\"}",
           "{\"a\":}", "{\"a\":1,}", "{\"a\" 1}",   "{\"a\":1 \"b\":2}",
           "[1]]",     "{}{}",       "//",          "[1]//",
           "\f1",      "NaN",        "Infinity",    "-Infinity",
       }) {
    EXPECT_FALSE(is_json(text)) << text;
  }
  EXPECT_FALSE(is_json(std::string_view("[1]\0", 4)));
  EXPECT_FALSE(is_json(std::string_view("\"a\0b\"", 5)));
}

TEST(JsonScanner, RefusesEveryTruncation) {
  const std::string text = R"([{"eventId":"a\u00e9\"","n":-1.5e+10,"b":[true,false,null],"o":{"x":{}}}])";
  ASSERT_TRUE(is_json(text));
  for (size_t length = 0; length < text.size(); ++length) {
    // A copy of that length on the heap, so that a sanitizer sees a read past its end.
    EXPECT_FALSE(is_json(std::string(text, 0, length))) << length;
  }
}

TEST(JsonScanner, FindsTheEndOfAStringAtEveryDistance) {
  for (size_t length = 0; length < 40; ++length) {
    for (const std::string tail : {"\"", "\\n\"", "\\\\\"", "\\u0041\""}) {
      const std::string text = "\"" + std::string(length, 'x') + tail;
      JsonScanner scanner(text);
      JsonString string;
      ASSERT_TRUE(scanner.read_string(string)) << text;
      EXPECT_EQ(string.inside, std::string_view(text).substr(1, text.size() - 2));
      EXPECT_EQ(string.escaped, tail.size() > 1);
    }
    for (const char bad : {'\n', '\0', '\x1f'}) {
      JsonString string;
      const std::string text = "\"" + std::string(length, 'x') + bad + "\"";
      JsonScanner scanner(text);
      EXPECT_FALSE(scanner.read_string(string));
    }
    // Bytes above ASCII, and just beside those that end the search, do not end it.
    const std::string text = "\"" + std::string(length, '\xff') + "\x20\x21\x23\x5b\x5d\x80" + "\"";
    JsonScanner scanner(text);
    JsonString string;
    ASSERT_TRUE(scanner.read_string(string));
    EXPECT_EQ(string.inside.size(), length + 6);
  }
}

TEST(JsonScanner, BoundsDepth) {
  const auto nested = [](size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_TRUE(is_json(nested(kJsonDepthLimit)));
  EXPECT_FALSE(is_json(nested(kJsonDepthLimit + 1)));
  EXPECT_FALSE(is_json(nested(1'000'000)));
}

TEST(JsonScanner, SeesLineBreaksBetweenTokensOnly) {
  const auto has_break = [](std::string_view text) {
    JsonScanner scanner(text);
    EXPECT_TRUE(scanner.skip_value());
    return scanner.passed_line_break();
  };
  EXPECT_FALSE(has_break(R"({"a": "x\ny",	"b" : [ 1 , 2 ]})"));
  EXPECT_TRUE(has_break("{\"a\":\n1}"));
  EXPECT_TRUE(has_break("{\"a\":1\r}"));
  EXPECT_FALSE(has_break("{}\n"));  // behind the value
}

TEST(UnescapeJson, GivesTheTextInUtf8) {
  EXPECT_EQ(unescape_json("plain"), "plain");
  EXPECT_EQ(unescape_json(R"(\"\\\/\b\f\n\r\t)"), "\"\\/\b\f\n\r\t");
  EXPECT_EQ(unescape_json(R"(\u0041\u00e9\u20AC)"), "A\xc3\xa9\xe2\x82\xac");
  EXPECT_EQ(unescape_json(R"(\ud83d\ude00)"), "\xf0\x9f\x98\x80");
  EXPECT_EQ(unescape_json(R"(\ud83dx)"), "\xed\xa0\xbdx");
  EXPECT_EQ(unescape_json(R"(\ude00)"), "\xed\xb8\x80");
  EXPECT_EQ(unescape_json(R"(\ud83d\ud83d\ude00)"), "\xed\xa0\xbd\xf0\x9f\x98\x80");
}

TEST(MinifyJson, DropsSpaceOutsideStringsOnly) {
  EXPECT_EQ(minify_json("{ \"a b\" :\n[ 1 ,\r\n\t2 ] , \"c\\\" \\\\\" : \"  \" }"),
            "{\"a b\":[1,2],\"c\\\" \\\\\":\"  \"}");
}

}  // namespace
}  // namespace rayhistory::collector
