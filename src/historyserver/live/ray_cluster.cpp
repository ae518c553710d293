#include "historyserver/live/ray_cluster.h"

#include <utility>

#include <fmt/format.h>
#include <simdjson.h>

#include "base/check.h"
#include "base/rfc3339.h"

namespace rayhistory::historyserver {
namespace {

using simdjson::dom::element;

constexpr std::string_view kDashboardPort = "dashboard";
constexpr uint16_t kUsualDashboardPort = 8265;
constexpr int64_t kNanosecondsPerSecond = 1'000'000'000;
constexpr size_t kSecretNameBytes = 50;

// Empty where there is no text at that place.
std::string_view text_at(const element& object, std::string_view pointer) {
  std::string_view text;
  if (object.at_pointer(pointer).get(text) != simdjson::SUCCESS) return {};
  return text;
}

bool truth_at(const element& object, std::string_view pointer) {
  bool truth = false;
  return object.at_pointer(pointer).get(truth) == simdjson::SUCCESS && truth;
}

// Who made the cluster (KubeRay: ray-operator/controllers/ray/utils/constant.go,
// RayOriginatedFromCRNameLabelKey).
std::optional<Owner> owner_of(const element& cluster) {
  const std::string_view kind = text_at(cluster, "/metadata/labels/ray.io~1originated-from-crd");
  auto name = DnsName::parse(text_at(cluster, "/metadata/labels/ray.io~1originated-from-cr-name"));
  if (!name) return std::nullopt;
  if (kind == "RayJob") return Owner{OwnerKind::rayjob, *std::move(name)};
  if (kind == "RayService") return Owner{OwnerKind::rayservice, *std::move(name)};
  return std::nullopt;
}

// Of the head's Ray container, the first one.
std::optional<uint16_t> dashboard_port_of(const element& cluster) {
  simdjson::dom::array ports;
  if (cluster.at_pointer("/spec/headGroupSpec/template/spec/containers/0/ports").get(ports) !=
      simdjson::SUCCESS) {
    return std::nullopt;
  }
  for (const element port : ports) {
    uint64_t number = 0;
    if (text_at(port, "/name") == kDashboardPort && port["containerPort"].get(number) == simdjson::SUCCESS &&
        number > 0 && number <= UINT16_MAX) {
      return static_cast<uint16_t>(number);
    }
  }
  return std::nullopt;
}

RayAuthMode auth_mode_of(const element& cluster) {
  if (text_at(cluster, "/spec/authOptions/mode") != "token") return RayAuthMode::none;
  return truth_at(cluster, "/spec/authOptions/enableK8sTokenAuth") ? RayAuthMode::kubernetes_token
                                                                   : RayAuthMode::token;
}

Result<RayCluster> cluster_of(const element& object) {
  auto name = DnsName::parse(text_at(object, "/metadata/name"));
  auto name_space = DnsName::parse(text_at(object, "/metadata/namespace"));
  if (!name || !name_space)
    return Error{ErrorKind::invalid, "Kubernetes: a RayCluster without a name and a namespace"};
  DnsName secret = default_auth_secret(*name);
  if (auto given = DnsName::parse(text_at(object, "/spec/authOptions/secretName")))
    secret = *std::move(given);
  const std::optional<int64_t> created = parse_rfc3339(text_at(object, "/metadata/creationTimestamp"));
  return RayCluster{
      .place = {*std::move(name_space), *std::move(name), owner_of(object)},
      .created_seconds = created.value_or(0) / kNanosecondsPerSecond,
      .head_service = DnsName::parse(text_at(object, "/status/head/serviceName")),
      .dashboard_port = dashboard_port_of(object).value_or(kUsualDashboardPort),
      .is_suspended = truth_at(object, "/spec/suspend") || text_at(object, "/status/state") == "suspended",
      .auth_mode = auth_mode_of(object),
      .auth_secret = std::move(secret)};
}

Error no_answer(std::string_view what) {
  return Error{ErrorKind::invalid, fmt::format("Kubernetes: the answer is no JSON of {}", what)};
}

}  // namespace

Result<RayCluster> parse_ray_cluster(std::string_view json) {
  simdjson::dom::parser parser;
  element object;
  if (parser.parse(json.data(), json.size()).get(object) != simdjson::SUCCESS)
    return no_answer("a RayCluster");
  return cluster_of(object);
}

Result<RayClusterPage> parse_ray_cluster_list(std::string_view json) {
  simdjson::dom::parser parser;
  element list;
  simdjson::dom::array items;
  if (parser.parse(json.data(), json.size()).get(list) != simdjson::SUCCESS ||
      list["items"].get(items) != simdjson::SUCCESS) {
    return no_answer("a list of RayClusters");
  }
  RayClusterPage page;
  for (const element item : items)
    if (Result<RayCluster> cluster = cluster_of(item)) page.clusters.push_back(*std::move(cluster));
  page.next = text_at(list, "/metadata/continue");
  page.version = text_at(list, "/metadata/resourceVersion");
  return page;
}

Result<RayClusterEvent> parse_ray_cluster_event(std::string_view json) {
  using Kind = RayClusterEvent::Kind;
  simdjson::dom::parser parser;
  element event;
  element object;
  if (parser.parse(json.data(), json.size()).get(event) != simdjson::SUCCESS ||
      event["object"].get(object) != simdjson::SUCCESS) {
    return no_answer("a change of RayClusters");
  }
  const std::string_view type = text_at(event, "/type");
  RayClusterEvent result{Kind::bookmark, std::nullopt,
                         std::string(text_at(object, "/metadata/resourceVersion"))};
  if (type == "ERROR") result.kind = Kind::expired;
  if (type == "DELETED") result.kind = Kind::deleted;
  if (type == "ADDED" || type == "MODIFIED") result.kind = Kind::changed;
  const bool has_cluster = result.kind == Kind::deleted || result.kind == Kind::changed;
  if (Result<RayCluster> cluster = cluster_of(object); has_cluster && cluster)
    result.cluster = *std::move(cluster);
  return result;
}

Result<std::optional<std::string>> parse_active_cluster(std::string_view json) {
  simdjson::dom::parser parser;
  element object;
  if (parser.parse(json.data(), json.size()).get(object) != simdjson::SUCCESS)
    return no_answer("a RayService");
  const std::string_view name = text_at(object, "/status/activeServiceStatus/rayClusterName");
  return name.empty() ? std::optional<std::string>() : std::optional<std::string>(name);
}

DnsName default_auth_secret(const DnsName& cluster) {
  std::string name = cluster.str();
  if (name.size() > kSecretNameBytes) name.erase(0, name.size() - kSecretNameBytes);
  const bool begins_with_letter = name.front() >= 'a' && name.front() <= 'z';
  if (!begins_with_letter) name.front() = 'r';
  auto secret = DnsName::parse(name);
  // "a.-b" cannot come of a DNS name, and neither can a bad end.
  CHECK(secret);
  return *std::move(secret);
}

}  // namespace rayhistory::historyserver
