#include "historyserver/live/ray_cluster.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rayhistory::historyserver {
namespace {

using testing::SizeIs;

// The fields of a RayCluster that are read, amid some that are not.
constexpr std::string_view kCluster = R"({
  "apiVersion": "ray.io/v1", "kind": "RayCluster",
  "metadata": {"name": "full", "namespace": "ml", "creationTimestamp": "2026-11-23T03:21:00Z", "managedFields": [{}],
    "labels": {"ray.io/originated-from-cr-name": "myjob", "ray.io/originated-from-crd": "RayJob"}},
  "spec": {"authOptions": {"mode": "token", "secretName": "tokens"},
    "headGroupSpec": {"template": {"spec": {"containers": [
      {"name": "ray-head", "ports": [{"containerPort": 6379, "name": "gcs"}, {"containerPort": 9000, "name": "dashboard"}]},
      {"name": "sidecar", "ports": [{"containerPort": 1, "name": "dashboard"}]}]}}}},
  "status": {"state": "ready", "head": {"serviceName": "full-head-svc"}}})";

TEST(RayCluster, IsReadFromWhatKubernetesHas) {
  const auto cluster = parse_ray_cluster(kCluster);
  ASSERT_TRUE(cluster);
  EXPECT_EQ(cluster->place.name_space.str(), "ml");
  EXPECT_EQ(cluster->place.cluster.str(), "full");
  ASSERT_TRUE(cluster->place.owner);
  EXPECT_EQ(cluster->place.owner->kind, OwnerKind::rayjob);
  EXPECT_EQ(cluster->place.owner->name.str(), "myjob");
  EXPECT_EQ(cluster->created_seconds, 1795404060);
  EXPECT_EQ(cluster->head_service->str(), "full-head-svc");
  EXPECT_EQ(cluster->dashboard_port, 9000);
  EXPECT_FALSE(cluster->is_suspended);
  EXPECT_EQ(cluster->auth_mode, RayAuthMode::token);
  EXPECT_EQ(cluster->auth_secret.str(), "tokens");
}

TEST(RayCluster, HasDefaultsForWhatIsNotSaid) {
  const auto cluster = parse_ray_cluster(R"({"metadata":{"name":"1st","namespace":"ml"}})");
  ASSERT_TRUE(cluster);
  EXPECT_EQ(cluster->head_service, std::nullopt);
  EXPECT_EQ(cluster->dashboard_port, 8265);
  EXPECT_EQ(cluster->place.owner, std::nullopt);
  EXPECT_EQ(cluster->auth_mode, RayAuthMode::none);
  EXPECT_EQ(cluster->auth_secret.str(), "rst");
}

TEST(RayCluster, IsSuspendedWhenAskedToBeOrWhenItIs) {
  for (const char* how : {R"("spec":{"suspend":true})", R"("status":{"state":"suspended"})"}) {
    const auto cluster =
        parse_ray_cluster(fmt::format(R"({{"metadata":{{"name":"c","namespace":"n"}},{}}})", how));
    EXPECT_TRUE(cluster->is_suspended) << how;
  }
}

TEST(RayCluster, KnowsTokensOfKubernetesFromThoseOfRay) {
  const auto cluster = parse_ray_cluster(
      R"({"metadata":{"name":"c","namespace":"n"},"spec":{"authOptions":{"mode":"token","enableK8sTokenAuth":true}}})");
  EXPECT_EQ(cluster->auth_mode, RayAuthMode::kubernetes_token);
}

// A service's name becomes a host's: what is none, is none.
TEST(RayCluster, TakesNoNameThatIsNone) {
  const auto cluster = parse_ray_cluster(
      R"({"metadata":{"name":"c","namespace":"n"},"status":{"head":{"serviceName":"evil.example/x?"}}})");
  EXPECT_EQ(cluster->head_service, std::nullopt);
  EXPECT_FALSE(parse_ray_cluster(R"({"metadata":{"name":"../c","namespace":"n"}})"));
  EXPECT_FALSE(parse_ray_cluster(R"({"metadata":{"name":"c"}})"));
  for (const char* text : {"", "[]", "1", "{", R"({"metadata":[]})"})
    EXPECT_FALSE(parse_ray_cluster(text)) << text;
}

TEST(RayClusterPage, KeepsTheOrderAndLeavesOutWhatItCannotRead) {
  const auto page = parse_ray_cluster_list(
      R"({"metadata":{"continue":"more"},"items":[{"metadata":{"name":"b","namespace":"n"}},{},)"
      R"({"metadata":{"name":"a","namespace":"n"}}]})");
  ASSERT_TRUE(page);
  ASSERT_THAT(page->clusters, SizeIs(2));
  EXPECT_EQ(page->clusters[0].place.cluster.str(), "b");
  EXPECT_EQ(page->next, "more");
  EXPECT_EQ(parse_ray_cluster_list(R"({"items":[]})")->next, "");
  EXPECT_FALSE(parse_ray_cluster_list("{}"));
}

TEST(AuthSecret, IsNamedAsTheOperatorNamesIt) {
  const auto secret_of = [](const std::string& name) {
    return default_auth_secret(*DnsName::parse(name)).str();
  };
  EXPECT_EQ(secret_of("raycluster"), "raycluster");
  EXPECT_EQ(secret_of("0day"), "rday");
  EXPECT_EQ(secret_of(std::string(10, 'x') + std::string(50, 'y')), std::string(50, 'y'));
  EXPECT_EQ(secret_of("a-" + std::string(49, 'y')), "r" + std::string(49, 'y'));
}

TEST(RayClusterEvent, SaysWhatChanged) {
  using Kind = RayClusterEvent::Kind;
  const auto event = [](const std::string& type, const std::string& object) {
    return parse_ray_cluster_event(R"({"type":")" + type + R"(","object":)" + object + "}");
  };
  const std::string cluster = R"({"metadata":{"name":"c","namespace":"n","resourceVersion":"7"}})";
  for (const auto& [type, kind] :
       {std::pair("ADDED", Kind::changed), {"MODIFIED", Kind::changed}, {"DELETED", Kind::deleted}}) {
    const auto parsed = event(type, cluster);
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->kind, kind) << type;
    EXPECT_EQ(parsed->version, "7");
    ASSERT_TRUE(parsed->cluster);
    EXPECT_EQ(parsed->cluster->place.cluster.str(), "c");
  }
  const auto bookmark = event("BOOKMARK", cluster);
  EXPECT_EQ(bookmark->kind, Kind::bookmark);
  EXPECT_EQ(bookmark->version, "7");
  EXPECT_FALSE(bookmark->cluster);
  EXPECT_EQ(event("ERROR", R"({"kind":"Status","code":410})")->kind, Kind::expired);
  // One that cannot be read moves the version on and is left out, as in a list.
  const auto unnamed = event("ADDED", R"({"metadata":{"name":"../x","resourceVersion":"8"}})");
  EXPECT_EQ(unnamed->version, "8");
  EXPECT_FALSE(unnamed->cluster);
  for (const char* text : {"", "{", "[]", R"({"type":"ADDED"})"})
    EXPECT_FALSE(parse_ray_cluster_event(text)) << text;
}

}  // namespace
}  // namespace rayhistory::historyserver
