#include "base/log.h"

#include <array>

#include <gtest/gtest.h>

#include "testing/temporary_folder.h"

namespace rayhistory {
namespace {

constexpr int64_t kTime = 1'795'404'319'402'666'000;

std::string text_line(LogFields fields) {
  return format_log_line(LogFormat::text, kTime, LogLevel::info, "session found", fields);
}

std::string json_line(LogFields fields) {
  return format_log_line(LogFormat::json, kTime, LogLevel::warning, "session found", fields);
}

TEST(LogLine, IsLogfmt) {
  EXPECT_EQ(
      text_line({{"session", "session_1"}, {"files", 3}, {"gzip", true}}),
      "ts=2026-11-23T03:25:19.402Z level=info msg=\"session found\" session=session_1 files=3 gzip=true");
}

TEST(LogLine, IsJson) {
  EXPECT_EQ(
      json_line({{"session", "session_1"}, {"files", -3}, {"gzip", false}}),
      R"({"ts":"2026-11-23T03:25:19.402Z","level":"warning","msg":"session found","session":"session_1",)"
      R"("files":-3,"gzip":false})");
}

TEST(LogLine, QuotesLogfmtValuesThatWouldBeReadWrong) {
  const std::string_view prefix = "ts=2026-11-23T03:25:19.402Z level=info msg=\"session found\" k=";
  const std::pair<std::string, std::string> cases[] = {
      {"plain/path-1.out", "plain/path-1.out"},
      {"", R"("")"},
      {"two words", R"("two words")"},
      {"a=b", R"("a=b")"},
      {"say \"hi\"", R"("say \"hi\"")"},
      {"C:\\x", "C:\\x"},
      {"C:\\x y", R"("C:\\x y")"},
      {"Z\u00fcrich", "Z\u00fcrich"},
  };
  for (const auto& [value, shown] : cases)
    EXPECT_EQ(text_line({{"k", value}}), std::string(prefix) + shown);
}

TEST(LogLine, LetsNothingThroughThatEndsALineOrMovesACursor) {
  const std::string hostile = std::string("a\nlevel=error\r\t\x1b[2J\x7f\0z", 22) + "\u009b\u2028";
  const std::string shown = R"("a\nlevel=error\r\t\u001b[2J\u007f\u0000z\u009b\u2028")";
  EXPECT_TRUE(text_line({{"k", hostile}}).ends_with(" k=" + shown)) << text_line({{"k", hostile}});
  EXPECT_TRUE(json_line({{"k", hostile}}).ends_with(",\"k\":" + shown + "}"));
}

TEST(LogLine, ShowsWhatIsNotUtf8AsReplacementCharacters) {
  // A lone lead byte, an overlong slash, a surrogate, a code point past the last, a cut sequence.
  for (const std::string bytes : {"\xc3", "\xc0\xaf", "\xed\xa0\x80", "\xf5\x80\x80\x80", "\xe2\x82"}) {
    std::string shown;
    for (size_t i = 0; i < bytes.size(); ++i)
      shown += "\\ufffd";
    EXPECT_TRUE(text_line({{"k", bytes}}).ends_with(" k=\"" + shown + "\"")) << text_line({{"k", bytes}});
    EXPECT_TRUE(json_line({{"k", bytes}}).ends_with("\"k\":\"" + shown + "\"}"));
  }
}

TEST(LogLine, CutsALongValueBetweenCharactersAndSaysHowLongItWas) {
  std::string value(4095, 'x');
  value += "\u20ac";  // begins at the last byte that fits
  const std::string line = text_line({{"k", value}});
  EXPECT_TRUE(line.ends_with("xxx... (4098 bytes)\"")) << line.substr(line.size() - 40);
}

TEST(LogSettings, AreReadInAnyCase) {
  EXPECT_EQ(parse_log_level("DEBUG"), LogLevel::debug);
  EXPECT_EQ(parse_log_level("Info"), LogLevel::info);
  EXPECT_EQ(parse_log_level("warn"), LogLevel::warning);
  EXPECT_EQ(parse_log_level("warning"), LogLevel::warning);
  EXPECT_EQ(parse_log_level("error"), LogLevel::error);
  EXPECT_EQ(parse_log_level("loud"), std::nullopt);
  EXPECT_EQ(parse_log_format("JSON"), LogFormat::json);
  EXPECT_EQ(parse_log_format("text"), LogFormat::text);
  EXPECT_EQ(parse_log_format("logfmt"), LogFormat::text);
  EXPECT_EQ(parse_log_format("xml"), std::nullopt);
}

// What reaches standard error while `log` runs.
template <typename Log>
std::string captured(Log log) {
  testing::internal::CaptureStderr();
  log();
  return testing::internal::GetCapturedStderr();
}

TEST(Log, WritesALineFromTheLowestLevelOn) {
  configure_log(LogLevel::warning, LogFormat::json);
  const std::string written = captured([] {
    log_info("quiet");
    log_warning("loud", {{"n", 1}});
  });
  configure_log(LogLevel::info, LogFormat::text);
  EXPECT_EQ(written.find("quiet"), std::string::npos);
  EXPECT_TRUE(written.ends_with(R"("level":"warning","msg":"loud","n":1})"
                                "\n"))
      << written;
}

TEST(LoggedTrouble, CountsWarningsAndErrorsAndKeepsTheLast) {
  const LoggedTrouble before = logged_trouble();
  testing::internal::CaptureStderr();
  log_info("nothing");
  log_warning("careful", {{"path", "/x"}});
  EXPECT_EQ(logged_trouble().last, "careful");
  log_error("broken", {{"path", "/x"}, {"error", "no such file"}});
  testing::internal::GetCapturedStderr();
  const LoggedTrouble after = logged_trouble();
  EXPECT_EQ(after.warnings - before.warnings, 1u);
  EXPECT_EQ(after.errors - before.errors, 1u);
  EXPECT_EQ(after.last, "broken: no such file");
}

}  // namespace
}  // namespace rayhistory
