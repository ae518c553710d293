#include "collector/settings.h"

#include <algorithm>
#include <array>
#include <cstdlib>

#include <fmt/format.h>

#include "base/check.h"
#include "collector/command_line.h"
#include "collector/settings_file.h"
#include "collector/settings_table.h"
#include "store/azure_options.h"

namespace rayhistory {
namespace {

constexpr std::array kBackends = {Backend::s3, Backend::azureblob, Backend::gcs, Backend::aliyunoss,
                                  Backend::local};
// Enough of a wrong value to recognise it.
constexpr size_t kLongestShownBytes = 100;

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lower;
}

// What a message may show of a value: no user information of a URL, and no query, which can be a signature.
std::string shown(const Setting& setting, std::string_view value) {
  if (setting.value.kind == ValueKind::secret) return "***";
  std::string text;
  const size_t at = value.rfind('@');
  if (at != std::string_view::npos) {
    text = "***";
    value.remove_prefix(at);
  }
  const bool is_url = value.find("://") != std::string_view::npos;
  const size_t query = value.find('?');
  const bool cut_query = is_url && query != std::string_view::npos;
  text += cut_query ? value.substr(0, query) : value;
  if (cut_query) text += "?***";
  if (text.size() > kLongestShownBytes) text = text.substr(0, kLongestShownBytes) + "...";
  return text;
}

// Where a value comes from, in words that a message can begin with, and the value.
struct Given {
  std::string source;
  std::string text;
};

FlagKind kind_of_flag(std::string_view name) {
  for (const ActionFlag& flag : action_flags())
    if (name == flag.flag || name == flag.short_flag) return FlagKind::truth;
  for (const Setting& setting : all_settings()) {
    if (setting.flag == name || setting.former_flag == name)
      return setting.value.kind == ValueKind::truth ? FlagKind::truth : FlagKind::value;
  }
  return FlagKind::unknown;
}

// Fills a draft from all sources, and gathers what is wrong.
class Parser {
 public:
  Parser(CommandLine line, const Environment& environment)
      : line_(std::move(line)), environment_(environment) {
    parsed_.warnings = std::move(line_.warnings);
    parsed_.errors = std::move(line_.errors);
  }

  ParsedSettings parse() && {
    find_action();
    if (parsed_.action == ParsedSettings::Action::help || parsed_.action == ParsedSettings::Action::version)
      return std::move(parsed_);
    read_file_of_settings();
    for (const Setting& setting : all_settings())
      read(setting);
    assemble();
    return std::move(parsed_);
  }

 private:
  void fail(std::string message) { parsed_.errors.push_back(std::move(message)); }

  void find_action() {
    for (const ActionFlag& flag : action_flags()) {
      const auto asked = [&](std::string_view name) {
        const auto value = line_.values.find(name);
        return value != line_.values.end() && value->second != "false";
      };
      if (!asked(flag.flag) && !asked(flag.short_flag)) continue;
      parsed_.action = flag.action;
      if (flag.action != ParsedSettings::Action::check) parsed_.errors.clear();
    }
  }

  // From variable or flag, each by its present name first.
  std::optional<Given> given_outside_of_file(const Setting& setting) const {
    for (const std::string_view variable : {setting.variable, setting.former_variable}) {
      if (variable.empty()) continue;
      if (std::optional<std::string> value = environment_(variable); value && !value->empty())
        return Given{std::string(variable), std::move(*value)};
    }
    for (const std::string_view name : {setting.flag, setting.former_flag}) {
      const auto flag = line_.values.find(name);
      if (!name.empty() && flag != line_.values.end()) return Given{"--" + std::string(name), flag->second};
    }
    return std::nullopt;
  }

  void read_file_of_settings() {
    for (const Setting& setting : all_settings()) {
      if (setting.flag != "storage-backend-config-path") continue;
      const std::optional<Given> given = given_outside_of_file(setting);
      if (!given || given->text.empty()) return;
      Result<SettingsFile> file = read_settings_file(given->text);
      if (!file) return fail(given->source + ": " + std::move(file).error().message);
      file_ = std::move(*file);
      path_of_file_ = given->text;
    }
    for (const auto& entry : file_) {
      const std::string& key = entry.first;
      const bool known = std::any_of(all_settings().begin(), all_settings().end(),
                                     [&](const Setting& setting) { return setting.key == key; });
      if (!known)
        parsed_.warnings.push_back(fmt::format("{}: unknown key \"{}\" is ignored", path_of_file_, key));
    }
  }

