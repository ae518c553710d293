// A path's end, a newline, a query: no request reads outside the logs of its session, tells one failure from
// another by anything but the known statuses, or puts a line of its own among the headers.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "historyserver/logs/log_answer.h"
#include "question.h"
#include "testing/manual_clock.h"
#include "testing/memory_store.h"

namespace {

using namespace rayhistory;
using namespace rayhistory::historyserver;

constexpr std::string_view kSecret = "top secret";

struct Session {
  Session() {
    const std::string prefix = "root/cluster-history/raycluster/ns/c/session_1/";
    for (const char* path :
         {"aa01/logs/x.log", "aa01/logs/events/e.log", "aa01/logs/worker-0a-01000000-7.out",
          "aa01/logs/worker-0a-01000000-7.rotated.5-1.out", "aa01/logs/job-driver-sub.log"})
      store.set(prefix + path, "\x1b[31mone\x1b[0m\r\ntwo\nthree");
    for (const char* key : {"root/cluster-history/raycluster/ns/c/session_1/aa01/job_events/e.jsonl",
                            "root/cluster-history/raycluster/ns/c/session_2/aa01/logs/x.log", "root/x.log"})
      store.set(key, std::string(kSecret));
    Result<SessionListing> listed = list_session(
        store,
        {.place = {.name_space = *DnsName::parse("ns"), .cluster = *DnsName::parse("c"), .owner = {}},
         .name = *SessionName::parse("session_1"),
         .prefix = prefix},
        Deadline::never());
    listing = std::move(*listed);

    Node node;
    node.node_id = "aa01";
    node.ip_address = "10.0.0.1";
    state.nodes = {node};
    Actor actor;
    actor.actor_id = "ac";
    actor.node_id = "aa01";
    actor.worker_id = "0a";
    state.actors = {actor};
    TaskAttempt task;
    task.task_id = "01";
    task.node_id = "aa01";
    task.stdout_file = "/tmp/ray/session_1/logs/worker-0a-01000000-7.out";
    task.stdout_start = 3;
    task.stdout_end = 14;
    state.attempts = {task};
    Job job;
    job.submission_id = "sub";
    state.jobs = {job};
  }

  MemoryStore store;
  SessionListing listing{.session = {.place = {.name_space = *DnsName::parse("ns"),
                                               .cluster = *DnsName::parse("c"),
                                               .owner = {}},
                                     .name = *SessionName::parse("session_1"),
                                     .prefix = ""},
                         .objects = {}};
  SessionState state;
  ManualClock clock;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static Session session;
  const Question question(data, size);
  for (const std::string_view base : {"/api/v0/logs", "/api/jobs/"}) {
    std::optional<Response> response = answer_logs(
        {.path = std::string(base) + std::string(question.path), .query = Query::parse(question.query)},
        {.listing = session.listing, .state = session.state, .store = session.store, .clock = session.clock},
        Deadline::never());
    if (!response) continue;
    CHECK(response->status == 200 || response->status == 400 || response->status == 404 ||
          response->status == 410);
    check_headers(*response);
    std::string body = response->body;
    while (response->pieces) {
      Result<std::string> piece = response->pieces->next();
      CHECK(piece.has_value());
      if (piece->empty()) break;
      body += *piece;
    }
    CHECK(response->pieces_size.value_or(body.size()) == body.size());
    CHECK(response->status != 200 || body.find(kSecret) == std::string::npos);
  }
  return 0;
}
