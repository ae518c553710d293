// A kubeconfig that somebody wrote, and what an API server answers, are read or refused. What is read of it
// can be asked for and sent: names are DNS names, a token fits into a header, a certificate has its key.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "historyserver/live/kubeconfig.h"
#include "historyserver/live/ray_cluster.h"

namespace {

using namespace rayhistory;
using namespace rayhistory::historyserver;

void check_cluster(const RayCluster& cluster) {
  CHECK(cluster.dashboard_port != 0);
  CHECK(DnsName::parse(cluster.auth_secret.str()));
  CHECK(!cluster.head_service || DnsName::parse(cluster.head_service->str()));
  CHECK(default_auth_secret(cluster.place.cluster).str().size() <= 50);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  if (const auto cluster = parse_ray_cluster(text)) check_cluster(*cluster);
  if (const auto page = parse_ray_cluster_list(text)) {
    for (const RayCluster& cluster : page->clusters)
      check_cluster(cluster);
  }
  if (const auto event = parse_ray_cluster_event(text); event && event->cluster)
    check_cluster(*event->cluster);
  if (const auto active = parse_active_cluster(text)) CHECK(!*active || !(*active)->empty());
  // No folder of this machine: what the file names is not there.
  if (const auto access = parse_kubeconfig(text, "/nowhere/config", {})) {
    CHECK(!access->server.host.empty());
    CHECK(access->server.encoded_query.empty() && !access->server.encoded_path.ends_with('/'));
    CHECK(access->token.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos);
    CHECK(access->network.client_certificate_pem.empty() == access->network.client_key_pem.empty());
  }
  return 0;
}
