#include "collector/settings.h"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/duration.h"
#include "collector/settings_table.h"
#include "testing/temporary_folder.h"

namespace rayhistory::collector {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

using Action = ParsedSettings::Action;
using Variables = std::map<std::string, std::string, std::less<>>;

ParsedSettings parse(const std::vector<std::string>& arguments, const Variables& variables = {}) {
  return parse_settings(arguments, [&](std::string_view name) -> std::optional<std::string> {
    const auto variable = variables.find(name);
    if (variable == variables.end()) return std::nullopt;
    return variable->second;
  });
}

const std::vector<std::string> kRequired = {"--ray-cluster-name=full", "--storage-backend=local"};

std::vector<std::string> required_and(const std::vector<std::string>& more) {
  std::vector<std::string> arguments = kRequired;
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

// What parses without a word.
Settings settings_of(const std::vector<std::string>& more, const Variables& variables = {}) {
  ParsedSettings parsed = parse(required_and(more), variables);
  EXPECT_THAT(parsed.errors, IsEmpty());
  EXPECT_THAT(parsed.warnings, IsEmpty());
  return std::move(parsed.settings).value();
}

std::string all_text_of(const ParsedSettings& parsed) {
  std::string text = parsed.summary;
  for (const std::string& line : parsed.warnings)
    text += "\n" + line;
  for (const std::string& line : parsed.errors)
    text += "\n" + line;
  return text;
}

TEST(Settings, HaveTheDefaultsThatTheFieldExpects) {
  const Settings settings = settings_of({});
  EXPECT_EQ(settings.role, Role::worker);
  EXPECT_EQ(settings.cluster.name_space.str(), "default");
  EXPECT_EQ(settings.cluster.owner, std::nullopt);
  EXPECT_EQ(settings.storage.root, "");
  EXPECT_EQ(settings.storage.local_folder, "./ray-historyserver");
  EXPECT_EQ(settings.storage.upload_concurrency, 16u);
  EXPECT_EQ(settings.storage.s3.bucket, "ray-historyserver");
  EXPECT_FALSE(settings.storage.s3.force_path_style);
  EXPECT_TRUE(settings.events.enabled);
  EXPECT_EQ(settings.events.port, 8084);
  EXPECT_EQ(settings.events.address, "");
  EXPECT_EQ(settings.events.data_folder, "/tmp/ray/event-data");
  EXPECT_EQ(settings.events.rotation_interval, std::chrono::minutes(5));
  EXPECT_EQ(settings.events.max_file_bytes, 100u << 20);
  EXPECT_EQ(settings.events.max_disk_bytes, 200u << 20);
  EXPECT_FALSE(settings.events.gzip);
  EXPECT_TRUE(settings.logs.enabled);
  EXPECT_EQ(settings.logs.push_interval, std::chrono::minutes(1));
  EXPECT_EQ(settings.logs.objects_per_round, 1000u);
  EXPECT_EQ(settings.logs.rotated_scan_interval, Seconds(30));
  EXPECT_EQ(settings.dashboard.address.str(), "http://localhost:8265/");
  EXPECT_EQ(settings.dashboard.poll_interval, Seconds(30));
  EXPECT_THAT(settings.dashboard.additional_endpoints, IsEmpty());
  EXPECT_EQ(settings.node.ray_folder, "/tmp/ray");
  EXPECT_EQ(settings.node.dashboard_port, "8265");
  EXPECT_EQ(settings.program.metrics_port, 8085);
  EXPECT_EQ(settings.program.shutdown_timeout, Seconds(25));
  EXPECT_EQ(settings.program.log_level, LogLevel::info);
  EXPECT_EQ(settings.program.log_format, LogFormat::text);
}

TEST(Settings, TakeWhatTheOperatorGivesTheSidecar) {
  const Settings settings = settings_of({}, {{"POD_IP", "10.0.0.7"},
                                             {"RAY_CLUSTER_NAME", "raycluster-x"},
                                             {"RAY_CLUSTER_NAMESPACE", "prod"},
                                             {"RAY_ROLE", "Head"},
                                             {"EVENTS_PORT", "8084"},
                                             {"FQ_RAY_IP", "raycluster-x-head-svc.prod.svc.cluster.local"},
                                             {"OWNER_KIND", "RayJob"},
                                             {"OWNER_NAME", "my-job"},
                                             {"RAY_DASHBOARD_ADDRESS", "http://localhost:8265"},
                                             {"STORAGE_BACKEND", "S3"},
                                             {"S3_ENDPOINT", "minio-service.minio-dev:9000"},
                                             {"S3FORCE_PATH_STYLE", "true"},
                                             {"S3DISABLE_SSL", "true"},
                                             {"AWS_ACCESS_KEY_ID", "minioadmin"},
                                             {"AWS_SECRET_ACCESS_KEY", "minioadmin"}});
  EXPECT_EQ(settings.role, Role::head);
  EXPECT_EQ(settings.cluster.name_space.str(), "prod");
  EXPECT_EQ(settings.cluster.cluster.str(), "raycluster-x");
  ASSERT_TRUE(settings.cluster.owner);
  EXPECT_EQ(settings.cluster.owner->kind, OwnerKind::rayjob);
  EXPECT_EQ(settings.cluster.owner->name.str(), "my-job");
  EXPECT_EQ(settings.storage.backend, Backend::s3);
  EXPECT_EQ(settings.storage.s3.endpoint, "minio-service.minio-dev:9000");
  EXPECT_TRUE(settings.storage.s3.force_path_style);
  EXPECT_TRUE(settings.storage.s3.disable_ssl);
  EXPECT_EQ(settings.storage.s3.aws.keys.access_key_id, "minioadmin");
  EXPECT_EQ(settings.node.pod_ip, "10.0.0.7");
  EXPECT_EQ(settings.node.fq_ray_ip, "raycluster-x-head-svc.prod.svc.cluster.local");
}

// The collector container of the manifests that KubeRay 1.6 came with.
TEST(Settings, TakeTheNamesOfKubeRay1_6) {
  const ParsedSettings parsed =
      parse({"--role=Head", "--runtime-class-name=s3", "--ray-cluster-name=raycluster-historyserver",
             "--ray-root-dir=log", "--events-port=8084"},
            {{"AWS_S3ID", "minioadmin"},
             {"AWS_S3SECRET", "minioadmin-secret"},
             {"AWS_S3TOKEN", ""},
             {"S3_BUCKET", "ray-historyserver"}});
  EXPECT_THAT(parsed.errors, IsEmpty());
  EXPECT_THAT(parsed.warnings, IsEmpty());
  ASSERT_TRUE(parsed.settings.has_value());
  const StorageSettings& storage = parsed.settings->storage;
  EXPECT_EQ(storage.backend, Backend::s3);
  EXPECT_EQ(storage.root, "log");
  EXPECT_EQ(storage.s3.older_keys.access_key_id, "minioadmin");
  EXPECT_EQ(storage.s3.older_keys.secret_access_key, "minioadmin-secret");
  EXPECT_EQ(storage.s3.older_keys.session_token, "");
  EXPECT_THAT(all_text_of(parsed), Not(HasSubstr("minioadmin")));
}

TEST(Settings, LetThePresentNameWinOverTheFormerOne) {
  EXPECT_EQ(settings_of({"--storage-root-dir=now", "--ray-root-dir=former"}).storage.root, "now");
  EXPECT_EQ(settings_of({}, {{"STORAGE_ROOT_DIR", "now"}, {"RAY_ROOT_DIR", "former"}}).storage.root, "now");
  EXPECT_EQ(settings_of({"--storage-root-dir=flag"}, {{"RAY_ROOT_DIR", "former"}}).storage.root, "former");
  const ParsedSettings parsed = parse({"--ray-cluster-name=full"}, {{"RUNTIME_CLASS_NAME", "nowhere"}});
  EXPECT_THAT(parsed.errors, ElementsAre(HasSubstr("\"nowhere\" is none")));
}

TEST(Settings, LetAVariableThatIsNotEmptyWinOverItsFlag) {
  EXPECT_EQ(settings_of({"--events-port=1000"}, {{"EVENTS_PORT", "2000"}}).events.port, 2000);
  EXPECT_EQ(settings_of({"--events-port=1000"}, {{"EVENTS_PORT", ""}}).events.port, 1000);
}

TEST(Settings, LetAKeyOfTheFileWinOverAVariable) {
  const TemporaryFolder folder;
  const std::string path =
      folder.write("data", R"({"s3Bucket": "from-file", "s3ForcePathStyle": "true", "s3Region": ""})");
  const Settings settings = settings_of({"--storage-backend-config-path", path},
                                        {{"S3_BUCKET", "from-variable"}, {"S3_REGION", "eu-north-1"}});
  EXPECT_EQ(settings.storage.s3.bucket, "from-file");
  EXPECT_TRUE(settings.storage.s3.force_path_style);
  EXPECT_EQ(settings.storage.s3.region, "eu-north-1");
}

TEST(Settings, TakeEveryKeyOfTheFile) {
  const TemporaryFolder folder;
  const std::string path = folder.write("data", R"({
    "s3Bucket": "1", "s3Endpoint": "2", "s3Region": "3", "s3ForcePathStyle": "true", "s3DisableSSL": "true",
    "azureContainer": "4", "azureConnectionString": "5", "azureAccountURL": "6", "azureAuthMode": "7",
    "gcsBucket": "8", "ossRegion": "9", "ossBucket": "10", "ossEndpoint": "11"})");
  const StorageSettings storage = settings_of({"--storage-backend-config-path=" + path}).storage;
  EXPECT_EQ(storage.s3.bucket + storage.s3.endpoint + storage.s3.region, "123");
  EXPECT_TRUE(storage.s3.force_path_style && storage.s3.disable_ssl);
  EXPECT_EQ(storage.azure_blob.container + storage.azure_blob.connection_string +
                storage.azure_blob.account_url + storage.azure_blob.auth_mode,
            "4567");
  EXPECT_EQ(storage.gcs.bucket, "8");
  EXPECT_EQ(storage.aliyun_oss.region + storage.aliyun_oss.bucket + storage.aliyun_oss.endpoint, "91011");
}

TEST(Settings, WarnOfAKeyOfTheFileThatNobodyKnows) {
  const TemporaryFolder folder;
  const std::string path = folder.write("data", R"({"s3bucket": "x"})");
  const ParsedSettings parsed = parse(required_and({"--storage-backend-config-path=" + path}));
  EXPECT_THAT(parsed.errors, IsEmpty());
  EXPECT_THAT(parsed.warnings, ElementsAre(AllOf(HasSubstr(path), HasSubstr("s3bucket"))));
}

TEST(Settings, RefuseAFileThatCannotBeRead) {
  const ParsedSettings parsed = parse(required_and({"--storage-backend-config-path=/nowhere/data"}));
  EXPECT_THAT(parsed.errors,
              ElementsAre(AllOf(HasSubstr("--storage-backend-config-path"), HasSubstr("/nowhere/data"))));
  EXPECT_FALSE(parsed.settings);
}

TEST(Settings, AreReadInAnyCaseWhereTheFieldWritesThemInMany) {
  for (const char* role : {"Head", "head", "HEAD", " head "})
    EXPECT_EQ(settings_of({"--role", role}).role, Role::head);
  EXPECT_EQ(settings_of({"--storage-backend=AliyunOSS"}).storage.backend, Backend::aliyunoss);
  EXPECT_EQ(settings_of({"--owner-kind=RAYSERVICE", "--owner-name=x"}).cluster.owner->kind,
            OwnerKind::rayservice);
}

TEST(Settings, TakeARayClusterAsNoOwner) {
  EXPECT_EQ(settings_of({"--owner-kind=RayCluster", "--owner-name=x"}).cluster.owner, std::nullopt);
  EXPECT_EQ(settings_of({"--owner-kind=raycluster"}).cluster.owner, std::nullopt);
}

TEST(Settings, RefuseHalfAnOwnerAndUnknownKinds) {
  EXPECT_THAT(parse(required_and({"--owner-kind=rayjob"})).errors, ElementsAre(HasSubstr("both or neither")));
  EXPECT_THAT(parse(required_and({"--owner-name=x"})).errors, ElementsAre(HasSubstr("both or neither")));
  EXPECT_THAT(parse(required_and({"--owner-kind=job", "--owner-name=x"})).errors,
              ElementsAre(HasSubstr("\"job\"")));
  EXPECT_THAT(parse(required_and({"--owner-kind=rayjob", "--owner-name=a_b"})).errors,
              ElementsAre(AllOf(HasSubstr("OWNER_NAME"), HasSubstr("a_b"))));
}

TEST(Settings, ReportAllThatCannotWorkAtOnce) {
  const ParsedSettings parsed = parse(
      {"--role=boss", "--ray-cluster-namespace=Prod", "--owner-name=x", "--enable-event-collector=false",
       "--enable-log-collector=false", "--storage-backend-config-path=/nowhere", "--speed=9"},
      {{"RAY_AUTH_MODE", "token"}});
  EXPECT_FALSE(parsed.settings);
  EXPECT_THAT(parsed.errors, SizeIs(9));
  const std::string all = all_text_of(parsed);
  for (const char* word : {"--speed", "/nowhere", "RAY_ROLE", "RAY_CLUSTER_NAME)", "RAY_CLUSTER_NAMESPACE",
                           "both or neither", "STORAGE_BACKEND", "RAY_AUTH_MODE", "nothing is left to do"})
    EXPECT_THAT(all, HasSubstr(word));
}

TEST(Settings, NameEveryBackendWhereThereIsNone) {
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"--ray-cluster-name=x"},
        std::vector<std::string>{"--ray-cluster-name=x", "--storage-backend=disk"}})
    EXPECT_THAT(parse(arguments).errors, ElementsAre(HasSubstr("s3, azureblob, gcs, aliyunoss, oci, local")));
}

