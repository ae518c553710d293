#include "layout/local_path.h"

#include <gtest/gtest.h>

namespace rayhistory {
namespace {

const SessionName kSession = *SessionName::parse("session_2026-11-23_03-25-19_402666_11");
const std::string kNodeHex = "b956a7677f4cf5b7383596242c580429383e9f347e4221780fbed607";
const NodeId kNode = *NodeId::parse(kNodeHex);

TEST(RayFolder, IsLaidOutAsRayDoes) {
  const RayFolder ray(SharedPath(SharedTree::open("/tmp/ray")));
  EXPECT_EQ(ray.session_latest().str(), "/tmp/ray/session_latest");
  EXPECT_EQ(ray.logs(kSession).str(), "/tmp/ray/session_2026-11-23_03-25-19_402666_11/logs");
  EXPECT_EQ(ray.raylet_socket(kSession).str(),
            "/tmp/ray/session_2026-11-23_03-25-19_402666_11/sockets/raylet");
}

TEST(PortFile, NamesTheNode) {
  EXPECT_EQ(node_id_of_port_file("metrics_agent_port_" + kNodeHex), kNode);
  EXPECT_EQ(node_id_of_port_file("runtime_env_agent_port_" + kNodeHex), kNode);
  for (const std::string& name :
       {std::string("ports_by_node.json"), "_port_" + kNodeHex, "port_" + kNodeHex,
        std::string("metrics_agent_port_8080"), "metrics_agent_port_" + kNodeHex + ".tmp",
        "metrics_agent_port_" + kNodeHex.substr(2), std::string("metrics_agent_port_")})
    EXPECT_FALSE(node_id_of_port_file(name)) << name;
}

TEST(JournalFolder, HasAFolderAClusterASessionAndAKind) {
  const JournalFolder folder(SharedPath(SharedTree::open("/data")), *DnsName::parse("full"),
                             *DnsName::parse("default"));
  const std::string session = "/data/full_default/" + kSession.str();
  EXPECT_EQ(folder.root().str(), "/data/full_default");
  EXPECT_EQ(folder.file(kSession, {JournalKind::node_events, std::nullopt, kNode, 17}).str(),
            session + "/node_events/" + kNodeHex + "_17.jsonl");
  EXPECT_EQ(folder.file(kSession, {JournalKind::job_events, JobId::parse("01000000"), kNode, 17}).str(),
            session + "/job_events/01000000/" + kNodeHex + "_17.jsonl");
  EXPECT_EQ(folder.file(kSession, {JournalKind::rejected_events, std::nullopt, kNode, 17}).str(),
            session + "/rejected_events/" + kNodeHex + "_17.jsonl");
}

TEST(JournalFolder, ParsesWhatItNames) {
  const JournalFolder folder(SharedPath(SharedTree::open("/data")), *DnsName::parse("full"),
                             *DnsName::parse("default"));
  for (const SessionName& session : {kSession, unknown_session()}) {
    for (const NodeId& node : {kNode, unknown_node()}) {
      for (const JournalName& name : {JournalName{JournalKind::node_events, std::nullopt, node, 0},
                                      JournalName{JournalKind::job_events, JobId::parse("x.y"), node, 1},
                                      JournalName{JournalKind::rejected_events, std::nullopt, node, 9}}) {
        for (const bool gzip : {false, true}) {
          const std::string path =
              folder.file(session, name).relative().substr(folder.root().relative().size() + 1);
          const std::optional<JournalFolder::Found> found = JournalFolder::parse(path + (gzip ? ".gz" : ""));
          ASSERT_TRUE(found) << path;
          EXPECT_EQ(found->session, session);
          EXPECT_EQ(found->name, name);
          EXPECT_EQ(found->gzip, gzip);
        }
      }
    }
  }
}

TEST(JournalFolder, ParsesNothingElse) {
  for (const char* path : {"",
                           "s1",
                           "s1/node_events",
                           "s1/node_events/",
                           "s1/node_events/abcd_1.jsonl.tmp",
                           "s1/node_events/abcd_1.gz",
                           "s1/node_events/abcd_1",
                           "s1/node_events/abcd.jsonl",
                           "s1/node_events/abcd_.jsonl",
                           "s1/node_events/abcd_01.jsonl",
                           "s1/node_events/abcd_-1.jsonl",
                           "s1/node_events/abcd_-0.jsonl",
                           "s1/node_events/abcd_1_2.jsonl",
                           "s1/node_events/ABCD_1.jsonl",
                           "s1/node_events/x/abcd_1.jsonl",
                           "s1/job_events/abcd_1.jsonl",
                           "s1/job_events/../abcd_1.jsonl",
                           "s1/job_events/j/x/abcd_1.jsonl",
                           "../node_events/abcd_1.jsonl",
                           "/s1/node_events/abcd_1.jsonl",
                           "s1/other/abcd_1.jsonl",
                           "s1/node_events/abcd_99999999999999999999.jsonl"})
    EXPECT_FALSE(JournalFolder::parse(path)) << path;
}

TEST(UnknownNames, AreNamesThemselves) {
  EXPECT_EQ(unknown_session().str(), "session_unknown");
  EXPECT_EQ(unknown_node().str(), "00");
}

}  // namespace
}  // namespace rayhistory
