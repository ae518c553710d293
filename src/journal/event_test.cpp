#include "journal/event.h"

#include <filesystem>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <simdjson.h>

namespace rayhistory::collector {
namespace {

using testing::HasSubstr;

constexpr std::string_view kSession = "session_2026-11-23_02-27-20_324908_14170";

// An event with the members that are given behind those that every event needs.
std::string event(std::string_view more = "") {
  std::string text = R"({"timestamp":"2026-11-23T02:27:23.084135183Z","sessionName":")";
  text += kSession;
  text += '"';
  if (!more.empty()) text += ",";
  text += more;
  text += "}";
  return text;
}

class Cut {
 public:
  explicit Cut(std::string body) : body_(std::move(body)), batch_(cutter_.cut(body_)) {}
  bool ok() const { return batch_.has_value(); }
  const Error& error() const { return batch_.error(); }
  const CutBatch* operator->() const { return *batch_; }

  // The job of the only event; "" for a node event.
  std::string job() const {
    EXPECT_EQ((*batch_)->events.size(), 1u) << body_;
    const uint32_t index = (*batch_)->events.front().job;
    return index == kNoJob ? "" : (*batch_)->jobs[index].str();
  }
  // Why the only element was set aside.
  std::string reason() const {
    EXPECT_EQ((*batch_)->set_aside.size(), 1u) << body_;
    return (*batch_)->set_aside.empty() ? "" : std::string((*batch_)->set_aside.front().reason);
  }

 private:
  std::string body_;
  BatchCutter cutter_;
  Result<const CutBatch*> batch_;
};

std::string in_array(std::string_view element) {
  return "[" + std::string(element) + "]";
}

TEST(BatchCutter, KeepsTheBytesOfEachEvent) {
  const std::string first = event(R"("eventId":"a", "x" : [1, {"y": 1.50}],"z":"\u00e9 \/ ")");
  const std::string second = event(R"("eventId":"b","x":12345678901234567890123)");
  const Cut cut(" [ " + first + " ,\n" + second + "\t]\n");
  ASSERT_TRUE(cut.ok());
  ASSERT_EQ(cut->events.size(), 2u);
  EXPECT_EQ(cut->events[0].raw, first);
  EXPECT_EQ(cut->events[1].raw, second);
  EXPECT_EQ(cut->sessions, std::vector{*SessionName::parse(kSession)});
  EXPECT_EQ(cut->events[0].id, hash_of_event_id("a", EventIdSpace::good));
}

TEST(BatchCutter, WritesAnEventWithLineBreaksOnOneLine) {
  const Cut cut(
      "[{\n  \"timestamp\": \"2026-11-23T02:27:23Z\",\r\n  \"sessionName\": \"s\",\n \"m\": \"a\\n b\" }]");
  ASSERT_TRUE(cut.ok());
  ASSERT_EQ(cut->events.size(), 1u);
  EXPECT_EQ(cut->events[0].raw, R"({"timestamp":"2026-11-23T02:27:23Z","sessionName":"s","m":"a\n b"})");
  const Cut bad("[[\n1,\n2 ]]");
  ASSERT_TRUE(bad.ok());
  EXPECT_EQ(bad->set_aside.at(0).raw, "[1,2]");
}

TEST(BatchCutter, TakesAnEmptyArray) {
  const Cut cut("[]");
  ASSERT_TRUE(cut.ok());
  EXPECT_TRUE(cut->events.empty());
  EXPECT_TRUE(cut->set_aside.empty());
}

TEST(BatchCutter, RefusesABodyThatIsNoJsonArray) {
  for (const std::string& body :
       {std::string(), std::string("{}"), std::string("null"), event(), std::string("["), "[" + event(),
        "[" + event() + ",]", "[" + event() + " " + event() + "]", "[" + event() + "]]",
        "[" + event() + "] x", in_array(event(R"("x":tru)")), in_array(event(R"("x":01)")),
        in_array(event(R"("x":"\q")")), in_array(event("\"x\":\"a\tb\"")), in_array(event(R"("x":NaN)")),
        in_array(event(R"("x":{"y":})")), "[" + event() + ",nul]", std::string("\xef\xbb\xbf[]"),
        in_array(event("\"x\":\"\xff\""))}) {
    const Cut cut(body);
    ASSERT_FALSE(cut.ok()) << body;
    EXPECT_EQ(cut.error().kind, ErrorKind::invalid);
  }
}

TEST(BatchCutter, SaysWhereTheFaultIs) {
  EXPECT_THAT(Cut("[{}, tru]").error().message, HasSubstr("byte 5"));
}

TEST(BatchCutter, RefusesEveryTruncation) {
  const std::string body =
      in_array(event(R"("eventId":"a","taskDefinitionEvent":{"jobId":"AQAAAA==","n":[1.5]})"));
  ASSERT_TRUE(Cut(body).ok());
  for (size_t length = 0; length < body.size(); ++length)
    EXPECT_FALSE(Cut(body.substr(0, length)).ok()) << length;
}

TEST(BatchCutter, BoundsTheNumberOfElements) {
  std::string body = "[0";
  for (size_t i = 1; i < kBatchElementsLimit; ++i)
    body += ",0";
  const Cut most(body + "]");
  ASSERT_TRUE(most.ok());
  EXPECT_EQ(most->set_aside.size(), kBatchElementsLimit);
  EXPECT_FALSE(Cut(body + ",0]").ok());
}

TEST(BatchCutter, SetsAsideWhatIsNoObject) {
  for (const char* element : {"1", "\"text\"", "null", "[]", "[{}]", "true"}) {
    EXPECT_EQ(Cut(in_array(element)).reason(), "not an object") << element;
  }
}

TEST(BatchCutter, SetsAsideAnEventWithoutAUsableTimestamp) {
  const auto with = [](std::string_view timestamp) {
    return in_array("{\"sessionName\":\"s\"" + std::string(timestamp) + "}");
  };
  EXPECT_EQ(Cut(with("")).reason(), "timestamp is missing");
  EXPECT_EQ(Cut(with(R"(,"timestamp":1795400843)")).reason(), "timestamp is not a string");
  EXPECT_EQ(Cut(with(R"(,"timestamp":null)")).reason(), "timestamp is not a string");
  for (const char* text : {"", "yesterday", "2026-11-23", "2026-11-23 02:27:23Z", "2026-13-23T02:27:23Z"}) {
    EXPECT_EQ(Cut(with(R"(,"timestamp":")" + std::string(text) + "\"")).reason(), "timestamp is not RFC 3339")
        << text;
  }
  EXPECT_EQ(Cut(with(R"(,"timestamp":"2026-11-23T02:27:23+01:00")"))->events.size(), 1u);
}

