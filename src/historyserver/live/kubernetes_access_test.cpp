#include "historyserver/live/kubernetes_access.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/temporary_folder.h"

namespace rayhistory::historyserver {
namespace {

using testing::HasSubstr;

class KubernetesAccessTest : public testing::Test {
 protected:
  KubernetesPlaces pod() {
    KubernetesPlaces places;
    places.service_host = "10.0.0.1";
    places.service_port = "6443";
    places.service_account_folder = folder_ / "account";
    return places;
  }
  static std::string minimal(const std::string& server) {
    return "current-context: a\ncontexts: [{name: a, context: {cluster: b}}]\nclusters: [{name: b, cluster: "
           "{server: " +
           server + "}}]\n";
  }

  TemporaryFolder folder_;
};

TEST_F(KubernetesAccessTest, IsNoneOutsideOfKubernetes) {
  EXPECT_EQ(find_kubernetes({}, {}).value(), std::nullopt);
}

TEST_F(KubernetesAccessTest, IsNoneWhereNoServiceAccountIsMounted) {
  EXPECT_EQ(find_kubernetes(pod(), {}).value(), std::nullopt);
}

TEST_F(KubernetesAccessTest, IsThatOfThePodWithItsRotatingToken) {
  folder_.write("account/..1/token", "one\n");
  folder_.write("account/..2/token", "two\n");
  folder_.write("account/ca.crt", "CA");
  std::filesystem::create_symlink("..1", folder_ / "account/..data");
  std::filesystem::create_symlink("..data/token", folder_ / "account/token");
  CurlOptions network;
  network.https_proxy = "http://proxy:3128";
  network.ca_file = "/etc/others.pem";
  const auto access = find_kubernetes(pod(), network).value();
  ASSERT_TRUE(access);
  EXPECT_EQ(access->server.str(), "https://10.0.0.1:6443");
  EXPECT_EQ(access->network.ca_file, folder_ / "account/ca.crt");
  EXPECT_EQ(access->network.https_proxy, "");
  EXPECT_EQ(access->authorization().value(), "Bearer one");
  std::filesystem::remove(folder_ / "account/..data");
  std::filesystem::create_symlink("..2", folder_ / "account/..data");
  EXPECT_EQ(access->authorization().value(), "Bearer two");
}

TEST_F(KubernetesAccessTest, TakesAnAddressOfIpv6) {
  folder_.write("account/token", "t");
  folder_.write("account/ca.crt", "CA");
  KubernetesPlaces places = pod();
  places.service_host = "fd00::1";
  EXPECT_EQ(find_kubernetes(places, {}).value()->server.str(), "https://[fd00::1]:6443");
}

TEST_F(KubernetesAccessTest, NamesAnAuthorityThatIsMissing) {
  folder_.write("account/token", "t");
  EXPECT_THAT(find_kubernetes(pod(), {}).error().message, HasSubstr("account/ca.crt"));
}

TEST_F(KubernetesAccessTest, PrefersTheFileThatIsGiven) {
  folder_.write("account/token", "t");
  KubernetesPlaces places = pod();
  places.kubeconfig = folder_.write("config", minimal("https://given"));
  EXPECT_EQ(find_kubernetes(places, {}).value()->server.str(), "https://given");
  places.kubeconfig += ",other";
  EXPECT_THAT(find_kubernetes(places, {}).error().message, HasSubstr("one file"));
}

TEST_F(KubernetesAccessTest, TakesTheUsersOwnFileForTheProxyAlone) {
  KubernetesPlaces places;
  places.home = folder_.path();
  folder_.write(".kube/config", minimal("https://home"));
  EXPECT_EQ(find_kubernetes(places, {}).value(), std::nullopt);
  places.default_kubeconfig = true;
  EXPECT_EQ(find_kubernetes(places, {}).value()->server.str(), "https://home");
  places.kubeconfig_variable = folder_.write("mine", minimal("https://mine"));
  EXPECT_EQ(find_kubernetes(places, {}).value()->server.str(), "https://mine");
  places.kubeconfig_variable = "/a:/b";
  EXPECT_THAT(find_kubernetes(places, {}).error().message, HasSubstr("KUBECONFIG"));
  places.kubeconfig_variable = folder_ / "nowhere";
  EXPECT_THAT(find_kubernetes(places, {}).error().message, HasSubstr("nowhere"));
}

}  // namespace
}  // namespace rayhistory::historyserver
