// What deciding costs: a file that grew is offered again, and so many files are planned and settled.
#include "shipper/ledger.h"

#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "base/check.h"

namespace rayhistory::collector {
namespace {

const SteadyTime kStart{Seconds(1000)};
constexpr std::string_view kPrefix = "cluster/node/";

Shipment log_of(int64_t number, uint64_t size) {
  Shipment shipment;
  shipment.key = fmt::format("{}logs/worker-{:056x}.out", kPrefix, number);
  shipment.prefix_length = kPrefix.size();
  shipment.identity.inode = static_cast<uint64_t>(number) + 1;
  shipment.size = size;
  return shipment;
}

// A ledger that knows its prefix is empty.
Ledger listed_ledger() {
  Ledger ledger(ShipperOptions{});
  ledger.offer(log_of(0, 1), kStart);
  const std::optional<Task> task = ledger.next_task(kStart);
  CHECK(task && task->step == Task::Step::list_prefix);
  ledger.settle(*task, {Outcome::done, {}, {}}, kStart);
  return ledger;
}

void offer_a_file_that_grew(benchmark::State& state) {
  Ledger ledger = listed_ledger();
  for (int64_t i = 0; i < state.range(0); ++i)
    ledger.offer(log_of(i, 1), kStart);
  const Shipment shipment = log_of(state.range(0) / 2, 1);
  uint64_t size = 1;
  for (auto _ : state) {
    Shipment grown = shipment;
    grown.size = ++size;
    ledger.offer(std::move(grown), kStart);
  }
}
BENCHMARK(offer_a_file_that_grew)->Arg(300)->Arg(30'000);

void plan_and_settle_all(benchmark::State& state) {
  for (auto _ : state) {
    state.PauseTiming();
    Ledger ledger = listed_ledger();
    for (int64_t i = 0; i < state.range(0); ++i)
      ledger.offer(log_of(i, 1), kStart);
    const SteadyTime later = kStart + Seconds(600);
    int64_t planned = 0;
    state.ResumeTiming();
    while (const std::optional<Task> task = ledger.next_task(later)) {
      ledger.settle(*task, {Outcome::done, {1, "etag"}, {}}, later);
      ++planned;
    }
    CHECK(planned >= state.range(0));
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(plan_and_settle_all)->Arg(300)->Arg(3'000)->Arg(30'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace rayhistory::collector
