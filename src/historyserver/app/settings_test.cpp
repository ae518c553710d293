#include "historyserver/app/settings.h"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rayhistory::historyserver {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using Variables = std::map<std::string, std::string, std::less<>>;

ParsedHistorySettings parse(const std::vector<std::string>& arguments, const Variables& variables = {}) {
  return parse_history_settings(arguments, [&](std::string_view name) -> std::optional<std::string> {
    const auto variable = variables.find(name);
    if (variable == variables.end()) return std::nullopt;
    return variable->second;
  });
}

TEST(HistorySettings, HaveKubeRaysDefaults) {
  const ParsedHistorySettings parsed = parse({"--storage-backend=s3"});
  EXPECT_THAT(parsed.errors, IsEmpty());
  EXPECT_THAT(parsed.warnings, IsEmpty());
  ASSERT_TRUE(parsed.settings);
  EXPECT_EQ(parsed.settings->storage.backend, Backend::s3);
  EXPECT_EQ(parsed.settings->storage.s3.bucket, "ray-historyserver");
  EXPECT_EQ(parsed.settings->serving.listen_port, 8080);
  EXPECT_EQ(parsed.settings->serving.dashboard_folder, "/dashboard");
  EXPECT_EQ(parsed.settings->serving.load_time, Seconds(120));
  EXPECT_EQ(parsed.settings->serving.cache_sessions, 100u);
  EXPECT_EQ(parsed.settings->serving.cache_bytes, 2ull << 30);
  EXPECT_EQ(parsed.settings->serving.cache_lifetime, Nanoseconds::zero());
  EXPECT_FALSE(parsed.settings->serving.live_clusters);
  EXPECT_EQ(parsed.settings->kubernetes.kubeconfig, "");
  EXPECT_FALSE(parsed.settings->kubernetes.default_kubeconfig);
  EXPECT_FALSE(parsed.settings->serving.heads.through_kubernetes);
  EXPECT_FALSE(parsed.settings->serving.heads.token_mode);
  EXPECT_EQ(parsed.settings->serving.kubernetes_rate.per_second, 100u);
  EXPECT_EQ(parsed.settings->serving.kubernetes_rate.burst, 200u);
}

TEST(HistorySettings, FindKubernetesAsAPodIsTold) {
  const ParsedHistorySettings parsed =
      parse({"--storage-backend=local", "--enable-live-clusters", "--use-kubernetes-proxy",
             "--kubeconfigs=/k", "--kube-api-qps=7"},
            {{"KUBERNETES_SERVICE_HOST", "10.0.0.1"},
             {"KUBERNETES_SERVICE_PORT", "443"},
             {"KUBECONFIG", "/mine"},
             {"HOME", "/root"}});
  ASSERT_TRUE(parsed.settings);
  const KubernetesPlaces& places = parsed.settings->kubernetes;
  EXPECT_EQ(places.kubeconfig, "/k");
  EXPECT_TRUE(places.default_kubeconfig);
  EXPECT_EQ(places.kubeconfig_variable, "/mine");
  EXPECT_EQ(places.home, "/root");
  EXPECT_EQ(places.service_host, "10.0.0.1");
  EXPECT_EQ(places.service_port, "443");
  EXPECT_EQ(parsed.settings->serving.kubernetes_rate.per_second, 7u);
}

TEST(HistorySettings, SayThatKubernetesIsNotAskedWithoutLiveClusters) {
  for (const char* flag : {"--use-kubernetes-proxy", "--kubeconfigs=/k", "--use-auth-token-mode"}) {
    const ParsedHistorySettings parsed = parse({"--storage-backend=local", flag});
    EXPECT_THAT(parsed.warnings, ElementsAre(HasSubstr("--enable-live-clusters"))) << flag;
    EXPECT_THAT(parse({"--storage-backend=local", "--enable-live-clusters", flag}).warnings, IsEmpty());
    EXPECT_THAT(parse({"--storage-backend=local", "--enable-live-clusters=true", flag}).warnings, IsEmpty());
    EXPECT_FALSE(parse({"--storage-backend=local", flag}, {{"ENABLE_LIVE_CLUSTERS", "true"}})
                     .settings->serving.live_clusters);
  }
}

