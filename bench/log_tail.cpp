// What the end, and the whole, of a log of 2 GiB in a folder costs the History Server, from the request to
// the last byte, with the peak memory of the process so far.
#include <sys/resource.h>

#include <string>

#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <stdio.h>

#include "historyserver/logs/log_answer.h"
#include "store/local/local_folder_store.h"
#include "testing/temporary_folder.h"

namespace rayhistory::historyserver {
namespace {

constexpr uint64_t kLogBytes = uint64_t{2} * 1024 * 1024 * 1024;

uint64_t peak_memory_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<uint64_t>(usage.ru_maxrss) * 1024;
}

// A session with one log, written once for all benchmarks.
class LargeLog {
 public:
  static LargeLog& the_only() {
    static LargeLog log;
    return log;
  }

  // The bytes of the answer to `query`.
  uint64_t ask(const std::string& query) {
    std::optional<Response> response = answer_logs(
        {.path = "/api/v0/logs/file", .query = Query::parse("node_id=aa01&filename=x.log&" + query)},
        {.listing = *listing_, .state = state_, .store = store_, .clock = system_clock()}, Deadline::never());
    CHECK(response && response->status == 200);
    uint64_t bytes = 0;
    while (true) {
      const Result<std::string> piece = response->pieces->next();
      CHECK(piece.has_value());
      if (piece->empty()) return bytes;
      bytes += piece->size();
    }
  }

 private:
  LargeLog() {
    const StoredSession session{
        .place = {.name_space = *DnsName::parse("ns"), .cluster = *DnsName::parse("c"), .owner = {}},
        .name = *SessionName::parse("session_1"),
        .prefix = "session_1/"};
    std::string lines;
    for (int i = 0; lines.size() < 1024 * 1024; ++i) {
      lines += fmt::format(
          "[2026-11-23 03:26:57,{:03} I 350 350] (raylet) worker_pool.cc:811: job {} began\n", i % 1000, i);
    }
    CHECK(make_folders(folder_.path() + "/session_1/aa01/logs"));
    FILE* const file = fopen((folder_.path() + "/session_1/aa01/logs/x.log").c_str(), "w");
    CHECK(file);
    for (uint64_t written = 0; written < kLogBytes; written += lines.size())
      CHECK(fwrite(lines.data(), 1, lines.size(), file) == lines.size());
    CHECK(fclose(file) == 0);
    Result<SessionListing> listing = list_session(store_, session, Deadline::never());
    CHECK(listing && listing->objects.size() == 1);
    listing_ = std::move(*listing);
  }

  TemporaryFolder folder_;
  LocalFolderStore store_{folder_.path(), system_clock()};
  std::optional<SessionListing> listing_;
  SessionState state_;
};

void run(benchmark::State& state, const std::string& query) {
  LargeLog& log = LargeLog::the_only();
  uint64_t bytes = 0;
  for (auto _ : state)
    bytes += log.ask(query);
  state.SetBytesProcessed(static_cast<int64_t>(bytes));
  state.counters["answer_bytes"] = static_cast<double>(bytes) / static_cast<double>(state.iterations());
  state.counters["peak_memory_bytes"] = static_cast<double>(peak_memory_bytes());
}

// In the order of what they need, as the peak only grows.
void read_the_last_lines(benchmark::State& state) {
  run(state, fmt::format("lines={}", state.range(0)));
}
BENCHMARK(read_the_last_lines)->Arg(10)->Arg(1000)->Arg(50'000)->Unit(benchmark::kMillisecond);

void read_the_last_lines_without_colours(benchmark::State& state) {
  run(state, fmt::format("filter_ansi_code=true&lines={}", state.range(0)));
}
BENCHMARK(read_the_last_lines_without_colours)->Arg(50'000)->Unit(benchmark::kMillisecond);

void read_all(benchmark::State& state) {
  run(state, "lines=-1");
}
BENCHMARK(read_all)->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace rayhistory::historyserver