TEST(Settings, RefuseARootThatNoStoreKeeps) {
  for (const char* root : {"..", "a/../b", "./a", "a/."}) {
    EXPECT_THAT(parse(required_and({"--storage-root-dir", root})).errors,
                ElementsAre(AllOf(HasSubstr("STORAGE_ROOT_DIR"), HasSubstr(root))));
  }
  EXPECT_EQ(settings_of({"--storage-root-dir=/a/.b/"}).storage.root, "/a/.b/");
}

TEST(Settings, WantATokenWhereTheAuthModeIsToken) {
  EXPECT_THAT(parse(kRequired, {{"RAY_AUTH_MODE", "token"}}).errors,
              ElementsAre(HasSubstr("RAY_AUTH_TOKEN")));
  EXPECT_TRUE(settings_of({}, {{"RAY_AUTH_MODE", "token"}, {"RAY_AUTH_TOKEN", "t"}}).dashboard.auth.required);
  EXPECT_TRUE(settings_of({}, {{"RAY_AUTH_MODE", "token"}, {"RAY_ENABLE_K8S_TOKEN_AUTH", "true"}})
                  .dashboard.auth.service_account);
  EXPECT_FALSE(settings_of({}, {{"RAY_AUTH_MODE", "disabled"}}).dashboard.auth.required);
}

