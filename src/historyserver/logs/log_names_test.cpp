#include "historyserver/logs/log_names.h"

#include <gtest/gtest.h>

namespace rayhistory::historyserver {
namespace {

// The names of a recorded session, with what the live dashboard made of them, and rotated ones.
TEST(LogCategory, IsThatOfTheFirstRuleThatHolds) {
  const struct {
    const char* path;
    const char* category;
  } names[] = {
      {"worker-2f30-ffffffff-464.out", "worker_out"},
      {"worker-2f30-ffffffff-464.err", "worker_err"},
      {"python-core-worker-89df_786.log", "core_worker"},
      {"python-core-driver-0600_222.log", "driver"},
      {"raylet.out", "raylet"},
      {"gcs_server.err", "gcs_server"},
      {"log_monitor.out", "internal"},
      {"monitor.log", "autoscaler"},
      {"dashboard_agent.log", "agent"},
      {"runtime_env_agent.out", "agent"},
      {"dashboard.log", "dashboard"},
      {"dashboard_JobHead.log", "internal"},
      {"job-driver-raysubmit_bad.log", "internal"},
      {"events/", "internal"},
      {"events/event_CORE_WORKER_1091.log", "internal"},
      {"raylet.rotated.1795404330000000000-77.out", "raylet"},
      {"worker-2f30-01000000-464.rotated.1-2.out", "worker_out"},
      {"serve/worker.out", "worker_out"},
  };
  for (const auto& [path, category] : names)
    EXPECT_EQ(category_of(path), category) << path;
}

}  // namespace
}  // namespace rayhistory::historyserver
