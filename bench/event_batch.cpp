// What a batch of events costs before it is on the disk: cutting it, and all of Journal::append but the wait
// for the disk (the files are where TMPDIR says; on /dev/shm a sync is free).
#include <string>

#include <benchmark/benchmark.h>

#include "base/check.h"
#include "journal/event.h"
#include "journal/journal.h"
#include "testing/dropping_consumer.h"
#include "testing/temporary_folder.h"

namespace rayhistory::collector {
namespace {

// A task's event as Ray 2.60 sends it, of some 1 kB, with an ID that never was.
std::string task_event(int number, int job) {
  std::string event = R"({"eventId": "oGo/rcMp0FRmQuregsOwZXW6Rd70gAEc)" + std::to_string(number);
  event += R"(", "sourceType": "CORE_WORKER", "eventType": "TASK_LIFECYCLE_EVENT", )";
  event += R"("timestamp": "2026-11-23T02:27:23.084135183Z", "severity": "INFO", )";
  event += R"("sessionName": "session_2026-11-23_02-27-20_324908_14170", "taskLifecycleEvent": {)";
  event += R"("taskId": "Z6dLqAnOjy7///////////////8BAAAA", "taskAttempt": 0, "stateTransitions": [)";
  for (const char* state :
       {"PENDING_ARGS_AVAIL", "PENDING_NODE_ASSIGNMENT", "SUBMITTED_TO_WORKER", "RUNNING"}) {
    if (event.back() == '}') event += ", ";
    event += R"({"state": ")" + std::string(state) + R"(", "timestamp": "2026-11-23T02:27:25.612345678Z"})";
  }
  event += R"(], "nodeId": "ZcpNIA7mUM3ZJwWqq+POy8YYNNH+u2Hb+vj30w==", "workerPid": 14711, )";
  event += R"("workerId": "nXVwV8UXl2B5iSfQyWcyVJvNS7sNYDKkg1n0Hg==", "jobId": "0)" +
           std::to_string(job % 10) + R"(000000"}, )";
  event += R"("nodeId": "ZcpNIA7mUM3ZJwWqq+POy8YYNNH+u2Hb+vj30w==", "message": ")" + std::string(200, 'm') +
           R"("})";
  return event;
}

constexpr int kEvents = 1'000;

std::string batch(int first) {
  std::string body = "[";
  for (int i = first; i < first + kEvents; ++i)
    body += (i > first ? ", " : "") + task_event(i, 1);
  return body + "]";
}

void count(benchmark::State& state, size_t bytes) {
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(bytes));
  state.SetItemsProcessed(state.iterations() * kEvents);
}

void cut_a_batch(benchmark::State& state) {
  const std::string body = batch(0);
  BatchCutter cutter;
  for (auto _ : state) {
    const Result<const CutBatch*> cut = cutter.cut(body);
    CHECK(cut.has_value());
    benchmark::DoNotOptimize((*cut)->events.data());
  }
  count(state, body.size());
}
BENCHMARK(cut_a_batch)->Unit(benchmark::kMicrosecond);

class LastOffer final : public DroppingConsumer {
 public:
  void offer(Shipment shipment) override { on_stored = std::move(shipment.on_stored); }

  std::function<void()> on_stored;
};

void append_a_batch(benchmark::State& state) {
  const TemporaryFolder folder;
  const DnsName name = *DnsName::parse("bench");
  JournalOptions options;
  options.max_file_bytes = uint64_t{1} << 20;  // each batch seals its file, which is then stored and removed
  LastOffer last;
  Journal journal(JournalFolder(folder.shared(), name, name), ObjectKeys("", {name, name, std::nullopt}),
                  options, system_clock(), last, [](const SessionName&) { return std::optional<NodeId>(); });
  journal.set_running(SessionName::parse("session_1"), NodeId::parse("00ff"));
  int first = 0;
  size_t bytes = 0;
  for (auto _ : state) {
    state.PauseTiming();
    const std::string body = batch(first);
    first += kEvents;
    bytes = body.size();
    state.ResumeTiming();
    const Result<BatchOutcome> outcome = journal.append(body);
    CHECK(outcome.has_value() && outcome->stored == kEvents);
    state.PauseTiming();
    if (last.on_stored) std::exchange(last.on_stored, nullptr)();
    state.ResumeTiming();
  }
  count(state, bytes);
}
BENCHMARK(append_a_batch)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace rayhistory::collector
