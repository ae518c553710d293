#include "layout/object_key.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace rayhistory {
namespace {

const SessionName kSession = *SessionName::parse("session_2026-11-23_03-25-19_402666_11");
const NodeId kNode = *NodeId::parse("b956a7677f4cf5b7383596242c580429383e9f347e4221780fbed607");
const JobId kJob = *JobId::parse("01000000");
constexpr int64_t kOpened = 1'795'404'325'503'881'706;

ClusterPlace place(std::optional<OwnerKind> owner_kind) {
  ClusterPlace result{*DnsName::parse("default"), *DnsName::parse("full"), std::nullopt};
  if (owner_kind) result.owner = Owner{*owner_kind, *DnsName::parse("myjob")};
  return result;
}

const ClusterPlace& place_of(const ParsedKey& key) {
  return std::visit([](const auto& each) -> const ClusterPlace& { return each.place; }, key);
}

// The key that a parsed one is built to again.
struct Rebuild {
  std::string_view root;

  std::string operator()(const MarkerKey& key) const {
    return ObjectKeys(root, key.place).marker(key.session);
  }
  std::string operator()(const LogKey& key) const {
    return ObjectKeys(root, key.place).log(key.session, key.node, key.path);
  }
  std::string operator()(const JournalKey& key) const {
    return ObjectKeys(root, key.place).journal(key.session, key.name, key.gzip);
  }
  std::string operator()(const EndpointKey& key) const {
    const std::string endpoint = key.name.substr(std::string("restful__").size());
    return ObjectKeys(root, key.place).fetched_endpoint(key.session, endpoint);
  }
};

void expect_round_trip(std::string_view root, const std::string& key) {
  const std::optional<ParsedKey> parsed = parse_object_key(root, key);
  ASSERT_TRUE(parsed) << key;
  EXPECT_EQ(std::visit(Rebuild{root}, *parsed), key);
}

TEST(ObjectKeys, AreThoseOfTheLayout) {
  const ObjectKeys keys("", place(std::nullopt));
  const std::string session = "cluster-history/raycluster/default/full/" + kSession.str() + "/";
  const std::string node = session + kNode.str() + "/";
  EXPECT_EQ(keys.marker(kSession), "cluster-metadata/raycluster/default_full/" + kSession.str());
  EXPECT_EQ(keys.session_prefix(kSession), session);
  EXPECT_EQ(keys.node_prefix(kSession, kNode), node);
  EXPECT_EQ(keys.log(kSession, kNode, "serve/a b?.log"), node + "logs/serve/a b?.log");
  EXPECT_EQ(keys.journal(kSession, {JournalKind::node_events, std::nullopt, kNode, kOpened}, false),
            node + "node_events/" + kNode.str() + "-2026-11-23-03-1795404325503881706.jsonl");
  EXPECT_EQ(keys.journal(kSession, {JournalKind::job_events, kJob, kNode, kOpened}, true),
            node + "job_events/01000000/" + kNode.str() + "-2026-11-23-03-1795404325503881706.jsonl.gz");
  EXPECT_EQ(keys.journal(kSession, {JournalKind::rejected_events, std::nullopt, kNode, kOpened}, false),
            node + "rejected_events/" + kNode.str() + "-2026-11-23-03-1795404325503881706.jsonl");
}

TEST(ObjectKeys, HaveTheOwnersLevels) {
  const ObjectKeys job("root", place(OwnerKind::rayjob));
  EXPECT_EQ(job.marker(kSession), "root/cluster-metadata/rayjob/default_myjob_full/" + kSession.str());
  EXPECT_EQ(job.session_prefix(kSession),
            "root/cluster-history/rayjob/default/myjob/full/" + kSession.str() + "/");
  const ObjectKeys service("root", place(OwnerKind::rayservice));
  EXPECT_EQ(service.marker(kSession),
            "root/cluster-metadata/rayservice/default_myjob_full/" + kSession.str());
}

TEST(ObjectKeys, DropSlashesThatTheRootHasTooMany) {
  for (const char* root : {"a/b", "/a/b", "a/b/", "//a//b//"}) {
    EXPECT_EQ(ObjectKeys(root, place(std::nullopt)).marker(kSession),
              "a/b/cluster-metadata/raycluster/default_full/" + kSession.str());
  }
  EXPECT_EQ(ObjectKeys("/", place(std::nullopt)).marker(kSession),
            "cluster-metadata/raycluster/default_full/" + kSession.str());
}

TEST(ObjectKeys, OfEndpointsKeepTheQuery) {
  const ObjectKeys keys("", place(std::nullopt));
  const std::string folder = keys.session_prefix(kSession) + "fetched_endpoints/";
  const std::pair<const char*, const char*> endpoints[] = {
      {"/api/v0/placement_groups?detail=1&limit=10000",
       "restful__api__v0__placement_groups?detail=1&limit=10000"},
      {"/api/serve/applications/", "restful__api__serve__applications"},
      {"/timezone", "restful__timezone"},
      {"api/jobs", "restful__api__jobs"},
      {"/api/data/datasets/01000000", "restful__api__data__datasets__01000000"},
  };
  for (const auto& [endpoint, name] : endpoints)
    EXPECT_EQ(keys.fetched_endpoint(kSession, endpoint), folder + name);
}

TEST(ParseObjectKey, GivesBackWhatEveryKeyWasBuiltFrom) {
  for (const char* root : {"", "root", "/deep/er/"}) {
    for (const std::optional<OwnerKind> owner : {std::optional<OwnerKind>(), std::optional(OwnerKind::rayjob),
                                                 std::optional(OwnerKind::rayservice)}) {
      const ClusterPlace expected = place(owner);
      const ObjectKeys keys(root, expected);
      std::vector<std::string> all = {keys.marker(kSession), keys.log(kSession, kNode, "raylet.out"),
                                      keys.log(kSession, kNode, "serve/\xc3\xa9 %2F+?=&.log"),
                                      keys.fetched_endpoint(kSession, "/api/jobs/?a=b")};
      for (const bool gzip : {false, true}) {
        for (const JournalKind kind :
             {JournalKind::node_events, JournalKind::job_events, JournalKind::rejected_events}) {
          std::optional<JobId> job;
          if (kind == JournalKind::job_events) job = kJob;
          const JournalName name{kind, job, kNode, kOpened};
          all.push_back(keys.journal(kSession, name, gzip));
          const std::optional<ParsedKey> parsed = parse_object_key(root, all.back());
          ASSERT_TRUE(parsed && std::holds_alternative<JournalKey>(*parsed)) << all.back();
          EXPECT_EQ(std::get<JournalKey>(*parsed).name, name);
          EXPECT_EQ(std::get<JournalKey>(*parsed).gzip, gzip);
        }
      }
      for (const std::string& key : all) {
        expect_round_trip(root, key);
        EXPECT_EQ(place_of(*parse_object_key(root, key)), expected) << key;
      }
    }
  }
}

// As KubeRay's collector wrote them for a Ray 2.60 session.
TEST(ParseObjectKey, KnowsTheKeysOfARecordedSession) {
  const std::string session =
      "cluster-history/rayjob/default/myjob/full/session_2026-11-23_03-25-19_402666_11/";
  const std::string node = session + "b956a7677f4cf5b7383596242c580429383e9f347e4221780fbed607/";
  const std::string event_of = "b956a7677f4cf5b7383596242c580429383e9f347e4221780fbed607-2026-11-23-03-";
  for (const std::string& key : {
           std::string("cluster-metadata/rayjob/default_myjob_full/session_2026-11-23_03-25-19_402666_11"),
           session + "fetched_endpoints/restful__timezone",
           session + "fetched_endpoints/restful__api__v0__cluster_metadata",
           session + "fetched_endpoints/restful__api__v0__placement_groups?detail=1&limit=10000",
           session + "fetched_endpoints/restful__api__serve__applications",
           fmt::format("{}job_events/05000000/{}1795404356233927719.jsonl", node, event_of),
           fmt::format("{}node_events/{}1795404324660003548.jsonl", node, event_of),
           node + "logs/raylet.out",
           node + "logs/ray-data/ray-data.log",
           node + "logs/events/event_CORE_WORKER_1034.log",
           node + "logs/worker-2f30860f396862bf83d6eabe82c0323bcd14fb2dad1cbcf08601c9a5-ffffffff-464.err",
           node + "logs/zz_rot.rotated.1795404330000000000-77.out",
       })
    expect_round_trip("", key);
}

TEST(ParseObjectKey, TakesTheHourOfAnotherTimeZone) {
  const std::string utc =
      ObjectKeys("", place(std::nullopt))
          .journal(kSession, {JournalKind::node_events, std::nullopt, kNode, kOpened}, false);
  std::string local = utc;
  local.replace(local.find("-03-1795"), 4, "-04-");
  ASSERT_NE(local, utc);
  const std::optional<ParsedKey> parsed = parse_object_key("", local);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(std::visit(Rebuild{""}, *parsed), utc);
}

TEST(ParseObjectKey, RefusesWhatIsNoneOfOurs) {
  const std::string session = "cluster-history/raycluster/default/full/s1/";
  const std::string node = session + "abcd/";
  for (const std::string& key : {
           std::string(),
           std::string("/"),
           std::string("cluster-history"),
           std::string("cluster-history/raycluster/default/full/s1"),
           std::string("cluster-metadata/raycluster/default_full/"),
           std::string("cluster-metadata/raycluster/default_full"),
           std::string("cluster-metadata/raycluster/default_full/s1/"),
           std::string("cluster-metadata/raycluster/default_full/s1/x"),
           std::string("cluster-metadata/raycluster/default_full_x/s1"),
           std::string("cluster-metadata/raycluster/default/s1"),
           std::string("cluster-metadata/rayjob/default_full/s1"),
           std::string("cluster-metadata/rayjob/default_a_b_c/s1"),
           std::string("cluster-metadata/raycluster/default_full/.."),
           std::string("cluster-metadata/RayCluster/default_full/s1"),
           std::string("cluster-history/raycluster/../full/s1/abcd/logs/x"),
           std::string("cluster-history/rayjob/default/full/s1/abcd/logs/x"),
           std::string("/cluster-history/raycluster/default/full/s1/abcd/logs/x"),
           std::string("other/raycluster/default_full/s1"),
           session,
           session + "fetched_endpoints",
           session + "fetched_endpoints/",
           session + "fetched_endpoints/restful__",
           session + "fetched_endpoints/other",
           session + "fetched_endpoints/restful__a/b",
           session + "NODE/logs/x",
           session + "abc/logs/x",
           node,
           node + "logs",
           node + "logs/",
           node + "logs//x",
           node + "logs/x/",
           node + "logs/../x",
           node + "logs/a/../../x",
           node + "logs/./x",
           node + std::string("logs/a\0b", 8),
           node + "unknown/x",
           node + "node_events/",
           node + "node_events/x/abcd-2026-11-23-03-1.jsonl",
           node + "node_events/ef01-2026-11-23-03-1.jsonl",
           node + "node_events/abcd-2026-11-23-03-1.json",
           node + "node_events/abcd-2026-11-23-03-1.gz",
           node + "node_events/abcd-2026-11-23-03-1.jsonl.gz.gz",
           node + "node_events/abcd-2026-11-23-03-.jsonl",
           node + "node_events/abcd-2026-11-23-03-01.jsonl",
           node + "node_events/abcd-2026-11-23-03--1.jsonl",
           node + "node_events/abcd-2026-11-23-03-1x.jsonl",
           node + "node_events/abcd-2026-11-23-03-99999999999999999999.jsonl",
           node + "node_events/abcd-2026-11-23-3-1.jsonl",
           node + "node_events/abcd-1.jsonl",
           node + "job_events/abcd-2026-11-23-03-1.jsonl",
           node + "job_events/../abcd-2026-11-23-03-1.jsonl",
           node + "job_events//abcd-2026-11-23-03-1.jsonl",
           node + "job_events/01000000/x/abcd-2026-11-23-03-1.jsonl",
       })
    EXPECT_FALSE(parse_object_key("", key)) << key;
}

TEST(ParseObjectKey, RefusesKeysOutsideTheRoot) {
  const std::string key = "cluster-metadata/raycluster/default_full/s1";
  EXPECT_TRUE(parse_object_key("", key));
  EXPECT_FALSE(parse_object_key("root", key));
  EXPECT_TRUE(parse_object_key("root", "root/" + key));
  EXPECT_FALSE(parse_object_key("root", "root2/" + key));
  EXPECT_FALSE(parse_object_key("root", "root//" + key));
  EXPECT_FALSE(parse_object_key("", "root/" + key));
}

TEST(ObjectKeysDeathTest, NeverLeaveTheLogsFolder) {
  const ObjectKeys keys("", place(std::nullopt));
  for (const char* path : {"", "/etc/passwd", "../x", "a//b", "a/"})
    EXPECT_DEATH((void)keys.log(kSession, kNode, path), "check failed") << path;
}

}  // namespace
}  // namespace rayhistory