  std::optional<Given> given(const Setting& setting) const {
    if (const auto value = file_.find(setting.key); value != file_.end() && !value->second.empty())
      return Given{fmt::format("{}: {}", path_of_file_, setting.key), value->second};
    return given_outside_of_file(setting);
  }

  void read(const Setting& setting) {
    const Result<void> as_default = setting.value.read(draft_, setting.default_text);
    CHECK(as_default.has_value());
    const std::optional<Given> value = given(setting);
    if (!value || value->text == setting.default_text) return;
    if (const Result<void> outcome = setting.value.read(draft_, value->text); !outcome) {
      const std::string default_text =
          setting.default_text.empty() ? "the default" : fmt::format("the default {}", setting.default_text);
      parsed_.warnings.push_back(fmt::format("{}: \"{}\" cannot be used: {}; using {}", value->source,
                                             shown(setting, value->text), outcome.error().message,
                                             default_text));
      return;
    }
    if (!parsed_.summary.empty()) parsed_.summary += ' ';
    const std::string_view name = setting.flag.empty() ? setting.variable : setting.flag;
    parsed_.summary += fmt::format("{}={}", name, shown(setting, value->text));
  }

  std::optional<Role> role() {
    const std::string name = lower_case(draft_.role);
    if (name == "head") return Role::head;
    if (name == "worker") return Role::worker;
    fail(fmt::format("--role (RAY_ROLE): \"{}\" is none: Head or Worker", draft_.role));
    return std::nullopt;
  }

  std::optional<DnsName> dns_name(std::string_view setting, std::string_view text) {
    std::optional<DnsName> name = DnsName::parse(text);
    if (!name) {
      fail(fmt::format("{}: {}: letters a-z, digits, '-' and '.' make a Kubernetes name", setting,
                       text.empty() ? "is missing" : fmt::format("\"{}\" is no name", text)));
    }
    return name;
  }

  std::optional<ClusterPlace> cluster() {
    std::optional<DnsName> name = dns_name("--ray-cluster-name (RAY_CLUSTER_NAME)", draft_.cluster);
    std::optional<DnsName> name_space =
        dns_name("--ray-cluster-namespace (RAY_CLUSTER_NAMESPACE)", draft_.name_space);
    const size_t errors_before_owner = parsed_.errors.size();
    std::optional<Owner> cluster_owner = owner();
    if (!name || !name_space || parsed_.errors.size() > errors_before_owner) return std::nullopt;
    return ClusterPlace{std::move(*name_space), std::move(*name), std::move(cluster_owner)};
  }

  std::optional<Owner> owner() {
    constexpr std::string_view kBoth = "--owner-kind (OWNER_KIND) and --owner-name (OWNER_NAME)";
    const std::string kind = lower_case(draft_.owner_kind);
    // KubeRay's operator sets both from the labels of the custom resource, also where that is the cluster
    // itself.
    if (kind == "raycluster" || (kind.empty() && draft_.owner_name.empty())) return std::nullopt;
    if (kind.empty() || draft_.owner_name.empty()) {
      fail(fmt::format("{}: give both or neither", kBoth));
      return std::nullopt;
    }
    std::optional<DnsName> name = dns_name("--owner-name (OWNER_NAME)", draft_.owner_name);
    if (kind != "rayjob" && kind != "rayservice") {
      fail(fmt::format("--owner-kind (OWNER_KIND): \"{}\" is none: rayjob, rayservice or raycluster",
                       draft_.owner_kind));
      return std::nullopt;
    }
    if (!name) return std::nullopt;
    return Owner{kind == "rayjob" ? OwnerKind::rayjob : OwnerKind::rayservice, std::move(*name)};
  }