TEST(Settings, LetOneOfTheTwoCollectorsBeOff) {
  EXPECT_FALSE(settings_of({"--enable-event-collector=false"}).events.enabled);
  EXPECT_FALSE(settings_of({}, {{"ENABLE_LOG_COLLECTOR", "False"}}).logs.enabled);
}

TEST(Settings, WarnOfATuningValueThatCannotBeReadAndUseItsDefault) {
  const std::pair<const char*, std::vector<const char*>> refused[] = {
      {"PUSH_INTERVAL", {"soon", "60", "0", "-1m", "99999h", "0s"}},
      {"EVENTS_PORT", {"0", "65536", "http", "-1", "80 80"}},
      {"METRICS_PORT", {"65536", "x"}},
      {"EVENTS_ADDRESS", {"0.0.0.0,::", "a b", "http://x/"}},
      {"LOG_BATCHING", {"0", "many", "1.5", "99999999999999999999"}},
      {"UPLOAD_CONCURRENCY", {"0", "257"}},
      {"RAY_COLLECTOR_EVENT_MAX_FILE_SIZE_MB", {"0", "100MB", "99999999999999"}},
      {"RAY_COLLECTOR_EVENT_COMPRESSION_ENABLED", {"yes", "2"}},
      {"RAY_DASHBOARD_ADDRESS", {"ftp://x", "http://"}},
      {"RAY_DASHBOARD_PORT", {"0", "x"}},
      {"LOG_LEVEL", {"loud"}},
      {"LOG_FORMAT", {"xml"}},
  };
  for (const auto& [variable, values] : refused) {
    for (const char* value : values) {
      const ParsedSettings parsed = parse(kRequired, {{variable, value}});
      EXPECT_THAT(parsed.errors, IsEmpty()) << variable << "=" << value;
      EXPECT_THAT(parsed.warnings, ElementsAre(AllOf(HasSubstr(variable), HasSubstr(value),
                                                     HasSubstr("default"), HasSubstr("expected"))))
          << variable << "=" << value;
    }
  }
  const ParsedSettings parsed = parse(required_and({"--push-interval=soon"}));
  EXPECT_THAT(parse(required_and({"--event-data-dir="})).warnings,
              ElementsAre(HasSubstr("--event-data-dir")));
  ASSERT_TRUE(parsed.settings);
  EXPECT_EQ(parsed.settings->logs.push_interval, std::chrono::minutes(1));
  EXPECT_THAT(parsed.warnings,
              ElementsAre(AllOf(HasSubstr("--push-interval"), HasSubstr("soon"), HasSubstr("1m"))));
}

