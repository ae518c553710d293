#include "historyserver/logs/log_answer.h"

#include <functional>
#include <iterator>
#include <set>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include "historyserver/state/job_sources.h"
#include "historyserver/state/session_builder.h"
#include "testing/manual_clock.h"
#include "testing/memory_store.h"

namespace rayhistory::historyserver {
namespace {

using namespace std::string_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;
using testing::UnorderedElementsAre;

constexpr const char* kHead = "aa01";
constexpr const char* kWorkerNode = "bb02";
constexpr int64_t kSecond = 1'000'000'000;

struct Answer {
  int status = 0;
  std::string body;
  std::string content_type;
  std::vector<std::pair<std::string, std::string>> headers;
  std::optional<uint64_t> announced_size;
};

class LogAnswerTest : public testing::Test {
 protected:
  LogAnswerTest() {
    for (const char* node : {kHead, kWorkerNode}) {
      Node known;
      known.node_id = node;
      known.ip_address = node == kHead ? "10.0.0.1" : "10.0.0.2";
      known.start_time = 1;
      state_.nodes.push_back(known);
    }
  }

  void put(std::string_view node, std::string_view path, std::string content) {
    store_.set(session_.prefix + std::string(node) + "/logs/" + std::string(path), std::move(content));
  }

  std::optional<Response> respond(const std::string& path, const std::string& query) {
    const auto listing = list_session(store_, session_, Deadline::never());
    EXPECT_TRUE(listing);
    if (before_answer_) before_answer_();
    return answer_logs({.path = path, .query = Query::parse(query)},
                       {.listing = *listing, .state = state_, .store = store_, .clock = clock_},
                       Deadline::never());
  }

  Answer ask(const std::string& path, const std::string& query = "") {
    std::optional<Response> response = respond(path, query);
    EXPECT_TRUE(response) << path;
    if (!response) return {};
    Answer answer{.status = response->status,
                  .body = std::move(response->body),
                  .content_type = std::move(response->content_type),
                  .headers = std::move(response->headers),
                  .announced_size = response->pieces_size};
    while (response->pieces) {
      const auto piece = response->pieces->next();
      EXPECT_TRUE(piece);
      if (!piece || piece->empty()) break;
      answer.body += *piece;
    }
    EXPECT_EQ(answer.announced_size.value_or(answer.body.size()), answer.body.size());
    return answer;
  }
  Answer file(const std::string& query) { return ask("/api/v0/logs/file", query); }
  // Of the head.
  std::string text(const std::string& query) {
    const Answer answer = file("node_id="s + kHead + "&" + query);
    EXPECT_EQ(answer.status, 200) << answer.body;
    return answer.body;
  }

  TaskAttempt& add_task(std::string_view id, uint32_t attempt = 0) {
    TaskAttempt task;
    task.task_id = id;
    task.attempt = attempt;
    task.type = TaskType::normal_task;
    task.status = TaskStatus::finished;
    task.node_id = kWorkerNode;
    task.worker_id = "0a0a";
    state_.attempts.push_back(task);
    return state_.attempts.back();
  }
  // As add_task, with a range of the worker's standard output.
  TaskAttempt& add_output(std::string_view id, int64_t start, int64_t end, int64_t began = 0,
                          int64_t ended = 0) {
    TaskAttempt& task = add_task(id);
    task.stdout_file = "/tmp/ray/session_1/logs/worker-0a0a-01000000-70.out";
    task.stderr_file = "/tmp/ray/session_1/logs/worker-0a0a-01000000-70.err";
    task.stdout_start = start;
    task.stdout_end = end;
    task.reached[static_cast<size_t>(TaskStatus::running)] = began;
    task.reached[static_cast<size_t>(TaskStatus::finished)] = ended;
    return task;
  }

