// How the Kubernetes API is reached: at which address, whom we trust there, and who we are.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "http/curl_client.h"
#include "http/url.h"

namespace rayhistory::historyserver {

struct KubernetesAccess {
  Url server;           // its path, where it has one, comes before every other; without a slash at its end
  CurlOptions network;  // with the API server's authorities, and a client certificate where there is one
  // A bearer token, or the file it is read from for each request, because Kubernetes replaces it every hour.
  // Both empty: none.
  std::string token;
  std::string token_file;
  std::string origin;  // for an operator: "the pod's service account", "context dev of /root/.kube/config"

  // The header's value; nothing where there is no token. `denied` names the file that cannot be read.
  Result<std::optional<std::string>> authorization() const;
};

// Where it may be found.
struct KubernetesPlaces {
  std::string kubeconfig;  // --kubeconfigs; empty: not given
  // Take the user's kubeconfig where there is no other: for --use-kubernetes-proxy, which is for a server
  // that runs outside of the cluster.
  bool default_kubeconfig = false;
  std::string kubeconfig_variable;  // KUBECONFIG
  std::string home;
  // Set in each pod.
  std::string service_host;
  std::string service_port;
  std::string service_account_folder = "/var/run/secrets/kubernetes.io/serviceaccount";
};

// Nothing outside of Kubernetes, and in a pod whose service account is not mounted. `network` is that of the
// whole program: its proxies are used for an API server of a kubeconfig, and never for the pod's own.
// `invalid` names the file and the field that cannot be.
Result<std::optional<KubernetesAccess>> find_kubernetes(const KubernetesPlaces& places,
                                                        const CurlOptions& network);

}  // namespace rayhistory::historyserver
