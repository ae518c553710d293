#include "historyserver/state/session_builder.h"

#include <functional>
#include <stop_token>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace rayhistory::historyserver {
namespace {

// More than the steps between two looks at the deadline.
constexpr size_t kRows = 3 * BuildSteps::kStepsBetweenLooks;

void add_task(SessionBuilder& builder, const std::string& id) {
  TaskPiece task;
  task.task_id = id;
  task.has_definition = true;
  builder.add(task);
}
void add_actor(SessionBuilder& builder, const std::string& id) {
  ActorPiece actor;
  actor.actor_id = id;
  builder.add(actor);
}
void add_node(SessionBuilder& builder, const std::string& id) {
  NodePiece node;
  node.node_id = id;
  builder.add(node);
}
void add_worker(SessionBuilder& builder, const std::string& id) {
  WorkerPiece worker;
  worker.worker_id = id;
  builder.add(worker);
}
void add_platform_event(SessionBuilder& builder, const std::string& id) {
  PlatformEventPiece event;
  event.event_id = id;
  builder.add(event);
}

TEST(SessionBuilder, EndsWithItsDeadlineWhateverItBuilds) {
  std::stop_source stop;
  stop.request_stop();
  for (const auto& add : {add_task, add_actor, add_node, add_worker, add_platform_event}) {
    SessionBuilder builder;
    for (size_t i = 0; i < kRows; ++i)
      add(builder, fmt::format("{:048}", i));
    const auto built = builder.build(Deadline::never(stop.get_token()), 2);
    ASSERT_FALSE(built);
    EXPECT_EQ(built.error().kind, ErrorKind::cancelled);
  }
}

TEST(BuildSteps, LookAtTheDeadlineAfterSoManySteps) {
  std::stop_source stop;
  const Deadline deadline = Deadline::never(stop.get_token());
  BuildSteps steps(deadline);
  EXPECT_FALSE(steps.must_end());
  stop.request_stop();
  size_t taken = 1;
  while (!steps.must_end() && taken < kRows)
    ++taken;
  EXPECT_EQ(taken, BuildSteps::kStepsBetweenLooks);
  EXPECT_TRUE(steps.must_end());
  BuildSteps others(deadline);
  EXPECT_TRUE(others.must_end_now());
}

// Each actor that died before it had a worker is compared with all workers of its PID.
TEST(SessionBuilder, EndsWithItsDeadlineWhereAllActorsAndWorkersHaveOnePid) {
  constexpr size_t kMany = 100'000;
  SessionBuilder builder;
  for (size_t i = 0; i < kMany; ++i) {
    const std::string id = fmt::format("{:048}", i);
    Actor actor;
    actor.actor_id = id;
    actor.pid = 7;
    actor.ip_address = "192.0.2.2";
    builder.add_snapshot(actor);
    WorkerPiece worker;
    worker.worker_id = id;
    worker.pid = 7;
    builder.add(worker);
  }
  const SteadyTime begin = system_clock().steady_now();
  const auto built = builder.build(Deadline::after(system_clock(), Milliseconds(10)), 2);
  ASSERT_FALSE(built);
  EXPECT_EQ(built.error().kind, ErrorKind::cancelled);
  // The comparisons together take minutes; a sanitizer makes all else slow.
  EXPECT_LT(system_clock().steady_now() - begin, Seconds(20));
}

}  // namespace
}  // namespace rayhistory::historyserver
