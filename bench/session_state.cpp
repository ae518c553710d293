// What a first look at a large session costs: 150,000 events of 50,000 tasks (182 MB) in two files of a
// local folder, loaded cold (without what was kept of it; the files are in the page cache). Counters: the
// memory of the state by its own reckoning, and what the process takes at its peak, both in MiB.
#include <sys/resource.h>

#include <string>

#include <benchmark/benchmark.h>

#include "base/check.h"
#include "historyserver/state/load_state.h"
#include "process/session_on_disk.h"
#include "store/local/local_folder_store.h"
#include "testing/temporary_folder.h"

namespace rayhistory::historyserver {
namespace {

constexpr int kTasks = 50'000;
constexpr double kMebibyte = 1 << 20;

void load_a_session(benchmark::State& state) {
  const TemporaryFolder folder;
  const StoredSession session{
      .place = {.name_space = *DnsName::parse("default"), .cluster = *DnsName::parse("c"), .owner = {}},
      .name = *SessionName::parse(kMeasuredSession),
      .prefix = std::string(kMeasuredPrefix)};
  const uint64_t bytes = write_session(folder.path(), kTasks, 2);
  LocalFolderStore store(folder.path(), system_clock());
  uint64_t state_bytes = 0;
  for (auto _ : state) {
    const auto listing = list_session(store, session, Deadline::never());
    CHECK(listing.has_value());
    const auto loaded = load_state(store, *listing, Deadline::never(), static_cast<unsigned>(state.range(0)));
    CHECK(loaded.has_value());
    CHECK((*loaded)->attempts.size() == kTasks);
    state_bytes = (*loaded)->bytes;
  }
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(bytes));
  state.counters["file_MiB"] = static_cast<double>(bytes) / kMebibyte;
  state.counters["state_MiB"] = static_cast<double>(state_bytes) / kMebibyte;
  state.counters["peak_MiB"] = static_cast<double>(usage.ru_maxrss) / 1024;
}
// Threads. CPU time is that of all.
BENCHMARK(load_a_session)
    ->Arg(2)
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime()
    ->UseRealTime();

}  // namespace
}  // namespace rayhistory::historyserver