TEST(BatchCutter, SetsAsideAnEventWithoutAUsableSession) {
  const auto with = [](std::string_view session) {
    return in_array(R"({"timestamp":"2026-11-23T02:27:23Z")" + std::string(session) + "}");
  };
  EXPECT_EQ(Cut(with("")).reason(), "sessionName is missing");
  EXPECT_EQ(Cut(with(R"(,"sessionName":7)")).reason(), "sessionName is not a string");
  for (const char* name : {".", "..", "a/b", "../x", "a b", "a\\u0000", "\\u00e9"}) {
    EXPECT_EQ(Cut(with(R"(,"sessionName":")" + std::string(name) + "\"")).reason(),
              "sessionName is not safe as one segment of a path")
        << name;
  }
}

TEST(BatchCutter, TakesAnEventWithoutASessionForOneOfWhicheverRuns) {
  const Cut cut(in_array(R"({"timestamp":"2026-11-23T02:27:23Z","sessionName":""})"));
  ASSERT_TRUE(cut.ok());
  ASSERT_EQ(cut->events.size(), 1u);
  EXPECT_EQ(cut->events.front().session, kNoSession);
  EXPECT_THAT(cut->sessions, testing::IsEmpty());
}

// Kubernetes counts an event up under one ID; a batch that is sent again is the same to the byte.
TEST(BatchCutter, TellsPlatformEventsOfOneIdApart) {
  const std::string once = event(R"("eventId":"a","platformEvent":{"customFields":{"count":"1"}})");
  const std::string twice = event(R"("eventId":"a","platformEvent":{"customFields":{"count":"2"}})");
  const Cut cut("[" + once + "," + twice + "," + once + "]");
  ASSERT_TRUE(cut.ok());
  ASSERT_EQ(cut->events.size(), 3u);
  EXPECT_NE(cut->events[0].id, cut->events[1].id);
  EXPECT_EQ(cut->events[0].id, cut->events[2].id);
  EXPECT_EQ(cut->events[0].id, event_id_of_line(once, EventIdSpace::good));
}

