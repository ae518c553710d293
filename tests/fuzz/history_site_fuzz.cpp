// The whole History Server over HTTP, before a store with one ordinary and one damaged session: no request
// ends it, each answer has a documented status and the headers that a browser needs, and no planted secret is
// in one.
//
// An input is a request without what HTTP/1.1 asks for: "GET /path", lines of header fields, an empty line, a
// body.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ascii.h"
#include "base/check.h"
#include "base/clock.h"
#include "historyserver/api/dashboard_api.h"
#include "historyserver/app/history_server.h"
#include "historyserver/exchange/percent.h"
#include "loopback.h"
#include "stored_history.h"
#include "testing/memory_store.h"

namespace {

using namespace rayhistory;
using namespace rayhistory::historyserver;

const std::string kDamaged = "session_2026-11-22_03-25-19_402666_11";
const std::string kCookies = "Cookie: cluster_name=c; cluster_namespace=ns; session_name=" + kHistorySession;

constexpr std::array<std::string_view, 4> kLogPaths = {"/api/v0/logs", "/api/v0/logs/file",
                                                       "/api/v0/logs/stream", "/api/jobs/sub/logs"};

// docs/historyserver.md and docs/metrics.md have them. The store of this test never fails, so a failing
// store's 502, 503 and 504 are none of them, and 500 is an exception that ended an answer.
constexpr std::array<int, 17> kDocumented = {200, 204, 206, 304, 307, 400, 403, 404, 405,
                                             408, 410, 413, 414, 417, 421, 431, 501};

// The input as HTTP/1.1. The input's own fields come after these.
std::string request_of(std::string_view input) {
  const size_t line_end = std::min(input.find('\n'), input.size());
  const size_t head_end = std::min(input.find("\n\n"), input.size());
  std::string request(input.substr(0, line_end));
  const std::string_view body = input.substr(std::min(head_end + 2, input.size()));
  request += " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n";
  if (!body.empty()) request += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  std::string_view fields = input.substr(line_end, head_end - line_end);
  while (!fields.empty()) {
    fields.remove_prefix(1);
    const size_t end = std::min(fields.find('\n'), fields.size());
    if (end > 0) request.append(fields.substr(0, end)).append("\r\n");
    fields.remove_prefix(end);
  }
  return request.append("\r\n").append(body);
}

void check_answer(std::string_view input, const std::string& answer) {
  if (answer.empty()) return;
  CHECK(answer.starts_with("HTTP/1.1 ") || answer.starts_with("HTTP/1.0 "));
  const int status = std::atoi(answer.c_str() + std::string_view("HTTP/1.1 ").size());
  CHECK(std::find(kDocumented.begin(), kDocumented.end(), status) != kDocumented.end());
  const std::string head = lower_case(std::string_view(answer).substr(0, answer.find("\r\n\r\n") + 2));
  CHECK(head.ends_with("\r\n"));
  CHECK(head.find("\r\nx-content-type-options: nosniff\r\n") != std::string::npos);
  // A refused request and a health check have no answer of the site's, and plain text runs nothing.
  CHECK(head.find("\r\ncontent-security-policy: ") != std::string::npos ||
        head.find("\r\ncontent-type: text/plain") != std::string::npos);
  // An answer may say what it was asked for.
  const bool names_secret = percent_decoded(input).find(kPlantedSecret) != std::string::npos;
  CHECK(names_secret || answer.find(kPlantedSecret) == std::string::npos);
}

class Site {
 public:
  Site() {
    auto store = std::make_unique<MemoryStore>();
    for (const std::string& session : {kHistorySession, kDamaged}) {
      store->set("cluster-metadata/raycluster/ns_c/" + session, "");
      const std::string prefix = "cluster-history/raycluster/ns/c/" + session + "/";
      for (const auto& [path, content] : history_objects()) {
        const size_t kept = session == kDamaged ? content.size() / 2 : content.size();
        store->set(prefix + path, content.substr(0, kept));
      }
    }
    store->set("cluster-metadata/raycluster/_/..", "no session");
    ServingSettings settings;
    settings.listen_address = "127.0.0.1";
    settings.load_time = Seconds(60);
    settings.cache_sessions = 2;
    auto server = HistoryServer::start(settings, std::move(store),
                                       std::make_shared<StoreMeter>(system_clock()), std::nullopt);
    CHECK(server);
    server_ = *std::move(server);
    ask_everything();
  }

  std::string answer(std::string_view input) const {
    std::string answer = answer_to(server_->port(), request_of(input));
    check_answer(input, answer);
    return answer;
  }

 private:
  // So that no path of the table waits for the fuzzer to think of it.
  void ask_everything() const {
    std::vector<std::string_view> paths = dashboard_paths();
    paths.insert(paths.end(), kLogPaths.begin(), kLogPaths.end());
    const std::string query =
        "?detail=1&limit=10&node_id=" + kHistoryNode + "&filename=runtime_env_agent.log";
    for (const std::string_view path : paths) {
      for (const std::string& session : {kHistorySession, kDamaged}) {
        const std::string target = "GET /c/ns/raycluster/c/" + session + std::string(path);
        CHECK(!answer(target).empty());
        CHECK(!answer(target + query).empty());
      }
      CHECK(!answer("GET " + std::string(path) + "\n" + kCookies).empty());
    }
    // The sessions are there, and what is masked is there as well.
    const std::string tasks = answer("GET /c/ns/raycluster/c/" + kHistorySession + "/api/v0/tasks?detail=1");
    CHECK(tasks.find("<redacted>") != std::string::npos);
  }

  std::unique_ptr<HistoryServer> server_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const Site site;
  site.answer({reinterpret_cast<const char*>(data), size});
  return 0;
}