  MemoryStore store_;
  ManualClock clock_;
  SessionState state_;
  std::function<void()> before_answer_;
  const StoredSession session_{
      .place = {.name_space = *DnsName::parse("ns"), .cluster = *DnsName::parse("c"), .owner = {}},
      .name = *SessionName::parse("session_1"),
      .prefix = "root/cluster-history/raycluster/ns/c/session_1/"};
};

// --- which paths ---

TEST_F(LogAnswerTest, AnswersItsOwnPathsAlone) {
  for (const char* path : {"/", "/api/v0/tasks", "/api/v0/logsx", "/api/jobs/", "/api/jobs/x",
                           "/api/jobs//logs", "/api/jobs/x/logs/tail"})
    EXPECT_FALSE(respond(path, "")) << path;
  EXPECT_EQ(ask("/api/v0/logs").status, 400);
  EXPECT_EQ(ask("/api/v0/logs/").status, 400);
  EXPECT_EQ(ask("/api/v0/logs/bogus", "node_id=aa01&filename=x").body,
            "Invalid media type: bogus (must be file or stream)");
  EXPECT_EQ(ask("/api/v0/logs/bogus", "node_id=aa01&filename=x").status, 400);
  EXPECT_EQ(ask("/api/v0/logs/file/x", "node_id=aa01&filename=x").status, 400);
}

// --- the list ---

class LogListTest : public LogAnswerTest {
 protected:
  LogListTest() {
    for (const char* path : {"raylet.out", "raylet.err", "events/event_RAYLET.log", "events/old/x.log",
                             "worker-0a-01000000-7.out", "gcs_server.out", "marker/"})
      put(kHead, path, "x");
    put(kWorkerNode, "raylet.out", "x");
  }
  std::string list(const std::string& query) {
    const Answer answer = ask("/api/v0/logs", query);
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(answer.content_type, "application/json; charset=utf-8");
    return answer.body;
  }
};

TEST_F(LogListTest, HasEachNameByItsComponentAndFoldersWithASlash) {
  EXPECT_EQ(list("node_id=aa01"),
            R"({"result": true, "msg": "", "data": {"result": {"gcs_server": ["gcs_server.out"], )"
            R"("internal": ["events/", "marker/"], "raylet": ["raylet.err", "raylet.out"], )"
            R"("worker_out": ["worker-0a-01000000-7.out"]}}})");
  EXPECT_EQ(list("node_ip=10.0.0.2"),
            R"({"result": true, "msg": "", "data": {"result": {"raylet": ["raylet.out"]}}})");
}

TEST_F(LogListTest, GivesPathsBelowTheLogsFolderThatAFilenameCanBe) {
  EXPECT_THAT(list("node_id=aa01&glob=events/*"),
              HasSubstr(R"({"internal": ["events/event_RAYLET.log", "events/old/"]})"));
  EXPECT_THAT(list("node_id=aa01&glob=**/*.log"),
              HasSubstr(R"({"internal": ["events/event_RAYLET.log", "events/old/x.log"]})"));
  EXPECT_THAT(list("node_id=aa01&glob=*%2F"), HasSubstr(R"({"internal": ["events/", "marker/"]})"));
  EXPECT_THAT(list("node_id=aa01&glob=nothing*"), HasSubstr(R"("result": {})"));
  EXPECT_EQ(text("filename=events/event_RAYLET.log"), "x");
  EXPECT_EQ(file("node_id=aa01&filename=event_RAYLET.log").status, 410);
}

// Percent-encoded as a client's library does it.
std::string encoded(std::string_view text) {
  std::string result;
  for (const char c : text)
    result += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  return result;
}

std::vector<std::string> names_in(const std::string& answer) {
  simdjson::dom::parser parser;
  std::vector<std::string> names;
  simdjson::dom::object categories;
  EXPECT_EQ(parser.parse(answer)["data"]["result"].get(categories), simdjson::SUCCESS) << answer;
  for (const auto& [category, members] : categories) {
    for (const simdjson::dom::element name : members.get_array())
      names.emplace_back(name.get_string().value());
  }
  return names;
}

TEST_F(LogListTest, HasAGenerationOnceThatIsStoredUnderTwoNames) {
  put(kHead, "raylet.out.1", "younger generation");
  put(kHead, "raylet.out.2", "older one");
  put(kHead, "raylet.out.3", "stored under this name alone");
  put(kHead, "raylet.err.1", "a generation of another log");
  put(kHead, "raylet.rotated.100-1.out", "older one");
  put(kHead, "raylet.rotated.200-2.out", "younger generation");
  put(kHead, "serve/replica.log.1", "a replica's");
  put(kHead, "serve/replica.rotated.100-3.log", "a replica's");
  EXPECT_THAT(names_in(list("node_id=aa01&glob=raylet*")),
              ElementsAre("raylet.err", "raylet.err.1", "raylet.out", "raylet.out.3",
                          "raylet.rotated.100-1.out", "raylet.rotated.200-2.out"));
  EXPECT_THAT(names_in(list("node_id=aa01&glob=serve/*")), ElementsAre("serve/replica.rotated.100-3.log"));
  // Someone who knows the name on the disk finds the log by it.
  EXPECT_THAT(names_in(list("node_id=aa01&glob=raylet.out.2")), ElementsAre("raylet.out.2"));
  EXPECT_EQ(text("filename=raylet.out.2"), "older one");
}

// Whatever a file may be named on Linux.
TEST_F(LogListTest, GivesEachNameAsAFilenameCanBe) {
  const std::string odd[] = {"a\\b.log",
                             "..\\x.log",
                             "a..b.log",
                             "a/b..c/..d",
                             "%2e%2e",
                             "%2e%2e%2fx.log",
                             "..%5c",
                             "100%.log",
                             "%FF.log",
                             "%25FF.log",
                             "a\x01\x1f\x7f.log",
                             "line\nbreak.log",
                             "\r\nSet-Cookie: a=b",
                             "-rf",
                             "a b+c&d=e?f#g;h.log",
                             "\"quoted\".log",
                             "*.[ab]{c,d}?",
                             "latin1-\xfc\xe4.log",
                             "\xff",
                             "%\xff%41",
                             "overlong-\xc0\xae\xc0\xae",
                             "surrogate-\xed\xa0\x80",
                             "folder\xfe/inner\xff.log",
                             "folder\\/inner.log",
                             std::string(255, 'n'),
                             std::string(255, '\xff'),
                             std::string(255, 'd') + "/" + std::string(255, 'e') + "/" +
                                 std::string(255, 'f') + "/" + std::string(255, 'g') + "/long.log"};
  for (const std::string& name : odd)
    put("ee05", name, "content of " + name);
  const std::vector<std::string> listed = names_in(list("node_id=ee05&glob=**"));
  std::set<std::string> read;
  for (const std::string& name : listed) {
    if (name.ends_with('/')) continue;
    const Answer answer = file("node_id=ee05&filename=" + encoded(name));
    EXPECT_EQ(answer.status, 200) << name << ": " << answer.body;
    EXPECT_TRUE(read.insert(answer.body).second) << name;
    // A folder's names are found by their folder, as Ray's page asks for them.
    // A glob has at most 1,024 bytes: "**" finds what is deeper.
    if (const size_t slash = name.rfind('/'); slash < 1000 && name.find('*') == std::string::npos) {
      EXPECT_THAT(names_in(list("node_id=ee05&glob=" + encoded(name.substr(0, slash) + "/*"))),
                  testing::Contains(name));
    }
  }
  EXPECT_EQ(read.size(), std::size(odd));
  for (const std::string& name : odd)
    EXPECT_TRUE(read.contains("content of " + name)) << name;
}

TEST_F(LogAnswerTest, ReadsTheLogOfASubmissionWhateverItsId) {
  for (const std::string& id : {"a\\b"s, "a..b"s, "..\\x"s, "a\xff"s, "%FF"s, "%2e"s, "-x"s, "a\nb"s}) {
    SessionBuilder builder;
    const std::string path = "aa01/logs/job-driver-" + id + ".log";
    add_job_of_log_file(builder, path);
    const auto built = *builder.build(Deadline::never());  // has the texts
    state_.jobs = built->jobs;
    ASSERT_EQ(state_.jobs.size(), 1u);
    const std::string shown(state_.jobs[0].submission_id);
    put(kHead, "job-driver-" + id + ".log", "log of it");
    EXPECT_EQ(file("submission_id=" + encoded(shown)).body, "log of it") << shown;
    EXPECT_EQ(ask("/api/jobs/" + shown + "/logs").body, R"({"logs": "log of it"})") << shown;
  }
}

TEST_F(LogListTest, SaysWhatIsWrongInTheEnvelope) {
  const auto message = [&](const std::string& query, int status) {
    const Answer answer = ask("/api/v0/logs", query);
    EXPECT_EQ(answer.status, status) << query;
    EXPECT_THAT(answer.body, testing::StartsWith(R"({"result": false, "msg": ")"));
    EXPECT_THAT(answer.body, testing::EndsWith(R"(", "data": {"result": null}})"));
    return answer.body;
  };
  // As Ray words them.
  EXPECT_THAT(message("", 400),
              HasSubstr("Both node id and node ip are not provided. Please provide at least one of them."));
  EXPECT_THAT(message("node_ip=1.2.3.4", 404),
              HasSubstr("Cannot find matching node_id for a given node ip 1.2.3.4"));
  EXPECT_THAT(message("node_id=dead", 410),
              HasSubstr("Cannot find a node with ID dead in session session_1"));
  for (const char* node : {"..", "../aa01", "aa01/..", "AA01", "aa01/", "aa01%00", "aa01%5C..", "."})
    message("node_id="s + node, 400);
  for (const char* glob : {"../*", "/etc/*", "a/../b", "..", "a%00b"})
    message("node_id=aa01&glob="s + glob, 400);
}

TEST_F(LogListTest, KnowsANodeThatOnlyEventsOrOnlyObjectsTellOf) {
  Node silent;
  silent.node_id = "cc03";
  state_.nodes.push_back(silent);
  EXPECT_THAT(list("node_id=cc03"), HasSubstr(R"("result": {})"));
  put("dd04", "raylet.out", "x");
  EXPECT_THAT(list("node_id=dd04"), HasSubstr("raylet.out"));
}

TEST_F(LogListTest, TakesOfTheNodesOfAnAddressTheOneThatLivedLast) {
  Node restarted = state_.nodes[1];
  restarted.node_id = "cc03";
  restarted.start_time = 2;
  state_.nodes.push_back(restarted);
  put("cc03", "newer.log", "x");
  EXPECT_THAT(list("node_ip=10.0.0.2"), HasSubstr("newer.log"));
  state_.nodes.back().is_alive = false;
  EXPECT_THAT(list("node_ip=10.0.0.2"), HasSubstr("raylet.out"));
}

// --- a file ---

TEST_F(LogAnswerTest, GivesAFileAsItIsStored) {
  const std::string bytes = "\x1b[31mred\x1b[0m\r\n\0\xff\n\n no end"s;
  put(kHead, "x.log", bytes);
  const Answer answer = file("node_id=aa01&filename=x.log");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, bytes);
  EXPECT_EQ(answer.announced_size, bytes.size());
  EXPECT_EQ(answer.content_type, "text/plain");
  EXPECT_THAT(answer.headers,
              UnorderedElementsAre(Pair("Content-Disposition", "attachment; filename=\"file.txt\""),
                                   Pair("X-Content-Type-Options", "nosniff")));
  EXPECT_EQ(file("node_ip=10.0.0.1&filename=x.log").body, bytes);
  EXPECT_EQ(file("node_ip=10.0.0.2&filename=x.log").status, 410);
}

TEST_F(LogAnswerTest, GivesTheLastLinesThatAreAskedFor) {
  std::string all;
  for (int i = 0; i < 60'000; ++i)
    all += "line " + std::to_string(i) + "\n";
  put(kHead, "x.log", all);
  EXPECT_EQ(text("filename=x.log&lines=2"), "line 59998\nline 59999\n");
  EXPECT_EQ(text("filename=x.log&lines=-1"), all);
  EXPECT_EQ(text("filename=x.log&lines=50000"), all.substr(all.find("line 10000\n")));
  EXPECT_EQ(text("filename=x.log&lines=60001"), all);
  const std::string thousand = all.substr(all.find("line 59000\n"));
  EXPECT_EQ(text("filename=x.log"), thousand);
  EXPECT_EQ(text("filename=x.log&lines="), thousand);
  // Ray's own reading of 0.
  EXPECT_EQ(text("filename=x.log&lines=0"), thousand);
}

TEST_F(LogAnswerTest, GivesLinesOfAnyLength) {
  const std::string bar = std::string(1024 * 1024, '#') + "\r" + std::string(1024 * 1024, '.');
  put(kHead, "x.log", "before\n" + bar + "\nafter");
  EXPECT_EQ(text("filename=x.log&lines=2"), bar + "\nafter");
  EXPECT_EQ(text("filename=x.log&lines=2&filter_ansi_code=true"), bar + "\nafter");
}

TEST_F(LogAnswerTest, TakesColoursOutWhereItIsAsked) {
  // Across the borders of reads, forwards and backwards.
  std::string coloured;
  std::string plain;
  while (coloured.size() < 3'500'000) {
    coloured += "\x1b[1;31mERROR\x1b[0m something\r\n";
    plain += "ERROR something\r\n";
  }
  put(kHead, "x.log", coloured);
  for (const char* yes : {"true", "True", "1"})
    EXPECT_EQ(text("filename=x.log&lines=-1&filter_ansi_code="s + yes), plain);
  EXPECT_EQ(text("filename=x.log&lines=130000&filter_ansi_code=true"), plain);
  EXPECT_EQ(text("filename=x.log&lines=-1&filter_ansi_code=false"), coloured);
  EXPECT_FALSE(file("node_id=aa01&filename=x.log&filter_ansi_code=true").announced_size);
}

TEST_F(LogAnswerTest, ReadsOnlyTheEndOfALargeObject) {
  put(kHead, "x.log", std::string(5'000'000, '\n') + "last\n");
  EXPECT_EQ(text("filename=x.log&lines=1"), "last\n");
  EXPECT_EQ(store_.calls(StoreCall::get), 1u);
}

TEST_F(LogAnswerTest, StreamsTheTailAndEnds) {
  put(kHead, "x.log", "a\nb\n");
  const Answer answer = ask("/api/v0/logs/stream", "node_id=aa01&filename=x.log&lines=1&interval=0.5");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "b\n");
}

TEST_F(LogAnswerTest, MayBeAnEmptyFile) {
  put(kHead, "x.log", "");
  const Answer answer = file("node_id=aa01&filename=x.log");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "");
  EXPECT_EQ(answer.announced_size, 0u);
}

TEST_F(LogAnswerTest, NamesTheDownload) {
  put(kHead, "x.log", "x");
  const auto disposition = [&](const std::string& name) {
    return file("node_id=aa01&filename=x.log&lines=-1&download_filename=" + name).headers.at(0).second;
  };
  EXPECT_EQ(disposition("raylet.out"), "attachment; filename=\"raylet.out\"");
  EXPECT_EQ(disposition("a%22b%5Cc"), "attachment; filename=\"a\\\"b\\\\c\"");
  EXPECT_EQ(disposition("%C3%BC%20x.log"),
            "attachment; filename=\"_ x.log\"; filename*=UTF-8''%C3%BC%20x.log");
  for (const char* name : {"a%0D%0ASet-Cookie:x", "a%00", "%FF", "%E2%80%A8"})
    EXPECT_EQ(file("node_id=aa01&filename=x.log&download_filename="s + name).status, 400) << name;
  EXPECT_EQ(file("node_id=aa01&filename=x.log&download_filename=" + std::string(256, 'a')).status, 400);
}

TEST_F(LogAnswerTest, RefusesEveryFormOfTraversal) {
  put(kHead, "x.log", "x");
  store_.set("root/secret", "secret");
  for (const char* name : {"../x.log",
                           "../../bb02/logs/raylet.out",
                           "a/../x.log",
                           "/etc/passwd",
                           "%2Fetc%2Fpasswd",
                           "..",
                           ".",
                           "./x.log",
                           "a//x.log",
                           "x.log/",
                           "/",
                           "%2e%2e/x.log",
                           "%252e%252e%252fx.log",
                           "..%5Cx.log",
                           "a%5Cx.log",
                           "x.log%00",
                           "%00",
                           "x.log%00.txt",
                           "%C0%AE%C0%AE/x.log",
                           "..%2F..%2Fx.log",
                           "events/../../x.log",
                           "..%00/x.log"}) {
    const Answer answer = file("node_id=aa01&filename="s + name);
    EXPECT_EQ(answer.status, 400) << name;
    EXPECT_THAT(answer.body, HasSubstr("invalid path: ")) << name;
  }
  for (const char* node : {"..", "../..", "aa01/../bb02", ".", "aa01%2F", "aa01%00", "%5C", "AA01", "zz"})
    EXPECT_EQ(file("filename=x.log&node_id="s + node).status, 400) << node;
  for (const char* submission : {"../x", "a/b", "..%2Fx", "%00", "a%5Cb"})
    EXPECT_EQ(file("node_id=aa01&submission_id="s + submission).status, 400) << submission;
}

TEST_F(LogAnswerTest, SaysWhichParameterIsWrong) {
  put(kHead, "x.log", "x");
  const auto refused = [&](const std::string& query) {
    const Answer answer = file(query);
    EXPECT_EQ(answer.status, 400) << query;
    EXPECT_EQ(answer.content_type, "text/plain; charset=utf-8");
    return answer.body;
  };
  EXPECT_THAT(refused(""),
              HasSubstr("None of actor_id, task_id, pid, submission_id or filename is provided"));
  EXPECT_THAT(refused("node_id=aa01"), HasSubstr("None of actor_id"));
  EXPECT_THAT(refused("filename=x.log"), HasSubstr("node_id or node_ip must be provided"));
  EXPECT_THAT(refused("pid=7"), HasSubstr("node_id or node_ip must be provided"));
  EXPECT_THAT(refused("filename=x.log&node_id=aa01&node_ip=10.0.0.1"),
              HasSubstr("Both node_id and node_ip are given"));
  EXPECT_EQ(refused("filename=x.log&node_id=aa01&lines=many"),
            "invalid lines: \"many\" (must be a number of lines, or -1 for all)");
  for (const char* lines : {"-2", "1.5", "99999999999999999999", "+1", "0x10", "1%20"})
    EXPECT_THAT(refused("filename=x.log&node_id=aa01&lines="s + lines), HasSubstr("invalid lines")) << lines;
  EXPECT_EQ(refused("filename=x.log&node_id=aa01&suffix=log"),
            "invalid suffix: \"log\" (must be out or err)");
  EXPECT_THAT(refused("task_id=ab&attempt_number=-1"), HasSubstr("invalid attempt_number"));
  for (const char* timeout : {"invalid", "-1", "1.5", "99999999999999999999"})
    EXPECT_THAT(refused("filename=x.log&node_id=aa01&timeout="s + timeout), HasSubstr("invalid timeout"));
  EXPECT_THAT(refused("pid=abc&node_id=aa01"), HasSubstr("invalid pid"));
  EXPECT_THAT(refused("filename=x.log&node_id=aa01&filter_ansi_code=maybe"),
              HasSubstr("invalid filter_ansi_code"));
}

TEST_F(LogAnswerTest, SaysWhatIsNotThere) {
  const auto missing = [&](const std::string& query) {
    const Answer answer = file(query);
    EXPECT_EQ(answer.status, 410) << query;
    return answer.body;
  };
  EXPECT_EQ(missing("node_id=aa01&filename=nope.out"), "A file is not found at: aa01/logs/nope.out");
  EXPECT_EQ(missing("node_ip=1.2.3.4&filename=x.log"),
            "Cannot find matching node_id for a given node ip 1.2.3.4");
  EXPECT_EQ(missing("node_id=dead&filename=x.log"), "Cannot find a node with ID dead in session session_1");
  EXPECT_THAT(missing("node_id=aa01&pid=7"), HasSubstr("pid 7"));
  EXPECT_THAT(missing("submission_id=raysubmit_x"), HasSubstr("raysubmit_x"));
}

TEST_F(LogAnswerTest, TellsAFailingStoreFromAnEmptyLog) {
  put(kHead, "x.log", std::string(2'000'000, 'x'));
  put(kHead, "y.log", "");
  store_.fail_always(Error{ErrorKind::retry, "HTTP 500"}, StoreCall::get);
  EXPECT_EQ(file("node_id=aa01&filename=x.log").status, 503);
  EXPECT_EQ(file("node_id=aa01&filename=x.log&lines=-1").status, 503);
  EXPECT_EQ(file("node_id=aa01&filename=y.log").status, 200);
  store_.recover();
  // Removed, or rotated, between the listing and the answer.
  before_answer_ = [&] {
    ASSERT_TRUE(store_.remove(session_.prefix + "aa01/logs/x.log", Deadline::never()));
  };
  EXPECT_EQ(file("node_id=aa01&filename=x.log").status, 410);
  before_answer_ = nullptr;
  put(kHead, "x.log", "long enough");
  before_answer_ = [&] { put(kHead, "x.log", "short"); };
  EXPECT_EQ(file("node_id=aa01&filename=x.log").status, 503);
}

// --- whose it is ---

TEST_F(LogAnswerTest, TakesTheFirstSourceInRaysOrder) {
  Actor actor;
  actor.actor_id = "ac";
  actor.node_id = kHead;
  actor.worker_id = "0b";
  state_.actors.push_back(actor);
  add_output("ta", 0, 4);
  put(kHead, "worker-0b-01000000-8.out", "actor");
  put(kWorkerNode, "worker-0a0a-01000000-70.out", "task and more");
  put(kHead, "job-driver-sub.log", "submission");
  put(kHead, "worker-0c-01000000-9.out", "pid");
  put(kHead, "x.log", "filename");
  std::string query = "node_id=aa01&filename=x.log";
  EXPECT_EQ(file(query).body, "filename");
  EXPECT_EQ(file(query += "&pid=9").body, "pid");
  EXPECT_EQ(file(query += "&submission_id=sub").body, "submission");
  EXPECT_EQ(file(query += "&task_id=TA").body, "task");
  EXPECT_EQ(file(query += "&actor_id=AC").body, "actor");
  EXPECT_EQ(file("actor_id=&task_id=&submission_id=&pid=&node_id=aa01&filename=x.log").body, "filename");
}

TEST_F(LogAnswerTest, FindsAWorkersLogByItsProcess) {
  put(kHead, "worker-0a-ffffffff-70.out", "out");
  put(kHead, "worker-0a-ffffffff-70.err", "err");
  put(kHead, "worker-0b-01000000-170.out", "another");
  put(kHead, "python-core-worker-0a_70.log", "core");
  put(kHead, "old/worker-0a-01000000-71.out", "in a folder");
  put(kWorkerNode, "worker-0c-01000000-70.out", "other node");
  EXPECT_EQ(text("pid=70"), "out");
  EXPECT_EQ(text("pid=70&suffix=err"), "err");
  EXPECT_EQ(file("node_ip=10.0.0.2&pid=70").body, "other node");
  EXPECT_EQ(file("node_id=aa01&pid=71").status, 410);
  EXPECT_EQ(file("node_id=aa01&pid=7").status, 410);
}

TEST_F(LogAnswerTest, FindsAnActorsLogAndThatOfAnEarlierLifeWhereTheLastHasNone) {
  Actor actor;
  actor.actor_id = "ac";
  actor.node_id = kHead;
  actor.worker_id = "03";
  for (const auto& [node, worker] :
       {std::pair(kWorkerNode, "01"), std::pair(kWorkerNode, "02"), std::pair(kHead, "03")}) {
    ActorTransition alive;
    alive.state = "ALIVE";
    alive.node_id = node;
    alive.worker_id = worker;
    ActorTransition restarting;
    restarting.state = "RESTARTING";
    if (!actor.transitions.empty()) actor.transitions.push_back(restarting);
    actor.transitions.push_back(alive);
  }
  state_.actors.push_back(actor);
  EXPECT_EQ(file("actor_id=ac").status, 410);
  put(kWorkerNode, "worker-01-01000000-5.out", "first");
  EXPECT_EQ(file("actor_id=ac").body, "first");
  put(kWorkerNode, "worker-02-01000000-6.out", "second");
  EXPECT_EQ(file("actor_id=ac").body, "second");
  put(kHead, "worker-03-ffffffff-7.out", "third");
  EXPECT_EQ(file("actor_id=ac").body, "third");
  EXPECT_EQ(file("actor_id=ac&suffix=err").status, 410);
  put(kWorkerNode, "worker-01-01000000-5.err", "first error");
  EXPECT_EQ(file("actor_id=ac&suffix=err").body, "first error");

  EXPECT_EQ(file("actor_id=ff").status, 400);
  EXPECT_EQ(file("actor_id=ff").body, "Actor ID ff not found.");
  Actor pending;
  pending.actor_id = "ad";
  state_.actors.push_back(pending);
  EXPECT_EQ(file("actor_id=ad").status, 400);
}

// Ray up to 2.57 sends no event that names the worker.
TEST_F(LogAnswerTest, FindsTheLogOfAnActorThatDiedInItsConstructorByItsProcess) {
  Actor actor;
  actor.actor_id = "ac";
  actor.job_id = "01000000";
  actor.state = "DEAD";
  actor.pid = 70;
  actor.ip_address = "10.0.0.2";
  state_.actors.push_back(actor);
  const auto message = [&] { return file("actor_id=ac").body; };
  EXPECT_EQ(file("actor_id=ac").status, 410);
  put(kHead, "worker-0a-01000000-70.out", "of another node");
  put(kWorkerNode, "worker-0a-02000000-70.out", "of another job");
  put(kWorkerNode, "worker-0b-01000000-7.out", "of another process");
  EXPECT_EQ(message(), "Could not find a log file with suffix out of actor ac");
  put(kWorkerNode, "worker-0c-01000000-70.err", "the constructor's error");
  EXPECT_EQ(file("actor_id=ac").status, 410);
  EXPECT_EQ(file("actor_id=ac&suffix=err").body, "the constructor's error");
  put(kWorkerNode, "worker-0c-01000000-70.out", "'s log\n");
  put(kWorkerNode, "worker-0c-01000000-70.rotated.20-3.out", "the constructor");
  EXPECT_EQ(message(), "the constructor's log\n");

  // The process ID was used again, and nothing says which of the two was the actor's.
  put(kWorkerNode, "worker-0d-ffffffff-70.out", "before or after");
  EXPECT_EQ(file("actor_id=ac").status, 410);
}

TEST_F(LogAnswerTest, TakesTheLogOfAConstructorFromAWorkerThatHadNoJobYet) {
  Actor actor;
  actor.actor_id = "ac";
  actor.job_id = "01000000";
  actor.pid = 70;
  actor.ip_address = "10.0.0.2";
  state_.actors.push_back(actor);
  put(kWorkerNode, "worker-0d-ffffffff-70.out", "the constructor's log");
  EXPECT_EQ(file("actor_id=ac").body, "the constructor's log");
}

TEST_F(LogAnswerTest, FindsASubmissionsLogOnItsDriversNodeOrAnyOther) {
  put(kHead, "job-driver-sub.log", "head");
  put(kWorkerNode, "job-driver-sub.log", "worker");
  EXPECT_EQ(file("submission_id=sub").body, "head");
  Job job;
  job.submission_id = "sub";
  job.driver_node_id = kWorkerNode;
  state_.jobs.push_back(job);
  EXPECT_EQ(file("submission_id=sub").body, "worker");
  EXPECT_EQ(file("submission_id=sub&node_id=aa01").body, "worker");
}

TEST_F(LogAnswerTest, GoesOnInRotatedGenerationsOfWhatItFound) {
  put(kHead, "worker-0a-01000000-70.out", "e\nf\n");
  put(kHead, "worker-0a-01000000-70.rotated.100-9.out", "c\nd\n");
  put(kHead, "worker-0a-01000000-70.rotated.20-3.out", "a\nb\n");
  put(kHead, "worker-0a-01000000-70.rotated.30-3.err", "other\n");
  EXPECT_EQ(text("pid=70&lines=1"), "f\n");
  EXPECT_EQ(text("pid=70&lines=3"), "d\ne\nf\n");
  EXPECT_EQ(text("pid=70&lines=5"), "b\nc\nd\ne\nf\n");
  EXPECT_EQ(text("pid=70&lines=-1"), "a\nb\nc\nd\ne\nf\n");
  // A name means that one file.
  EXPECT_EQ(text("filename=worker-0a-01000000-70.out&lines=-1"), "e\nf\n");
  EXPECT_EQ(text("filename=worker-0a-01000000-70.rotated.100-9.out&lines=-1"), "c\nd\n");
  EXPECT_EQ(text("pid=70&suffix=err"), "other\n");
}

// --- tasks ---

TEST_F(LogAnswerTest, CutsATasksOutputOutOfItsWorkersLog) {
  put(kWorkerNode, "worker-0a0a-01000000-70.out",
      ":job_id:01000000\n:task_name:f      \nhello from task 1\nhello from task 2\n");
  add_output("01", 36, 54);
  add_output("02", 54, 54);
  EXPECT_EQ(file("task_id=01").body, "hello from task 1\n");
  EXPECT_EQ(file("task_id=01&lines=-1").body, "hello from task 1\n");
  const Answer silent = file("task_id=02");
  EXPECT_EQ(silent.status, 200);
  EXPECT_EQ(silent.body, "");
}

TEST_F(LogAnswerTest, GivesTheLastLinesOfATasksOutput) {
  put(kWorkerNode, "worker-0a0a-01000000-70.out", "before\na\nb\nc\nafter\n");
  add_output("01", 7, 13);
  EXPECT_EQ(file("task_id=01&lines=2").body, "b\nc\n");
  EXPECT_EQ(file("task_id=01&lines=20").body, "a\nb\nc\n");
}

TEST_F(LogAnswerTest, KnowsTheAttemptsOfATask) {
  put(kWorkerNode, "worker-0a0a-01000000-70.out", "first\nsecond\n");
  add_output("01", 0, 6);
  add_output("01", 6, 13).attempt = 1;
  EXPECT_EQ(file("task_id=01").body, "first\n");
  EXPECT_EQ(file("task_id=01&attempt_number=1").body, "second\n");
  EXPECT_EQ(file("task_id=01&attempt_number=2").status, 400);
  EXPECT_EQ(file("task_id=01&attempt_number=2").body, "Could not find log file for task attempt: 01(2)");
  EXPECT_EQ(file("task_id=00").status, 400);
}

TEST_F(LogAnswerTest, TellsStandardErrorFromOutput) {
  put(kWorkerNode, "worker-0a0a-01000000-70.err", "xxerr\nyy");
  TaskAttempt& task = add_output("01", 0, 4);
  task.stderr_start = 2;
  task.stderr_end = 6;
  EXPECT_EQ(file("task_id=01&suffix=err").body, "err\n");
  EXPECT_EQ(file("task_id=01").status, 410);
}

// Ray up to 2.57 sends no more than that of some tasks.
TEST_F(LogAnswerTest, ATaskOfWhichOnlyTheEndIsKnownBeginsWhereTheOneBeforeEnded) {
  put(kWorkerNode, "worker-0a0a-01000000-70.out", ":job_id:01\n:task_name:f\none\n:task_name:g\ntwo\nrest\n");
  add_task("01").stdout_end = 28;
  add_task("02").stdout_end = 45;
  add_task("03").stdout_end = 0;
  EXPECT_EQ(file("task_id=01").body, ":job_id:01\n:task_name:f\none\n");
  EXPECT_EQ(file("task_id=02").body, ":task_name:g\ntwo\n");
  // Nothing is known of it: what the worker wrote is all there is.
  EXPECT_EQ(file("task_id=03").body.size(), 50u);
}

TEST_F(LogAnswerTest, LetsAnOutputWithoutEndGoOnToTheNextTask) {
  put(kWorkerNode, "worker-0a0a-01000000-70.out", "one\ntwo\nthree\n");
  add_output("01", 0, -1, 1 * kSecond, 2 * kSecond);
  add_output("02", 4, -1, 3 * kSecond, 4 * kSecond);
  add_output("03", 8, -1, 5 * kSecond);
  EXPECT_EQ(file("task_id=01").body, "one\n");
  EXPECT_EQ(file("task_id=02").body, "two\n");
  EXPECT_EQ(file("task_id=03").body, "three\n");
  // One of another file, and one that said nothing, bound nothing.
  TaskAttempt& elsewhere = add_output("04", 10, 12, 6 * kSecond);
  elsewhere.stdout_file = "/tmp/ray/session_1/logs/worker-0b0b-01000000-71.out";
  add_output("05", -1, -1, 6 * kSecond);
  EXPECT_EQ(file("task_id=03").body, "three\n");
}

TEST_F(LogAnswerTest, LetsAnOutputWithoutEndAndTimesGoOnToTheNextStart) {
  put(kWorkerNode, "worker-0a0a-01000000-70.out", "one\ntwo\nthree\n");
  add_output("01", 0, -1);
  add_output("02", 8, -1);
  add_output("03", 4, -1);
  EXPECT_EQ(file("task_id=01").body, "one\n");
  EXPECT_EQ(file("task_id=03").body, "two\n");
  EXPECT_EQ(file("task_id=02").body, "three\n");
}

TEST_F(LogAnswerTest, FindsATasksOutputInTheGenerationThatWasWrittenThen) {
  put(kWorkerNode, "worker-0a0a-01000000-70.rotated.10000000000-1.out", "old one\nold two\nold three\n");
  put(kWorkerNode, "worker-0a0a-01000000-70.rotated.20000000000-2.out", "mid one\nmid two\n");
  put(kWorkerNode, "worker-0a0a-01000000-70.out", "new one\nnew two\n");
  add_output("01", 8, 16, 5 * kSecond, 6 * kSecond);
  add_output("02", 8, 16, 25 * kSecond, 26 * kSecond);
  add_output("03", 16, 8, 9 * kSecond, 12 * kSecond);
  add_output("04", 8, -1, 19 * kSecond, 30 * kSecond);
  EXPECT_EQ(file("task_id=01").body, "old two\n");
  EXPECT_EQ(file("task_id=02").body, "new two\n");
  EXPECT_EQ(file("task_id=03").body, "old three\nmid one\n");
  EXPECT_EQ(file("task_id=04").body, "mid two\nnew one\n");
}

TEST_F(LogAnswerTest, SaysWhyATaskHasNoOutputOfItsOwn) {
  add_task("01").node_id = "";
  EXPECT_EQ(file("task_id=01").status, 400);
  EXPECT_EQ(file("task_id=01").body,
            "Could not find log file for task attempt: 01(0) due to missing node info.");
  TaskAttempt& method = add_task("02");
  method.type = TaskType::actor_task;
  method.actor_id = "ac";
  EXPECT_EQ(file("task_id=02").status, 400);
  EXPECT_EQ(file("task_id=02").body,
            "for actor task, please query actor log for actor(ac) by providing actor_id query parameter");
  // Its worker crashed: all that the worker wrote.
  add_task("03");
  EXPECT_EQ(file("task_id=03").status, 410);
  put(kWorkerNode, "worker-0a0a-ffffffff-70.out", "last words\n");
  EXPECT_EQ(file("task_id=03").body, "last words\n");
}

TEST_F(LogAnswerTest, ChecksThePathThatAWorkerSaid) {
  for (const char* path : {"/tmp/..", "worker\\x.out", "/tmp/ray/"}) {
    state_.attempts.clear();
    add_output("01", 0, 1).stdout_file = path;
    EXPECT_EQ(file("task_id=01").status, 400) << path;
  }
}

// --- a job's ---

TEST_F(LogAnswerTest, GivesAJobsLogAsJson) {
  Job job;
  job.job_id = "02000000";
  job.submission_id = "raysubmit_bad";
  state_.jobs.push_back(job);
  EXPECT_EQ(ask("/api/jobs/raysubmit_bad/logs").body, R"({"logs": ""})");
  put(kHead, "job-driver-raysubmit_bad.log", "a \"b\"\n\xff\n");
  const Answer answer = ask("/api/jobs/raysubmit_bad/logs");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.content_type, "application/json; charset=utf-8");
  EXPECT_EQ(answer.body, "{\"logs\": \"a \\\"b\\\"\\n\\ufffd\\n\"}");
  EXPECT_EQ(ask("/api/jobs/02000000/logs").body, answer.body);

  std::string large;
  while (large.size() < 3'000'000)
    large += "ü\x01";
  put(kHead, "job-driver-raysubmit_large.log", large);
  std::string expected = "{\"logs\": \"";
  for (size_t i = 0; i < large.size(); i += 3)
    expected += "ü\\u0001";
  EXPECT_EQ(ask("/api/jobs/raysubmit_large/logs").body, expected + "\"}");
}

TEST_F(LogAnswerTest, SaysWhichJobsHaveNoLog) {
  Job driver;
  driver.job_id = "01000000";
  state_.jobs.push_back(driver);
  EXPECT_EQ(ask("/api/jobs/01000000/logs").status, 400);
  EXPECT_EQ(ask("/api/jobs/01000000/logs").body, "Can only get logs of submission type jobs");
  EXPECT_EQ(ask("/api/jobs/99/logs").status, 410);
  EXPECT_EQ(ask("/api/jobs/99/logs").body, "Job 99 does not exist");
  EXPECT_EQ(ask("/api/jobs/a/../b/logs").status, 400);
  EXPECT_EQ(ask("/api/jobs/../logs").status, 400);
}

}  // namespace
}  // namespace rayhistory::historyserver
