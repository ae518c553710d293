#include "historyserver/live/kubeconfig.h"

#include <filesystem>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "base/digest.h"
#include "credentials/mounted_secret.h"

namespace rayhistory::historyserver {
namespace {

// One file being read: knows how to say where something is wrong.
class Kubeconfig {
 public:
  Kubeconfig(std::string path, const YAML::Node& root, const CurlOptions& network)
      : path_(std::move(path)), root_(root), network_(network) {}

  Result<KubernetesAccess> access() const {
    TRY_ASSIGN(const std::string context_name, text_of(root_, "current-context"));
    if (context_name.empty()) return wrong("current-context", "is missing: it names the context to use");
    TRY_ASSIGN(const YAML::Node context, named("contexts", context_name, "context"));
    TRY_ASSIGN(const std::string cluster_name, text_of(context, "cluster"));
    TRY_ASSIGN(const std::string user_name, text_of(context, "user"));
    TRY_ASSIGN(const YAML::Node cluster, named("clusters", cluster_name, "cluster"));

    KubernetesAccess access;
    access.network = network_;
    access.network.authority_advice = "check certificate-authority in " + path_;
    access.origin = fmt::format("context {} of {}", context_name, path_);
    TRY(add_cluster(cluster, access));
    // Without a user nothing signs in: an API server may let anyone read.
    if (user_name.empty()) return access;
    TRY_ASSIGN(const YAML::Node user, named("users", user_name, "user"));
    TRY(add_user(user, access));
    return access;
  }

 private:
  Error wrong(std::string_view field, std::string_view what) const {
    return Error{ErrorKind::invalid, fmt::format("{}: {} {}", path_, field, what)};
  }

  // Empty where it is not there.
  Result<std::string> text_of(const YAML::Node& map, std::string_view field) const {
    if (!map.IsMap()) return wrong(field, "is not where it belongs: what holds it is no map");
    const YAML::Node value = map[std::string(field)];
    if (!value || value.IsNull()) return std::string();
    if (!value.IsScalar()) return wrong(field, "is no text");
    return value.Scalar();
  }

  // The entry of that name in a list of named things: what it has under `field`.
  Result<YAML::Node> named(std::string_view list, const std::string& name, std::string_view field) const {
    const YAML::Node entries = root_.IsMap() ? root_[std::string(list)] : YAML::Node();
    if (!entries || !entries.IsSequence()) return wrong(list, "is missing, or no list");
    for (const YAML::Node& entry : entries) {
      TRY_ASSIGN(const std::string called, text_of(entry, "name"));
      if (called != name) continue;
      const YAML::Node held = entry[std::string(field)];
      if (!held || !held.IsMap()) return wrong(fmt::format("{} \"{}\"", list, name), "is empty");
      return held;
    }
    return wrong(list, fmt::format("has none of the name \"{}\"", name));
  }

  // A relative path is meant from the file's own folder.
  std::string from_here(const std::string& path) const {
    return (std::filesystem::path(path_).parent_path() / path).string();
  }

  // The bytes of "<field>-data", in base64, or of the file that "<field>" names. Empty: neither.
  Result<std::string> bytes_of(const YAML::Node& map, const std::string& field) const {
    TRY_ASSIGN(const std::string data, text_of(map, field + "-data"));
    if (!data.empty()) {
      const auto bytes = from_base64(data);
      if (!bytes) return wrong(field + "-data", "is no base64");
      return *bytes;
    }
    TRY_ASSIGN(const std::string file, text_of(map, field));
    if (file.empty()) return std::string();
    auto content = read_mounted_secret(from_here(file));
    if (!content) return wrong(field, "cannot be read: " + content.error().message);
    return content;
  }

  Result<void> add_cluster(const YAML::Node& cluster, KubernetesAccess& access) const {
    TRY_ASSIGN(const std::string server, text_of(cluster, "server"));
    auto url = parse_url(server, Scheme::http);
    if (!url) return wrong("server", url.error().message);
    access.server = *std::move(url);
    if (!access.server.encoded_query.empty())
      return wrong("server", "has a query, which an API server has not");
    while (access.server.encoded_path.ends_with('/'))
      access.server.encoded_path.pop_back();
    TRY_ASSIGN(const std::string insecure, text_of(cluster, "insecure-skip-tls-verify"));
    if (insecure == "true") {
      return wrong("insecure-skip-tls-verify",
                   "is true: a server is always verified here; give its certificate-authority instead");
    }
    for (const char* field : {"tls-server-name", "proxy-url"}) {
      TRY_ASSIGN(const std::string value, text_of(cluster, field));
      if (!value.empty()) return wrong(field, "is not supported here");
    }
    TRY_ASSIGN(access.network.ca_pem, bytes_of(cluster, "certificate-authority"));
    return {};
  }

  Result<void> add_user(const YAML::Node& user, KubernetesAccess& access) const {
    for (const char* field :
         {"exec", "auth-provider", "username", "password", "as", "as-uid", "as-groups", "as-user-extra"}) {
      if (user[field]) {
        return wrong(field,
                     "is not supported here: make a service account's token or a client certificate for the "
                     "History Server");
      }
    }
    TRY_ASSIGN(access.token, text_of(user, "token"));
    TRY_ASSIGN(const std::string token_file, text_of(user, "tokenFile"));
    // Where both are given, the file wins (Kubernetes: client-go/rest/config.go).
    if (!token_file.empty()) access.token_file = from_here(token_file);
    if (access.token.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos)
      return wrong("token", "has a line break");
    TRY_ASSIGN(access.network.client_certificate_pem, bytes_of(user, "client-certificate"));
    TRY_ASSIGN(access.network.client_key_pem, bytes_of(user, "client-key"));
    if (access.network.client_certificate_pem.empty() != access.network.client_key_pem.empty())
      return wrong("client-certificate and client-key", "belong together: one of them is missing");
    return {};
  }

  const std::string path_;
  const YAML::Node root_;
  const CurlOptions& network_;
};

}  // namespace

Result<KubernetesAccess> read_kubeconfig(const std::string& path, const CurlOptions& network) {
  auto content = read_mounted_secret(path);
  if (!content) return Error{ErrorKind::invalid, "kubeconfig: " + content.error().message};
  return parse_kubeconfig(*content, path, network);
}

Result<KubernetesAccess> parse_kubeconfig(const std::string& content, const std::string& path,
                                          const CurlOptions& network) {
  try {
    return Kubeconfig(path, YAML::Load(content), network).access();
  } catch (const YAML::Exception& error) {
    // What the parser says, and not what it has read: that holds keys.
    return Error{ErrorKind::invalid,
                 fmt::format("{}:{}: no well-formed YAML: {}", path, error.mark.line + 1, error.msg)};
  }
}

}  // namespace rayhistory::historyserver
