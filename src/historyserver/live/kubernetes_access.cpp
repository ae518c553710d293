#include "historyserver/live/kubernetes_access.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "credentials/mounted_secret.h"
#include "historyserver/live/kubeconfig.h"

namespace rayhistory::historyserver {
namespace {

std::string without_space(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(kSpace) - first + 1));
}

// Kubernetes: client-go/tools/clientcmd/loader.go takes a list here and merges the files; one is enough for a
// server.
Result<std::string> default_kubeconfig(const KubernetesPlaces& places) {
  if (places.kubeconfig_variable.empty()) return places.home + "/.kube/config";
  if (places.kubeconfig_variable.find(':') != std::string::npos)
    return Error{ErrorKind::invalid, "KUBECONFIG names several files; give one with --kubeconfigs"};
  return places.kubeconfig_variable;
}

Result<KubernetesAccess> of_the_pod(const KubernetesPlaces& places) {
  KubernetesAccess access;
  const bool is_ipv6 = places.service_host.find(':') != std::string::npos;
  const std::string host = is_ipv6 ? fmt::format("[{}]", places.service_host) : places.service_host;
  const std::string address =
      fmt::format("https://{}:{}", host, places.service_port.empty() ? "443" : places.service_port);
  auto server = parse_url(address, Scheme::https);
  if (!server) return std::move(server).error().in("KUBERNETES_SERVICE_HOST");
  access.server = *std::move(server);
  access.server.encoded_path.clear();
  access.network.ca_file = places.service_account_folder + "/ca.crt";
  access.network.authority_advice = "it is no API server of this cluster";
  access.token_file = places.service_account_folder + "/token";
  access.origin = "the pod's service account";
  TRY(check_authorities(access.network));
  return access;
}

bool is_in_a_pod(const KubernetesPlaces& places) {
  std::error_code ignored;
  return !places.service_host.empty() &&
         std::filesystem::exists(places.service_account_folder + "/token", ignored);
}

}  // namespace

Result<std::optional<std::string>> KubernetesAccess::authorization() const {
  if (token_file.empty()) {
    if (token.empty()) return std::optional<std::string>();
    return std::optional("Bearer " + token);
  }
  TRY_ASSIGN(const std::string content, read_mounted_secret(token_file));
  std::string read = without_space(content);
  if (read.empty()) return Error{ErrorKind::denied, token_file + " is empty: it should hold a token"};
  return std::optional("Bearer " + std::move(read));
}

Result<std::optional<KubernetesAccess>> find_kubernetes(const KubernetesPlaces& places,
                                                        const CurlOptions& network) {
  std::string file = places.kubeconfig;
  if (file.find(',') != std::string::npos)
    return Error{ErrorKind::invalid, "--kubeconfigs (KUBECONFIGS): one file, and not a list"};
  if (file.empty() && is_in_a_pod(places)) {
    TRY_ASSIGN(KubernetesAccess access, of_the_pod(places));
    return std::optional(std::move(access));
  }
  if (file.empty() && places.default_kubeconfig) {
    auto found = default_kubeconfig(places);
    if (!found) return std::move(found).error();
    file = *std::move(found);
  }
  if (file.empty()) return std::optional<KubernetesAccess>();
  TRY_ASSIGN(KubernetesAccess access, read_kubeconfig(file, network));
  return std::optional(std::move(access));
}

}  // namespace rayhistory::historyserver