  void check_backend() {
    const std::string name = lower_case(draft_.backend);
    std::string all;
    for (const Backend backend : kBackends) {
      if (name == name_of(backend)) {
        draft_.storage.backend = backend;
        if (backend == Backend::azureblob) check_azure();
        return;
      }
      if (!all.empty()) all += ", ";
      all += name_of(backend);
    }
    fail(fmt::format("--storage-backend (STORAGE_BACKEND): {}: one of {}",
                     name.empty() ? "is missing" : fmt::format("\"{}\" is none", draft_.backend), all));
  }

  void check_azure() {
    const std::string& mode = draft_.storage.azure_blob.auth_mode;
    if (parse_azure_auth_mode(mode)) return;
    fail(fmt::format(
        "AZURE_STORAGE_AUTH_MODE: \"{}\" is none: one of connection_string, workload_identity, default",
        mode));
  }

  void check_root() {
    std::string_view rest = draft_.storage.root;
    while (true) {
      const size_t slash = rest.find('/');
      const std::string_view segment = rest.substr(0, slash);
      if (segment == "." || segment == "..") {
        return fail(fmt::format(
            "--storage-root-dir (STORAGE_ROOT_DIR): \"{}\": no store keeps \".\" or \"..\" in a key",
            draft_.storage.root));
      }
      if (slash == std::string_view::npos) return;
      rest.remove_prefix(slash + 1);
    }
  }

  void complete_aws() {
    S3Settings& s3 = draft_.storage.s3;
    s3.aws.home = environment_("HOME").value_or("");
    if (s3.aws.region.empty()) s3.aws.region = s3.default_region;
    if (s3.region.empty()) s3.region = s3.aws.region;
    const auto take_older = [&s3](std::string AwsCredentials::*part) {
      if (!(s3.older_keys.*part).empty()) s3.aws.keys.*part = s3.older_keys.*part;
    };
    take_older(&AwsCredentials::access_key_id);
    take_older(&AwsCredentials::secret_access_key);
    take_older(&AwsCredentials::session_token);
  }

  void complete_network() {
    CurlOptions& client = draft_.network.client;
    if (!draft_.network.curl_ca_bundle.empty()) client.ca_file = draft_.network.curl_ca_bundle;
    // Proxies' variables have always been written in either case.
    const auto take_lower_case = [this](std::string& value, std::string_view variable) {
      if (value.empty()) value = environment_(variable).value_or("");
    };
    take_lower_case(client.https_proxy, "https_proxy");
    take_lower_case(client.http_proxy, "http_proxy");
    take_lower_case(client.no_proxy, "no_proxy");
  }

  void check_authentication() {
    AuthTokenSettings& auth = draft_.dashboard.auth;
    auth.required = lower_case(draft_.auth_mode) == "token";
    if (auth.required && auth.token.empty() && !auth.service_account) {
      fail(
          "RAY_AUTH_MODE is token, but there is none: set RAY_AUTH_TOKEN, or RAY_ENABLE_K8S_TOKEN_AUTH=true "
          "with a "
          "projected service account token");
    }
  }

  void assemble() {
    const std::optional<Role> node_role = role();
    std::optional<ClusterPlace> place = cluster();
    check_backend();
    check_root();
    check_authentication();
    complete_aws();
    draft_.storage.gcs.home = environment_("HOME").value_or("");
    complete_network();
    if (!draft_.events.enabled && !draft_.logs.enabled) {
      fail(
          "--enable-event-collector (ENABLE_EVENT_COLLECTOR) and --enable-log-collector "
          "(ENABLE_LOG_COLLECTOR) are both "
          "false: nothing is left to do");
    }
    if (!parsed_.errors.empty()) return;
    parsed_.settings = Settings{*node_role,
                                std::move(*place),
                                std::move(draft_.storage),
                                std::move(draft_.network),
                                std::move(draft_.events),
                                draft_.logs,
                                std::move(draft_.dashboard),
                                std::move(draft_.node),
                                draft_.program};
  }

  CommandLine line_;
  const Environment& environment_;
  SettingsFile file_;
  std::string path_of_file_;
  SettingsDraft draft_;
  ParsedSettings parsed_;
};

std::string_view word_of(ValueKind kind) {
  switch (kind) {
    case ValueKind::text:
      return "TEXT";
    case ValueKind::truth:
      return "true|false";
    case ValueKind::duration:
      return "DURATION";
    case ValueKind::number:
      return "NUMBER";
    case ValueKind::secret:
      return "SECRET";
  }
  UNREACHABLE("a ValueKind out of range");
}

}  // namespace

