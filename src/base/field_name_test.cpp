#include "base/field_name.h"

#include <string>

#include <gtest/gtest.h>

namespace rayhistory {
namespace {

std::string camel(std::string_view key) {
  FieldNameBuffer buffer;
  return std::string(camel_field_name(key, buffer));
}

TEST(CamelFieldName, RespellsNamesAsProtobufDoes) {
  EXPECT_EQ(camel("event_id"), "eventId");
  EXPECT_EQ(camel("driver_agent_http_address"), "driverAgentHttpAddress");
  EXPECT_EQ(camel("field_2_name"), "field2Name");
}

TEST(CamelFieldName, LeavesWhatIsNoSuchNameUnchanged) {
  for (const char* key : {"", "_", "__", "eventId", "timestamp", "event_Id", "event__id", "_event_id",
                          "event_id_", "Event_id", "event-id_x", "event_i\xc3\xa9", "2_event"})
    EXPECT_EQ(camel(key), key);
}

TEST(CamelFieldName, LeavesNamesAboveTheLimitUnchanged) {
  const std::string longest = "a_" + std::string(kFieldNameLimit - 2, 'b');
  EXPECT_EQ(camel(longest), "aB" + std::string(kFieldNameLimit - 3, 'b'));
  EXPECT_EQ(camel(longest + "b"), longest + "b");
}

}  // namespace
}  // namespace rayhistory
