#include "historyserver/live/kubeconfig.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/temporary_folder.h"

namespace rayhistory::historyserver {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

std::string kubeconfig(const std::string& cluster, const std::string& user) {
  return fmt::format(R"(apiVersion: v1
kind: Config
current-context: dev
contexts:
- name: other
  context: {{cluster: nobody, user: nobody}}
- name: dev
  context:
    cluster: c1
    user: u1
    namespace: ignored
clusters:
- name: c1
  cluster: {{{}}}
users:
- name: u1
  user: {{{}}}
)",
                     cluster, user);
}

class KubeconfigTest : public testing::Test {
 protected:
  Result<KubernetesAccess> read(const std::string& content) {
    return read_kubeconfig(folder_.write("config", content), {});
  }
  std::string error_of(const std::string& cluster, const std::string& user) {
    const auto access = read(kubeconfig(cluster, user));
    return access ? "none" : access.error().message;
  }

  TemporaryFolder folder_;
};

TEST_F(KubeconfigTest, GivesServerAndTokenOfTheCurrentContext) {
  // "CA" in base64.
  const auto access = read(
      kubeconfig("server: 'https://[::1]:6443/k8s/', certificate-authority-data: Q0E=", "token: 's3cret'"));
  ASSERT_TRUE(access) << access.error().message;
  EXPECT_EQ(access->server.str(), "https://[::1]:6443/k8s");
  EXPECT_EQ(access->network.ca_pem, "CA");
  EXPECT_EQ(access->authorization().value(), "Bearer s3cret");
  EXPECT_EQ(access->origin, "context dev of " + folder_ / "config");
}

TEST_F(KubeconfigTest, FindsFilesBesideItAndReadsATokenAnew) {
  folder_.write("ca.crt", "authority");
  folder_.write("me.crt", "certificate");
  folder_.write("me.key", "key");
  folder_.write("token", " one\n");
  const auto access = read(kubeconfig(
      "server: https://api, certificate-authority: ca.crt",
      "tokenFile: token, token: old, client-certificate: me.crt, client-key: " + folder_ / "me.key"));
  ASSERT_TRUE(access) << access.error().message;
  EXPECT_EQ(access->network.ca_pem, "authority");
  EXPECT_EQ(access->network.client_certificate_pem, "certificate");
  EXPECT_EQ(access->network.client_key_pem, "key");
  EXPECT_EQ(access->authorization().value(), "Bearer one");
  folder_.write("token", "two");
  EXPECT_EQ(access->authorization().value(), "Bearer two");
  folder_.write("token", "\n");
  EXPECT_EQ(access->authorization().error().kind, ErrorKind::denied);
}

TEST_F(KubeconfigTest, MayBeJsonAndWithoutAUser) {
  const auto access = read(R"({"current-context":"a","contexts":[{"name":"a","context":{"cluster":"b"}}],)"
                           R"("clusters":[{"name":"b","cluster":{"server":"http://127.0.0.1:8001"}}]})");
  ASSERT_TRUE(access) << access.error().message;
  EXPECT_EQ(access->server.str(), "http://127.0.0.1:8001");
  EXPECT_EQ(access->authorization().value(), std::nullopt);
}

TEST_F(KubeconfigTest, RefusesWhatItDoesNotDoByName) {
  const std::string server = "server: https://api";
  EXPECT_THAT(error_of(server, "exec: {command: aws}"),
              AllOf(HasSubstr("config: exec is not supported"), HasSubstr("token")));
  EXPECT_THAT(error_of(server, "auth-provider: {name: gcp}"), HasSubstr("auth-provider"));
  EXPECT_THAT(error_of(server, "username: me, password: s3cret"),
              AllOf(HasSubstr("username"), Not(HasSubstr("s3cret"))));
  EXPECT_THAT(error_of(server, "token: t, as: admin"), HasSubstr("as is not supported"));
  EXPECT_THAT(error_of(server + ", insecure-skip-tls-verify: true", "token: t"),
              HasSubstr("insecure-skip-tls-verify"));
  EXPECT_EQ(error_of(server + ", insecure-skip-tls-verify: false", "token: t"), "none");
  EXPECT_THAT(error_of(server + ", tls-server-name: other", "token: t"), HasSubstr("tls-server-name"));
  EXPECT_THAT(error_of(server + ", proxy-url: 'http://p'", "token: t"), HasSubstr("proxy-url"));
}

TEST_F(KubeconfigTest, SaysWhatIsWrongAndShowsNoSecret) {
  EXPECT_THAT(error_of("server: https://api, certificate-authority-data: '*s3cret*'", "token: t"),
              AllOf(HasSubstr("certificate-authority-data is no base64"), Not(HasSubstr("s3cret"))));
  EXPECT_THAT(error_of("server: https://api, certificate-authority: none.crt", "token: t"),
              AllOf(HasSubstr("certificate-authority cannot be read"), HasSubstr("none.crt")));
  EXPECT_THAT(error_of("server: 'ftp://api'", "token: t"), HasSubstr("server"));
  EXPECT_THAT(error_of("server: [a]", "token: t"), HasSubstr("server is no text"));
  EXPECT_THAT(error_of("server: https://api", "client-key-data: Q0E="), HasSubstr("belong together"));
  EXPECT_THAT(error_of("server: https://api", R"(token: "a\nb")"), HasSubstr("line break"));
}

TEST_F(KubeconfigTest, SaysWhichPartIsMissing) {
  for (const auto& [content, expected] : std::vector<std::pair<std::string, std::string>>{
           {"", "current-context"},
           {"current-context: a", "contexts is missing"},
           {"current-context: a\ncontexts: []", "none of the name \"a\""},
           {"current-context: a\ncontexts: [{name: a}]", "contexts \"a\" is empty"},
           {"current-context: a\ncontexts: [x]", "name is not where it belongs"},
           {"a: [", "config:1: no well-formed YAML"},
           {"a: *nothing", "no well-formed YAML"},
       }) {
    const auto access = read(content);
    ASSERT_FALSE(access) << content;
    EXPECT_EQ(access.error().kind, ErrorKind::invalid) << content;
    EXPECT_THAT(access.error().message, HasSubstr(expected));
  }
  EXPECT_THAT(read_kubeconfig(folder_ / "nowhere", {}).error().message, HasSubstr("nowhere"));
}

}  // namespace
}  // namespace rayhistory::historyserver