std::string_view name_of(Backend backend) {
  switch (backend) {
    case Backend::s3:
      return "s3";
    case Backend::azureblob:
      return "azureblob";
    case Backend::gcs:
      return "gcs";
    case Backend::aliyunoss:
      return "aliyunoss";
    case Backend::local:
      return "local";
  }
  UNREACHABLE("a Backend out of range");
}

Environment process_environment() {
  return [](std::string_view variable) -> std::optional<std::string> {
    const char* value = std::getenv(std::string(variable).c_str());
    if (value == nullptr) return std::nullopt;
    return value;
  };
}

ParsedSettings parse_settings(std::span<const std::string> arguments, const Environment& environment) {
  return Parser(read_command_line(arguments, kind_of_flag), environment).parse();
}

std::string help_text() {
  std::string text =
      "Usage: collector [--name=value ...]\n\n"
      "Saves the events and logs of a Ray node into an object store, where a History Server finds them.\n"
      "A variable that is not empty wins over its flag, a key of the JSON file over both.\n\n";
  for (const ActionFlag& flag : action_flags())
    text += fmt::format("  --{}\n        {}\n", flag.flag, flag.help);
  std::string_view group;
  for (const Setting& setting : all_settings()) {
    if (setting.group != group) {
      group = setting.group;
      text += fmt::format("\n{}:\n", group);
    }
    if (!setting.flag.empty()) {
      text += fmt::format("  --{}={}, variable {}\n", setting.flag, word_of(setting.value.kind),
                          setting.variable);
    } else {
      text += fmt::format("  {}={}", setting.variable, word_of(setting.value.kind));
      text += setting.key.empty() ? "\n" : fmt::format(", key {}\n", setting.key);
    }
    text += fmt::format("        {}", setting.help);
    text += setting.default_text.empty() ? "\n" : fmt::format(" Default: {}\n", setting.default_text);
  }
  return text;
}

std::string settings_markdown() {
  const auto code = [](std::string_view before, std::string_view name) {
    return name.empty() ? std::string() : fmt::format("`{}{}`", before, name);
  };
  std::string text =
      "# Settings\n\n"
      "<!-- Made from src/collector/settings_table.cpp. Change it there; settings_test.cpp says how to make "
      "this anew. "
      "-->\n\n"
      "A variable that is not empty wins over its flag; a key of the JSON file wins over both. Flags take "
      "one dash or\n"
      "two, their value after `=` or a space; truth values only after `=`. Durations are Go's: `30s`, "
      "`1m30s`, `500ms`.\n"
      "What cannot work is reported, all of it at once, and ends the program with status 2. A tuning value "
      "that cannot\n"
      "be read is warned about, and its default used.\n\n"
      "| flag | what it does |\n|---|---|\n";
  for (const ActionFlag& flag : action_flags())
    text += fmt::format("| `--{}` | {} |\n", flag.flag, flag.help);
  std::string_view group;
  for (const Setting& setting : all_settings()) {
    if (setting.group != group) {
      group = setting.group;
      text += fmt::format("\n## {}\n\n| flag | variable | key | default | meaning |\n|---|---|---|---|---|\n",
                          group);
    }
    text += fmt::format("| {} | {} | {} | {} | {} |\n", code("--", setting.flag), code("", setting.variable),
                        code("", setting.key), code("", setting.default_text), setting.help);
  }
  text +=
      "\n## Names of KubeRay 1.6\n\n"
      "Manifests of that version use other names for some of these. They are taken where the present name is "
      "not "
      "given.\n\n"
      "| former flag | former variable | now |\n|---|---|---|\n";
  for (const Setting& setting : all_settings()) {
    if (setting.former_flag.empty() && setting.former_variable.empty()) continue;
    text += fmt::format("| {} | {} | `{}` |\n", code("--", setting.former_flag),
                        code("", setting.former_variable), setting.name());
  }
  return text;
}

}  // namespace rayhistory
