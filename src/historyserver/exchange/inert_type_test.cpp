#include "historyserver/exchange/inert_type.h"

#include <gtest/gtest.h>

namespace rayhistory::historyserver {
namespace {

TEST(InertType, KeepsWhatABrowserOnlyShows) {
  EXPECT_EQ(inert_type("application/json"), "application/json");
  EXPECT_EQ(inert_type("application/json; charset=utf-8"), "application/json; charset=utf-8");
  EXPECT_EQ(inert_type("Application/JSON ; Charset=UTF-8"), "application/json; charset=utf-8");
  EXPECT_EQ(inert_type("image/png"), "image/png");
  EXPECT_EQ(inert_type("text/plain"), "text/plain; charset=utf-8");
}

TEST(InertType, MakesTextOfWhatABrowserWouldRun) {
  for (const char* active :
       {"text/html", "TEXT/HTML; charset=utf-8", " text/html", "application/xhtml+xml", "text/xml",
        "application/xml", "text/javascript", "application/javascript", "text/css", "application/pdf",
        "application/wasm", "multipart/x-mixed-replace; boundary=x", "text/html, application/json",
        "application/json, text/html", "", "*/*", "application/json\r\nX: y", "application/x-shockwave-flash",
        "message/rfc822"})
    EXPECT_EQ(inert_type(active), "text/plain; charset=utf-8") << active;
}

TEST(InertType, TakesNoOtherCharset) {
  EXPECT_EQ(inert_type("text/plain; charset=utf-7"), "text/plain; charset=utf-8");
  EXPECT_EQ(inert_type("application/json; charset=utf-16"), "application/json");
  EXPECT_EQ(inert_type("application/json; profile=\"x\"; charset=utf-8"), "application/json");
}

}  // namespace
}  // namespace rayhistory::historyserver