TEST(Settings, TakeTheTuningValuesOfEachKind) {
  const Settings settings =
      settings_of({"--event-compression-enabled", "--metrics-port=0", "--event-max-disk-mb", "1",
                   "--events-address=::", "--log-level=WARN", "--log-format=json", "--push-interval=1m30s",
                   "--upload-concurrency=256"},
                  {{"RAY_COLLECTOR_ADDITIONAL_ENDPOINTS", " /api/a?b=c , api/d,, / ,"}});
  EXPECT_TRUE(settings.events.gzip);
  EXPECT_EQ(settings.program.metrics_port, 0);
  EXPECT_EQ(settings.events.max_disk_bytes, 1u << 20);
  EXPECT_EQ(settings.events.address, "::");
  EXPECT_EQ(settings.program.log_level, LogLevel::warning);
  EXPECT_EQ(settings.program.log_format, LogFormat::json);
  EXPECT_EQ(settings.logs.push_interval, Seconds(90));
  EXPECT_EQ(settings.storage.upload_concurrency, 256u);
  EXPECT_THAT(settings.dashboard.additional_endpoints, ElementsAre("/api/a?b=c", "/api/d"));
}

TEST(Settings, NeverShowASecret) {
  const Variables variables = {{"AWS_ACCESS_KEY_ID", "s3cret"},
                               {"AWS_SECRET_ACCESS_KEY", "s3cret"},
                               {"AWS_SESSION_TOKEN", "s3cret"},
                               {"AZURE_STORAGE_CONNECTION_STRING", "AccountKey=s3cret"},
                               {"AZURE_STORAGE_ACCOUNT_URL", "https://x.blob.core.windows.net/?sig=s3cret"},
                               {"RAY_AUTH_TOKEN", "s3cret"},
                               {"S3_ENDPOINT", "https://user:s3cret@host"},
                               {"RAY_DASHBOARD_ADDRESS", "http://user:s3cret@localhost"}};
  const ParsedSettings parsed = parse({"--role=nobody", "--token=s3cret", "s3cret"}, variables);
  EXPECT_THAT(all_text_of(parsed), Not(HasSubstr("s3cret")));
  EXPECT_THAT(parsed.summary, AllOf(HasSubstr("RAY_AUTH_TOKEN=***"), HasSubstr("S3_ENDPOINT=***@host")));
  EXPECT_THAT(parsed.warnings, testing::Contains(HasSubstr("RAY_DASHBOARD_ADDRESS")));
}

