// What following quiet log files costs: a whole scan of so many, and the look between scans, which asks
// inotify alone.
#include <string>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "logs/log_tracker.h"
#include "testing/dropping_consumer.h"
#include "testing/manual_clock.h"
#include "testing/temporary_folder.h"

namespace rayhistory::collector {
namespace {

class Folder {
 public:
  explicit Folder(int64_t files) {
    for (int64_t i = 0; i < files; ++i)
      folder_.write(fmt::format("worker-{:056x}-01000000-{}.out", i, i), "one line\n");
  }

  LogTracker make_tracker() {
    return {{.folder = folder_.shared(),
             .nodes = {{.key_of = [](std::string_view path) { return "node/" + std::string(path); },
                        .prefix = "node/"}}},
            consumer_,
            clock_};
  }

 private:
  TemporaryFolder folder_;
  ManualClock clock_;
  DroppingConsumer consumer_;
};

void count(benchmark::State& state) {
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void scan(benchmark::State& state) {
  Folder folder(state.range(0));
  LogTracker tracker = folder.make_tracker();
  (void)tracker.scan_now();
  for (auto _ : state)
    benchmark::DoNotOptimize(tracker.scan_now());
  count(state);
}
BENCHMARK(scan)->Arg(300)->Arg(3'000)->Arg(30'000)->Unit(benchmark::kMillisecond);

void look_between_scans(benchmark::State& state) {
  Folder folder(state.range(0));
  LogTracker tracker = folder.make_tracker();
  (void)tracker.scan_now();
  for (auto _ : state)
    benchmark::DoNotOptimize(tracker.look_now());
  count(state);
}
BENCHMARK(look_between_scans)->Arg(300)->Arg(30'000);

}  // namespace
}  // namespace rayhistory::collector