// The deployment that KubeRay 1.7 comes with, and the flag that 1.7.1 wants for the same.
TEST(HistorySettings, TakeKubeRaysManifest) {
  const ParsedHistorySettings parsed = parse(
      {"--storage-backend=s3", "--storage-root-dir=log", "--kubeconfigs=", "--use-kubernetes-proxy=false",
       "--use-auth-token-mode", "--enable-live-clusters", "--kube-api-qps=100", "--kube-api-burst", "200",
       "--session-cache-size=10", "--session-cache-max-memory=500Mi", "--session-cache-ttl=1h",
       "--session-process-timeout=5m", "--dashboard-dir=/d"},
      {{"S3_BUCKET", "b"}, {"S3_ENDPOINT", "minio:9000"}, {"S3FORCE_PATH_STYLE", "true"}});
  EXPECT_THAT(parsed.errors, IsEmpty());
  EXPECT_THAT(parsed.warnings, IsEmpty());
  ASSERT_TRUE(parsed.settings);
  EXPECT_EQ(parsed.settings->serving.root, "log");
  EXPECT_EQ(parsed.settings->storage.s3.bucket, "b");
  EXPECT_EQ(parsed.settings->serving.cache_sessions, 10u);
  EXPECT_EQ(parsed.settings->serving.cache_bytes, 500u << 20);
  EXPECT_EQ(parsed.settings->serving.cache_lifetime, std::chrono::hours(1));
  EXPECT_EQ(parsed.settings->serving.load_time, std::chrono::minutes(5));
  EXPECT_TRUE(parsed.settings->serving.heads.token_mode);
  EXPECT_FALSE(parsed.settings->serving.heads.through_kubernetes);
  EXPECT_EQ(parsed.settings->serving.kubernetes_rate.burst, 200u);
}

TEST(HistorySettings, CallAFolderAsKubeRayDoes) {
  const ParsedHistorySettings parsed =
      parse({}, {{"STORAGE_BACKEND", "localtest"}, {"LOCAL_STORAGE_DIR", "/x"}});
  ASSERT_TRUE(parsed.settings);
  EXPECT_EQ(parsed.settings->storage.backend, Backend::local);
  EXPECT_EQ(parsed.settings->storage.local_folder, "/x");
}

TEST(HistorySettings, NameEveryBackendWhereThereIsNone) {
  EXPECT_THAT(parse({}).errors, ElementsAre(HasSubstr("s3, azureblob, gcs, aliyunoss, oci, local")));
}

TEST(HistorySettings, WarnOfWhatCannotBeRead) {
  for (const char* flag :
       {"--session-cache-size=0", "--session-cache-max-memory=lots", "--session-cache-ttl=-1s",
        "--session-process-timeout=0s", "--listen-port=0", "--listen-address=a b"}) {
    const ParsedHistorySettings parsed = parse({"--storage-backend=local", flag});
    EXPECT_THAT(parsed.errors, IsEmpty()) << flag;
    EXPECT_THAT(parsed.warnings, ElementsAre(HasSubstr("expected"))) << flag;
  }
}

TEST(HistorySettings, SayWhatToDoInsteadOfRunning) {
  EXPECT_EQ(parse({"--help"}).action, ProgramAction::help);
  EXPECT_EQ(parse({"--version"}).action, ProgramAction::version);
  EXPECT_THAT(history_help_text(), HasSubstr("--session-cache-max-memory=QUANTITY"));
}

// `RAYHISTORY_WRITE_DOCS=1 history_app_test --gtest_filter='*Document*'` writes the document anew.
TEST(HistorySettingsDocument, IsWhatTheTableSays) {
  const std::string path = std::string(RAYHISTORY_SOURCE_FOLDER) + "/docs/historyserver-settings.md";
  if (std::getenv("RAYHISTORY_WRITE_DOCS") != nullptr)
    std::ofstream(path, std::ios::binary) << history_settings_markdown();
  std::ifstream file(path, std::ios::binary);
  const std::string document{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  EXPECT_TRUE(document == history_settings_markdown())
      << path << " is out of date: run history_app_test --gtest_filter='*Document*' with "
      << "RAYHISTORY_WRITE_DOCS=1 in its environment";
}

}  // namespace
}  // namespace rayhistory::historyserver