TEST(Settings, AreSummedUpWhereTheyAreNotTheDefault) {
  EXPECT_EQ(
      parse(required_and({"--events-port=9000", "--push-interval=1m"}), {{"POD_IP", "10.0.0.1"}}).summary,
      "ray-cluster-name=full storage-backend=local events-port=9000 POD_IP=10.0.0.1");
}

TEST(Settings, SayWhatToDoInsteadOfRunning) {
  EXPECT_EQ(parse(kRequired).action, Action::run);
  EXPECT_EQ(parse(required_and({"--check"})).action, Action::check);
  EXPECT_TRUE(parse(required_and({"--check"})).settings);
  EXPECT_THAT(parse({"--check"}).errors, Not(IsEmpty()));
  for (const char* flag : {"--help", "-help", "-h"}) {
    EXPECT_EQ(parse({flag}).action, Action::help);
    EXPECT_THAT(parse({flag}).errors, IsEmpty());
  }
  EXPECT_EQ(parse({"--version"}).action, Action::version);
  EXPECT_EQ(parse(required_and({"--check=false"})).action, Action::run);
}

TEST(SettingsTable, NamesEachFlagVariableAndKeyOnce) {
  SettingsDraft draft;
  std::set<std::string_view> names;
  for (const Setting& setting : all_settings(draft)) {
    for (const std::string_view name :
         {setting.flag, setting.variable, setting.key, setting.former_flag, setting.former_variable}) {
      EXPECT_TRUE(name.empty() || names.insert(name).second) << name;
    }
    EXPECT_FALSE(setting.variable.empty()) << setting.flag;
    EXPECT_TRUE(setting.help.ends_with('.')) << setting.name();
  }
  for (const ActionFlag& flag : action_flags())
    EXPECT_TRUE(names.insert(flag.flag).second) << flag.flag;
}

