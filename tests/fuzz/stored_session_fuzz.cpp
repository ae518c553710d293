// The objects of a session, whatever they hold and in whatever company, are loaded, and every endpoint
// answers out of them with a known status, JSON that is JSON, and headers of one line.
//
// An input is a row of objects: a letter that says which (kObjects), its bytes, and "\n==\n" before the next
// one.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <simdjson.h>

#include "base/check.h"
#include "historyserver/api/dashboard_api.h"
#include "historyserver/logs/log_answer.h"
#include "historyserver/sessions/session_list.h"
#include "historyserver/state/load_state.h"
#include "question.h"
#include "testing/manual_clock.h"
#include "testing/memory_store.h"

namespace {

using namespace rayhistory;
using namespace rayhistory::historyserver;

constexpr std::string_view kSeparator = "\n==\n";
// More objects than kObjects has kinds only make a round slower.
constexpr int kMostObjects = 24;
const std::string kSession = "session_2026-11-23_03-25-19_402666_11";
const std::string kPrefix = "cluster-history/raycluster/ns/c/" + kSession + "/";

// Where an object of each letter is; the input's n-th has n for its '#', so that one letter may come twice.
struct ObjectKind {
  char letter;
  std::string_view path;
};
constexpr std::array kObjects{
    ObjectKind{'n', "aa01/node_events/aa01-2026-11-23-03-#.jsonl"},
    ObjectKind{'j', "aa01/job_events/01000000/aa01-2026-11-23-03-#.jsonl"},
    ObjectKind{'z', "aa01/job_events/01000000/aa01-2026-11-23-03-#.jsonl.gz"},
    ObjectKind{'J', "fetched_endpoints/restful__api__jobs"},
    ObjectKind{'T', "fetched_endpoints/restful__api__v0__tasks?detail=1&limit=10000"},
    ObjectKind{'A', "fetched_endpoints/restful__logical__actors"},
    ObjectKind{'N', "fetched_endpoints/restful__nodes?view=summary"},
    ObjectKind{'P', "fetched_endpoints/restful__api__v0__placement_groups?detail=1&limit=10000"},
    ObjectKind{'S', "fetched_endpoints/restful__api__serve__applications"},
    ObjectKind{'D', "fetched_endpoints/restful__api__data__datasets__01000000"},
    ObjectKind{'R', "fetched_endpoints/restful__api__train__v2__runs__v1"},
    ObjectKind{'V', "fetched_endpoints/restful__api__version"},
    ObjectKind{'M', "fetched_endpoints/restful__api__v0__cluster_metadata"},
    ObjectKind{'C', "fetched_endpoints/restful__api__cluster_status"},
    ObjectKind{'Z', "fetched_endpoints/restful__timezone"},
    ObjectKind{'e', "aa01/logs/events/event_GCS.log"},
    ObjectKind{'b', "aa01/logs/events/event_JOBS.log"},
    ObjectKind{'d', "aa01/logs/debug_state.txt"},
    ObjectKind{'s', "aa01/logs/job-driver-sub.log"},
    ObjectKind{'x', "aa01/logs/export_events/event_EXPORT_DATASET_METADATA.log"},
    ObjectKind{'t', "aa01/logs/export_events/event_EXPORT_TRAIN_STATE.log"},
    ObjectKind{'u', "aa01/logs/export_events/event_EXPORT_SUBMISSION_JOB.log"},
    ObjectKind{'c', "aa01/logs/raylet.out.chunks/0000000000000000000#"},
    ObjectKind{'k', "aa01/logs/raylet.out.chunks/#"},
};

constexpr std::array<std::string_view, 6> kNamed = {
    "/api/jobs/sub",      "/api/jobs/sub/logs",          "/nodes/aa01",
    "/logical/actors/ac", "/api/data/datasets/01000000", "/api/v0/logs"};

// Answered with what is stored, which may be no JSON.
constexpr std::array<std::string_view, 8> kAsStored = {"/api/serve/applications",
                                                       "/api/train/v2/runs",
                                                       "/api/train/v2/runs/v1",
                                                       "/api/data/datasets/01000000",
                                                       "/api/cluster_status",
                                                       "/api/v0/cluster_metadata",
                                                       "/timezone",
                                                       "/cluster_id"};

void put_objects(std::string_view input, MemoryStore& store) {
  for (int number = 0; number < kMostObjects && !input.empty(); ++number) {
    const size_t end = std::min(input.find(kSeparator), input.size());
    const std::string_view object = input.substr(0, end);
    input.remove_prefix(std::min(end + kSeparator.size(), input.size()));
    const auto kind = std::find_if(kObjects.begin(), kObjects.end(),
                                   [&](const ObjectKind& each) { return object.starts_with(each.letter); });
    if (kind == kObjects.end()) continue;
    std::string path(kind->path);
    if (const size_t place = path.find('#'); place != std::string::npos)
      path.replace(place, 1, std::to_string(number));
    store.set(kPrefix + path, std::string(object.substr(1)));
  }
}

// The input as the name of a marker, so that it makes sessions appear: whatever they are called, their keys
// stay below the root.
void check_markers(std::string_view input) {
  MemoryStore store;
  store.set("root/cluster-metadata/" + std::string(input.substr(0, input.find('\n'))), "");
  const Result<SessionList> list = list_sessions(store, "root", Deadline::never());
  CHECK(list);
  for (const FoundSession& found : list->all()) {
    const std::string& prefix = found.session.prefix;
    CHECK(prefix.starts_with("root/cluster-history/") && prefix.ends_with('/'));
    CHECK(prefix.find("/../") == std::string::npos && prefix.find("//") == std::string::npos);
  }
}

void check_response(std::string_view path, Response response) {
  constexpr std::array<int, 7> kKnown = {200, 400, 404, 410, 500, 501, 503};
  CHECK(std::find(kKnown.begin(), kKnown.end(), response.status) != kKnown.end());
  check_headers(response);
  std::string body = std::move(response.body);
  while (response.pieces) {
    Result<std::string> piece = response.pieces->next();
    CHECK(piece);
    if (piece->empty()) break;
    body += *piece;
  }
  if (!response.content_type.starts_with("application/json")) return;
  if (std::find(kAsStored.begin(), kAsStored.end(), path) != kAsStored.end()) return;
  simdjson::dom::parser parser;
  CHECK(parser.parse(body).error() == simdjson::SUCCESS);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  check_markers(input);
  MemoryStore store;
  put_objects(input, store);
  Result<SessionListing> listed = list_session(
      store,
      {.place = {.name_space = *DnsName::parse("ns"), .cluster = *DnsName::parse("c"), .owner = {}},
       .name = *SessionName::parse(kSession),
       .prefix = kPrefix},
      Deadline::never());
  CHECK(listed);
  const auto listing = std::make_shared<const SessionListing>(std::move(*listed));
  const auto state = load_state(store, *listing, Deadline::never(), 1);
  CHECK(state);
  StoredTexts texts(store, listing);
  const ManualClock clock;
  std::vector<std::string_view> paths = dashboard_paths();
  paths.insert(paths.end(), kNamed.begin(), kNamed.end());
  for (const std::string_view path : paths) {
    const Request request{.path = std::string(path),
                          .query = Query::parse("detail=1&node_id=aa01&job_id=01000000")};
    if (auto logs = answer_logs(request, {*listing, **state, store, clock}, Deadline::never())) {
      check_response(path, *std::move(logs));
      continue;
    }
    check_response(path,
                   answer(request, {**state, *listing, texts, clock.unix_nanoseconds(), Deadline::never()}));
  }
  return 0;
}
