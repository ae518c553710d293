#include "historyserver/logs/ansi_filter.h"

#include <random>
#include <regex>

#include <gtest/gtest.h>

namespace rayhistory::historyserver {
namespace {

std::string filtered(const std::string& text, size_t piece_size) {
  AnsiFilter filter;
  std::string out;
  for (size_t at = 0; at < text.size(); at += piece_size)
    out += filter.take(text.substr(at, piece_size));
  return out + filter.finish();
}

TEST(AnsiFilter, TakesColoursOutAndLeavesAllElse) {
  EXPECT_EQ(filtered("\x1b[31merror\x1b[0m\r\n", 100), "error\r\n");
  EXPECT_EQ(filtered("\x1b[1;31;4mx", 100), "x");
  for (const char* text : {"plain", "\x1b[m", "\x1b[2K", "\x1b]0;title\x07", "\x1b", "\x1b[", "\x1b[31",
                           "[31m", "\x1b\x1b[", ""})
    EXPECT_EQ(filtered(text, 100), text);
  EXPECT_EQ(filtered("\x1b\x1b[0mx", 100), "\x1bx");
  EXPECT_EQ(filtered("\x1b[3\x1b[0m1m", 100), "\x1b[31m");
}

TEST(AnsiFilter, FindsACodeAcrossPieces) {
  const std::string text = "a\x1b[31mb\x1b[0;1mc\x1b[2Kd\x1b[";
  for (size_t size = 1; size <= text.size(); ++size)
    EXPECT_EQ(filtered(text, size), "abc\x1b[2Kd\x1b[") << size;
}

TEST(AnsiFilter, HoldsLittleBack) {
  const std::string endless = "\x1b[" + std::string(100'000, '1');
  AnsiFilter filter;
  const std::string out = filter.take(endless);
  EXPECT_EQ(out + filter.finish(), endless);
  EXPECT_GE(out.size(), endless.size() - 256);
}

// Ray's: dashboard/modules/state/state_head.py, less the parentheses that its class holds by mistake.
TEST(AnsiFilter, DoesWhatTheRegularExpressionDoes) {
  const std::regex code("\x1b\\[[0-9;]+m");
  std::mt19937 random(7);
  const std::string letters = "\x1b\x1b[[07;mm a\n";
  for (int round = 0; round < 2000; ++round) {
    std::string text(random() % 40, '\0');
    for (char& c : text)
      c = letters[random() % letters.size()];
    EXPECT_EQ(filtered(text, 1 + random() % 7), std::regex_replace(text, code, "")) << round;
  }
}

}  // namespace
}  // namespace rayhistory::historyserver