TEST(SettingsTable, IsShownWholeByHelp) {
  SettingsDraft draft;
  const std::string help = help_text();
  for (const Setting& setting : all_settings(draft)) {
    for (const std::string_view name : {setting.flag, setting.variable, setting.key, setting.help})
      EXPECT_THAT(help, HasSubstr(std::string(name)));
  }
  for (const ActionFlag& flag : action_flags())
    EXPECT_THAT(help, HasSubstr("--" + std::string(flag.flag)));
}

// `RAYHISTORY_WRITE_DOCS=1 collector_app_test --gtest_filter='SettingsDocument.*'` writes the document anew.
TEST(SettingsDocument, IsWhatTheTableSays) {
  const std::string path = std::string(RAYHISTORY_SOURCE_FOLDER) + "/docs/settings.md";
  if (std::getenv("RAYHISTORY_WRITE_DOCS") != nullptr)
    std::ofstream(path, std::ios::binary) << settings_markdown();
  std::ifstream file(path, std::ios::binary);
  const std::string document{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  EXPECT_TRUE(document == settings_markdown())
      << path << " is out of date: run collector_app_test --gtest_filter='SettingsDocument.*' with "
      << "RAYHISTORY_WRITE_DOCS=1 in its environment";
}

}  // namespace
}  // namespace rayhistory::collector