TEST(BatchCutter, KeepsTheGoodEventsOfABatchWithBadOnes) {
  const Cut cut("[" + event(R"("eventId":"a")") + ",{\"eventId\":\"b\"}," + event(R"("eventId":"c")") +
                ",3]");
  ASSERT_TRUE(cut.ok());
  ASSERT_EQ(cut->events.size(), 2u);
  EXPECT_EQ(cut->events[1].id, hash_of_event_id("c", EventIdSpace::good));
  ASSERT_EQ(cut->set_aside.size(), 2u);
  EXPECT_EQ(cut->set_aside[0].raw, "{\"eventId\":\"b\"}");
  EXPECT_EQ(cut->set_aside[0].id, hash_of_event_id("b", EventIdSpace::set_aside));
  EXPECT_EQ(cut->set_aside[1].raw, "3");
  EXPECT_FALSE(cut->set_aside[1].id);
}

TEST(BatchCutter, FindsTheJobInEachOfTheSevenPayloads) {
  for (const std::string payload :
       {"driverJobDefinitionEvent", "driverJobLifecycleEvent", "taskDefinitionEvent", "taskLifecycleEvent",
        "taskProfileEvents", "actorTaskDefinitionEvent", "actorDefinitionEvent"}) {
    EXPECT_EQ(Cut(in_array(event("\"" + payload + R"(":{"x":{"jobId":"no"},"jobId":"AQAAAA=="})"))).job(),
              "01000000")
        << payload;
  }
}

TEST(BatchCutter, ReadsNamesAsTheProtoFilesSpellThem) {
  const std::string snake =
      R"({"event_id":"a","event_type":"TASK_DEFINITION_EVENT","timestamp":"2026-11-23T02:27:23Z",)"
      R"("session_name":"s","task_definition_event":{"job_id":"AQAAAA=="}})";
  const Cut cut(in_array(snake));
  ASSERT_TRUE(cut.ok());
  EXPECT_EQ(cut.job(), "01000000");
  EXPECT_EQ(cut->events[0].raw, snake);
  EXPECT_EQ(cut->events[0].id, hash_of_event_id("a", EventIdSpace::good));
  EXPECT_EQ(cut->sessions.at(0).str(), "s");
}

TEST(BatchCutter, FindsTheJobInEachOfTheSevenPayloadsInMixedSpellings) {
  for (const std::string_view payload :
       {"driver_job_definition_event", "driver_job_lifecycle_event", "task_definition_event",
        "task_lifecycle_event", "task_profile_events", "actor_task_definition_event",
        "actor_definition_event"}) {
    for (const std::string_view job : {"job_id", "jobId"}) {
      const std::string text = fmt::format(R"("{}":{{"{}":"AQAAAA=="}})", payload, job);
      EXPECT_EQ(Cut(in_array(event(text))).job(), "01000000") << text;
    }
  }
  EXPECT_EQ(Cut(in_array(event(R"("worker_lifecycle_event":{"job_id":"AQAAAA=="})"))).job(), "");
  EXPECT_EQ(Cut(in_array(event(R"("taskDefinitionEvent":{"job_id":"AQAAAA=="})"))).job(), "01000000");
  EXPECT_EQ(Cut(in_array(event(R"("event_type":"NODE_X","taskDefinitionEvent":{"jobId":"AQAAAA=="})"))).job(),
            "");
}

TEST(BatchCutter, TakesOneEventInBothSpellingsForOne) {
  const Cut cut("[" + event(R"("eventId":"a")") + "," + event(R"("event_id":"a")") + "," +
                event(R"("event_id":"b")") + "]");
  ASSERT_TRUE(cut.ok());
  ASSERT_EQ(cut->events.size(), 3u);
  EXPECT_EQ(cut->events[0].id, cut->events[1].id);
  EXPECT_NE(cut->events[0].id, cut->events[2].id);
}

TEST(BatchCutter, LetsTheLastOfTwoSpellingsCount) {
  for (const auto& [first, second] : {std::pair{"eventId", "event_id"}, std::pair{"event_id", "eventId"}}) {
    const std::string line =
        event("\"" + std::string(first) + R"(":"a",")" + second +
              R"(":"b","taskDefinitionEvent":{"jobId":"x","job_id":"y"},"session_name":"t")");
    const Cut cut(in_array(line));
    EXPECT_EQ(cut.job(), "y");
    EXPECT_EQ(cut->sessions.at(0).str(), "t");
    EXPECT_EQ(cut->events[0].id, hash_of_event_id("b", EventIdSpace::good));
    EXPECT_EQ(event_id_of_line(line, EventIdSpace::good), hash_of_event_id("b", EventIdSpace::good));
  }
}

TEST(BatchCutter, TellsPlatformEventsOfOneIdApartInTheProtoFilesSpelling) {
  const std::string once = event(R"("event_id":"a","platform_event":{"custom_fields":{"count":"1"}})");
  const std::string twice = event(R"("event_id":"a","platform_event":{"custom_fields":{"count":"2"}})");
  const Cut cut("[" + once + "," + twice + "]");
  ASSERT_TRUE(cut.ok());
  EXPECT_NE(cut->events[0].id, cut->events[1].id);
  EXPECT_EQ(cut->events[0].id, event_id_of_line(once, EventIdSpace::good));
}

TEST(BatchCutter, TakesNoOtherSpelling) {
  EXPECT_EQ(Cut(R"([{"timestamp":"2026-11-23T02:27:23Z","session__name":"s"}])").reason(),
            "sessionName is missing");
  EXPECT_EQ(Cut(R"([{"timestamp":"2026-11-23T02:27:23Z","Session_Name":"s"}])").reason(),
            "sessionName is missing");
}

TEST(BatchCutter, TakesEventsOfOtherPayloadsForTheNodes) {
  EXPECT_EQ(Cut(in_array(event(R"("workerLifecycleEvent":{"jobId":"AQAAAA=="})"))).job(), "");
  EXPECT_EQ(Cut(in_array(event(R"("actorLifecycleEvent":{"jobId":"AQAAAA=="})"))).job(), "");
  EXPECT_EQ(Cut(in_array(event(R"("jobId":"AQAAAA==")"))).job(), "");
  EXPECT_EQ(Cut(in_array(event())).job(), "");
}

TEST(BatchCutter, TakesAnEventForTheNodesWhenItsJobIsNoName) {
  for (const char* job : {"\"\"", "7", "null", "\"../x\"", "\"a b\""}) {
    EXPECT_EQ(Cut(in_array(event(R"("taskDefinitionEvent":{"jobId":)" + std::string(job) + "}"))).job(), "")
        << job;
  }
  EXPECT_EQ(Cut(in_array(event(R"("taskDefinitionEvent":[{"jobId":"AQAAAA=="}])"))).job(), "");
}

TEST(BatchCutter, TakesNodeEventsForTheNodesWhateverTheyCarry) {
  for (const char* type : {"NODE_DEFINITION_EVENT", "NODE_LIFECYCLE_EVENT"}) {
    EXPECT_EQ(Cut(in_array(event(R"("taskDefinitionEvent":{"jobId":"AQAAAA=="},"eventType":")" +
                                 std::string(type) + "\"")))
                  .job(),
              "");
  }
}

TEST(BatchCutter, TakesOneJobInTwoWritingsForOne) {
  const Cut cut("[" + event(R"("taskDefinitionEvent":{"jobId":"AQAAAA=="})") + "," +
                event(R"("taskDefinitionEvent":{"jobId":"01000000"})") + "," +
                event(R"("taskDefinitionEvent":{"jobId":"AgAAAA=="})") + "]");
  ASSERT_TRUE(cut.ok());
  EXPECT_EQ(cut->jobs.size(), 2u);
  EXPECT_EQ(cut->events[0].job, cut->events[1].job);
  EXPECT_NE(cut->events[0].job, cut->events[2].job);
}

TEST(BatchCutter, ReadsEscapedNamesAndValues) {
  const Cut cut(R"([{"event\u0049d":"a\/b","timestamp":"2026-11-23T02:27:23\u005a","sessionName":"\u0073",)"
                R"("taskDefinitionEvent":{"job\u0049d":"A\u0051AAAA=="}}])");
  ASSERT_TRUE(cut.ok());
  EXPECT_EQ(cut.job(), "01000000");
  EXPECT_EQ(cut->sessions.at(0).str(), "s");
  EXPECT_EQ(cut->events[0].id, hash_of_event_id("a/b", EventIdSpace::good));
}

TEST(BatchCutter, LetsTheLastOfDuplicateKeysCount) {
  const Cut cut(
      in_array(event(R"("eventId":"a","eventId":"b","taskDefinitionEvent":{"jobId":"x","jobId":"y"})")));
  EXPECT_EQ(cut.job(), "y");
  EXPECT_EQ(cut->events[0].id, hash_of_event_id("b", EventIdSpace::good));
}

TEST(BatchCutter, TakesAnEventWithoutIdThatItCannotRecognise) {
  for (const char* more : {"", R"("eventId":"")", R"("eventId":7)"}) {
    const Cut cut(in_array(event(more)));
    ASSERT_EQ(cut->events.size(), 1u);
    EXPECT_FALSE(cut->events[0].id) << more;
  }
}

TEST(BatchCutter, ForgetsTheBatchBefore) {
  BatchCutter cutter;
  const std::string first = in_array(event(R"("taskDefinitionEvent":{"jobId":"AQAAAA=="})"));
  ASSERT_TRUE(cutter.cut(first));
  EXPECT_FALSE(cutter.cut("{"));
  const std::string second = R"([{"timestamp":"2026-11-23T02:27:23Z","sessionName":"other"}])";
  const Result<const CutBatch*> batch = cutter.cut(second);
  ASSERT_TRUE(batch);
  EXPECT_EQ((*batch)->events.size(), 1u);
  EXPECT_TRUE((*batch)->jobs.empty());
  EXPECT_EQ((*batch)->sessions.at((*batch)->events[0].session).str(), "other");
}

// What Ray sent, cut here and by simdjson, whose parser shares nothing with ours.
TEST(BatchCutter, CutsRecordedBatchesAsSimdjsonDoes) {
  size_t events = 0;
  BatchCutter cutter;
  for (const auto& file : std::filesystem::directory_iterator(RECORDED_BATCHES)) {
    const simdjson::padded_string body = simdjson::padded_string::load(file.path().string());
    const Result<const CutBatch*> batch = cutter.cut(std::string_view(body));
    ASSERT_TRUE(batch) << file.path();
    EXPECT_TRUE((*batch)->set_aside.empty());
    EXPECT_EQ((*batch)->sessions.size(), 1u);
    simdjson::ondemand::parser parser;
    simdjson::ondemand::document document = parser.iterate(body);
    size_t index = 0;
    for (auto element : document.get_array()) {
      ASSERT_LT(index, (*batch)->events.size());
      const CutEvent& cut = (*batch)->events[index++];
      const std::string_view raw = simdjson::to_json_string(element);
      EXPECT_EQ(cut.raw, raw.substr(0, raw.rfind('}') + 1));
      const simdjson::padded_string alone(raw);
      simdjson::ondemand::parser inner;
      simdjson::ondemand::document event = inner.iterate(alone);
      EXPECT_EQ(cut.id, hash_of_event_id(event["eventId"].get_string().value(), EventIdSpace::good));
    }
    EXPECT_EQ(index, (*batch)->events.size()) << file.path();
    events += index;
  }
  EXPECT_EQ(events, 67u);
}

TEST(EventIdOfLine, ReadsWhatTheCutterRead) {
  EXPECT_EQ(event_id_of_line(event(R"("eventId":"a")"), EventIdSpace::good),
            hash_of_event_id("a", EventIdSpace::good));
  EXPECT_EQ(event_id_of_line(R"({"reason":"r","receivedAt":"t","event":{"x":1,"eventId":"a"}})",
                             EventIdSpace::set_aside),
            hash_of_event_id("a", EventIdSpace::set_aside));
  EXPECT_EQ(event_id_of_line(event(R"("event_id":"a")"), EventIdSpace::good),
            hash_of_event_id("a", EventIdSpace::good));
  EXPECT_EQ(event_id_of_line(R"({"reason":"r","receivedAt":"t","event":{"event_id":"a"}})",
                             EventIdSpace::set_aside),
            hash_of_event_id("a", EventIdSpace::set_aside));
  EXPECT_FALSE(event_id_of_line(R"({"reason":"r","event":7})", EventIdSpace::set_aside));
  EXPECT_FALSE(event_id_of_line(event(), EventIdSpace::good));
  EXPECT_FALSE(event_id_of_line(R"({"eventId":"a")", EventIdSpace::good));
  EXPECT_FALSE(event_id_of_line(std::string(100, '\0'), EventIdSpace::good));
}

}  // namespace
}  // namespace rayhistory::collector
