#include "historyserver/live/known_clusters.h"

#include <mutex>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/manual_clock.h"
#include "testing/scripted_http_server.h"

namespace rayhistory::historyserver {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

class KnownClustersTest : public testing::Test {
 protected:
  static KubernetesAccess access(const ScriptedHttpServer& server) {
    KubernetesAccess access;
    access.server = *parse_url(server.origin(), Scheme::http);
    access.server.encoded_path.clear();
    return access;
  }
  void answer_with(const ScriptedResponse& given) {
    const std::lock_guard lock(mutex_);
    answer_ = given;
  }
  KnownClusters::Found find() {
    return known_.find(SessionAddress::parse("ml", "raycluster", "c", "live").value(), {});
  }

  std::mutex mutex_;
  ScriptedResponse answer_{200, {}, R"({"metadata":{"name":"c","namespace":"ml"}})"};
  ScriptedHttpServer server_{[this](const ReceivedRequest&) {
    const std::lock_guard lock(mutex_);
    return answer_;
  }};
  ManualClock clock_;
  TroubleLog trouble_;
  KubernetesClient kubernetes_{access(server_), {}, clock_};
  ClusterWatch watch_{kubernetes_, trouble_, clock_};  // not started
  KnownClusters known_{kubernetes_, watch_, trouble_, clock_};
};

TEST_F(KnownClustersTest, AreAskedForEveryTenSeconds) {
  for (int i = 0; i < 3; ++i)
    EXPECT_THAT(find().clusters, SizeIs(1));
  EXPECT_THAT(server_.requests(), SizeIs(1));
  clock_.advance(Seconds(11));
  answer_with({404, {}, "{}"});
  EXPECT_THAT(find().clusters, IsEmpty());
  EXPECT_EQ(find().error, std::nullopt);
  EXPECT_THAT(server_.requests(), SizeIs(2));
}

TEST_F(KnownClustersTest, AreKeptForAWhileWhenKubernetesCannotBeAsked) {
  find();
  answer_with({503, {}, "{}"});
  clock_.advance(Seconds(20));
  EXPECT_THAT(find().clusters, SizeIs(1));
  EXPECT_TRUE(find().error);
  clock_.advance(Seconds(11));
  EXPECT_THAT(find().clusters, IsEmpty());
  EXPECT_EQ(find().error->kind, ErrorKind::retry);
  EXPECT_THAT(server_.requests(), SizeIs(3));
  answer_with({200, {}, R"({"metadata":{"name":"c","namespace":"ml"}})"});
  clock_.advance(Seconds(11));
  EXPECT_THAT(find().clusters, SizeIs(1));
  EXPECT_EQ(find().error, std::nullopt);
}

}  // namespace
}  // namespace rayhistory::historyserver
