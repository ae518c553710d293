#include "historyserver/state/export_log.h"

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "historyserver/state/event_file.h"
#include "historyserver/state/load_state.h"
#include "testing/memory_store.h"

namespace rayhistory::historyserver {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::string_view kFolder =
    "0123456789abcdef0123456789abcdef0123456789abcdef01234567/logs/export_events/";

std::string submission(std::string_view status, int second, std::string_view more) {
  return fmt::format(
      R"({{"event_id": "e", "timestamp": {}, "source_type": "EXPORT_SUBMISSION_JOB", "event_data": )"
      R"({{"submission_job_id": "s", "status": "{}", "entrypoint": "echo", "message": "it is {}", )"
      R"("start_time": "1795404361500", "metadata": {{"my_key": "1"}}, "runtime_env_json": "{{}}"{}}}}})",
      1'795'404'361 + second, status, status, more);
}

std::string dataset(std::string_view state, int second, std::string_view operator_state, double end) {
  return fmt::format(
      R"({{"event_id": "e", "timestamp": {}, "source_type": "EXPORT_DATASET_METADATA", "event_data": )"
      R"({{"dataset_id": "dataset_1", "job_id": "01000000", "start_time": 1795404361.5, "state": "{}", )"
      R"("execution_end_time": {}, "data_context": {{"a": 1}}, "topology": {{"operators": )"
      R"([{{"id": "Input_0", "name": "Input", "state": "{}"}}]}}}}}})",
      1'795'404'361 + second, state, end, operator_state);
}

std::string train_run(std::string_view status, int second) {
  return fmt::format(
      R"({{"timestamp": {}, "source_type": "EXPORT_TRAIN_RUN", "event_data": {{"id": "r", "status": "{}"}}}})",
      1'795'404'361 + second, status);
}

std::string train_attempt(std::string_view status, int second) {
  return fmt::format(
      R"({{"timestamp": {}, "source_type": "EXPORT_TRAIN_RUN_ATTEMPT", "event_data": {{"run_id": "r", )"
      R"("attempt_id": "a", "status": "{}"}}}})",
      1'795'404'361 + second, status);
}

class ExportLogs : public testing::Test {
 protected:
  void set(std::string_view name, const std::string& text) {
    store_.set(session_.prefix + std::string(kFolder) + std::string(name), text);
  }

  std::shared_ptr<const SessionState> state() {
    auto listing = list_session(store_, session_, Deadline::never());
    EXPECT_TRUE(listing);
    auto state = load_state(store_, *listing, Deadline::never(), 2);
    EXPECT_TRUE(state);
    return *state;
  }

  MemoryStore store_;
  StoredSession session_{
      .place = {.name_space = *DnsName::parse("ns"), .cluster = *DnsName::parse("c"), .owner = {}},
      .name = *SessionName::parse("session_2026-11-23_03-25-19_402666_11"),
      .prefix = "cluster-history/raycluster/ns/c/session_2026-11-23_03-25-19_402666_11/"};
};

std::string text_of(const SessionState& state) {
  std::string text;
  for (const Job& job : state.jobs) {
    text += fmt::format("job {} {} {} {} {} {} {};", job.submission_id, job.status, job.message,
                        job.driver_exit_code.value_or(-1), job.entrypoint, job.start_time, job.end_time);
  }
  for (const ExportedDataset& each : state.exported_datasets) {
    text += fmt::format("dataset {} {} {} {} {}", each.dataset_id, each.job_id, each.state,
                        each.start_seconds, each.end_seconds);
    for (const ExportedOperator& one : each.operators)
      text += fmt::format(" [{} {} {}]", one.operator_id, one.name, one.state);
    text += ';';
  }
  for (const ExportedTrainRow& row : state.exported_train_rows)
    text += fmt::format("train {} {} {} {};", row.run_id, row.attempt_id, row.has_ended, row.json);
  return text;
}

TEST_F(ExportLogs, TellWhatBecameOfThingsInAnyOrderAndFile) {
  std::vector<std::string> lines = {
      submission("PENDING", 0, ""),
      submission("RUNNING", 1, R"(, "driver_node_id": "n")"),
      submission("FAILED", 2, R"(, "end_time": "1795404363250", "driver_exit_code": 3)"),
      dataset("PENDING", 0, "PENDING", 0),
      dataset("RUNNING", 0, "RUNNING", 0),
      dataset("FAILED", 1, "FAILED", 1795404362.25),
      dataset("FAILED", 1, "FINISHED", 1795404362.25),
      train_run("INITIALIZING", 0),
      train_run("RUNNING", 0),
      train_run("ERRORED", 3),
      train_attempt("RUNNING", 1),
      train_attempt("FINISHED", 1)};
  const std::string expected =
      "job s FAILED it is FAILED 3 echo 1795404361500000000 1795404363250000000;"
      "dataset dataset_1 01000000 FAILED 1795404361.5 1795404362.25 [Input_0 Input FINISHED];"
      "train r  true {\"id\":\"r\",\"status\":\"ERRORED\"};"
      "train r a true {\"run_id\":\"r\",\"attempt_id\":\"a\",\"status\":\"FINISHED\"};";
  std::mt19937 random(3);
  for (int i = 0; i < 10; ++i) {
    std::vector<std::string> files(4);
    for (const std::string& line : lines)
      files[random() % files.size()] += line + "\n";
    // Ray rotates them, and a name says nothing of the kind of its lines.
    set("event_EXPORT_SUBMISSION_JOB.log", files[0]);
    set("event_EXPORT_DATASET_METADATA.rotated.1795404330000000000-77.log", files[1]);
    set("event_EXPORT_TRAIN_STATE.log.2", files[2]);
    set("event_EXPORT_TRAIN_STATE.log.chunks/00000000000000000000", files[3]);
    EXPECT_EQ(text_of(*state()), expected);
    std::shuffle(lines.begin(), lines.end(), random);
    lines.push_back(lines[random() % lines.size()]);
  }
}

TEST_F(ExportLogs, LeaveOutWhatIsNoLineOfTheirs) {
  const std::string whole = dataset("FINISHED", 1, "FINISHED", 1795404362.25);
  set("event_EXPORT_DATASET_METADATA.log",
      "cut off at its beginning\"}}\n[1, 2]\n{}\n{\"event_data\": 7}\n"
      "{\"source_type\": \"EXPORT_DATASET_METADATA\", \"event_data\": {\"topology\": []}}\n"
      "{\"source_type\": \"EXPORT_TRAIN_RUN_ATTEMPT\", \"event_data\": {\"run_id\": \"r\"}}\n"
      "{\"source_type\": \"EXPORT_SOMETHING_NEW\", \"event_data\": {\"id\": \"x\"}}\n" +
          whole + "\n" + whole.substr(0, whole.size() - 3));
  const auto loaded = state();
  ASSERT_EQ(loaded->exported_datasets.size(), 1u);
  EXPECT_EQ(loaded->exported_datasets[0].state, "FINISHED");
  EXPECT_THAT(loaded->exported_train_rows, IsEmpty());
  EXPECT_THAT(loaded->jobs, IsEmpty());
}

TEST_F(ExportLogs, SkipALineThatIsTooLongAndSaySo) {
  std::string text = dataset("RUNNING", 1, "RUNNING", 0) + "\n";
  text += R"({"source_type": "EXPORT_DATASET_METADATA", "event_data": {"dataset_id": ")";
  text.append(kEventLimit, 'x');
  text += "\"}}\n" + dataset("FINISHED", 2, "FINISHED", 1795404363) + "\n";
  set("event_EXPORT_DATASET_METADATA.log", text);
  const auto loaded = state();
  ASSERT_EQ(loaded->exported_datasets.size(), 1u);
  EXPECT_EQ(loaded->exported_datasets[0].state, "FINISHED");
  EXPECT_THAT(loaded->partial_failure, HasSubstr("event_EXPORT_DATASET_METADATA.log"));
}

TEST(IsExportLog, IsTrueOfTheFilesThatTellMoreThanEventsAndTheirGenerations) {
  for (const std::string_view name :
       {"event_EXPORT_SUBMISSION_JOB.log", "event_EXPORT_TRAIN_STATE.log.1",
        "event_EXPORT_TRAIN_STATE.log.20", "event_EXPORT_DATASET_METADATA.rotated.17-9.log"})
    EXPECT_TRUE(is_export_log(std::string(kFolder) + std::string(name))) << name;
  for (const std::string_view name :
       {"event_EXPORT_TASK_123.log", "event_EXPORT_ACTOR.log", "event_EXPORT_TRAIN_STATE.log.01",
        "event_EXPORT_TRAIN_STATE.txt", "deeper/event_EXPORT_TRAIN_STATE.log", ""})
    EXPECT_FALSE(is_export_log(std::string(kFolder) + std::string(name))) << name;
  EXPECT_FALSE(is_export_log("aa/logs/event_EXPORT_TRAIN_STATE.log"));
  EXPECT_FALSE(is_export_log("event_EXPORT_TRAIN_STATE.log"));
}

}  // namespace
}  // namespace rayhistory::historyserver
