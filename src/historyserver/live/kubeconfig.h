// A kubeconfig file (Kubernetes: client-go/tools/clientcmd/api/v1/types.go): the server and the user of its
// current context.
#pragma once

#include <string>

#include "base/result.h"
#include "historyserver/live/kubernetes_access.h"

namespace rayhistory::historyserver {

// Users sign in with a token, a token's file or a client certificate. What would have to be heeded and is not
// done here (programs that issue tokens, servers that are not verified, another user's name, ...) is refused:
// `invalid` names file and field, and never shows a value.
Result<KubernetesAccess> read_kubeconfig(const std::string& path, const CurlOptions& network);
// Of its content; files that it names are read from the folder of `path`.
Result<KubernetesAccess> parse_kubeconfig(const std::string& content, const std::string& path,
                                          const CurlOptions& network);

}  // namespace rayhistory::historyserver
