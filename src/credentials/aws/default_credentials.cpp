#include "credentials/aws/default_credentials.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "credentials/aws/config_file.h"
#include "credentials/aws/container_credentials.h"
#include "credentials/aws/credential_process.h"
#include "credentials/aws/instance_metadata.h"
#include "credentials/aws/role_credentials.h"
#include "credentials/cached_credentials.h"

namespace rayhistory {
namespace {

using Source = std::unique_ptr<AwsCredentialsSource>;

constexpr std::string_view kDefaultProfile = "default";

// The keys of a profile, as its file has them now: who renews them there, renews them here.
class ProfileKeys final : public Issuer<AwsCredentials> {
 public:
  ProfileKeys(AwsEnvironment environment, std::string profile, std::string file,
              AwsSections AwsProfiles::*sections)
      : environment_(std::move(environment)),
        profile_(std::move(profile)),
        file_(std::move(file)),
        sections_(sections) {}

  Result<Issued<AwsCredentials>> issue(const Deadline&) override {
    Result<AwsProfiles> profiles = read_aws_profiles(environment_);
    if (!profiles) return Error{ErrorKind::denied, std::move(profiles).error().message};
    AwsCredentials keys = keys_of((*profiles).*sections_, profile_);
    if (keys.access_key_id.empty() || keys.secret_access_key.empty()) {
      return Error{
          ErrorKind::denied,
          fmt::format("{}: has no longer both aws_access_key_id and aws_secret_access_key", origin())};
    }
    return Issued<AwsCredentials>{std::move(keys), std::nullopt};
  }
  std::string origin() const override { return fmt::format("profile {} in {}", profile_, file_); }

  // Empty where the profile is not there.
  static AwsCredentials keys_of(const AwsSections& sections, std::string_view profile) {
    const auto found = sections.find(profile);
    if (found == sections.end()) return {};
    const AwsSection& section = found->second;
    // The older name first, as botocore has it.
    std::string token = value_of(section, "aws_security_token");
    if (token.empty()) token = value_of(section, "aws_session_token");
    return {value_of(section, "aws_access_key_id"), value_of(section, "aws_secret_access_key"),
            std::move(token)};
  }

 private:
  const AwsEnvironment environment_;
  const std::string profile_;
  const std::string file_;
  AwsSections AwsProfiles::*const sections_;
};

// Instance metadata, which stands last: where it fails, the places before it are told too, as they may be
// what was meant.
class LastPlace final : public Issuer<AwsCredentials> {
 public:
  LastPlace(std::unique_ptr<AwsInstanceMetadata> metadata, std::string looked_before)
      : metadata_(std::move(metadata)), looked_before_(std::move(looked_before)) {}

  Result<Issued<AwsCredentials>> issue(const Deadline& deadline) override {
    Result<Issued<AwsCredentials>> issued = metadata_->issue(deadline);
    if (!issued && issued.error().kind != ErrorKind::cancelled) {
      Error error = std::move(issued).error();
      error.message = fmt::format("no AWS credentials: {}; {}", looked_before_, error.message);
      return error;
    }
    return issued;
  }
  std::string origin() const override { return metadata_->origin(); }

 private:
  const std::unique_ptr<AwsInstanceMetadata> metadata_;
  const std::string looked_before_;
};

class Chain {
 public:
  Chain(const AwsEnvironment& environment, std::string_view region_if_none,
        std::unique_ptr<HttpClient> client, const Clock& clock)
      : environment_(environment),
        region_if_none_(region_if_none),
        client_(std::move(client)),
        clock_(clock),
        profile_(environment.profile.empty() ? kDefaultProfile : environment.profile) {}

  Result<Source> settle() && {
    TRY_ASSIGN(Source keys, from_environment());
    if (keys) return keys;
    TRY_ASSIGN(profiles_, read_aws_profiles(environment_));
    if (!environment_.profile.empty() && profiles_.find(profile_) == nullptr) {
      return Error{ErrorKind::invalid,
                   fmt::format("AWS_PROFILE: the profile {} is neither in {} nor in {}", profile_,
                               named(profiles_.config_file), named(profiles_.credentials_file))};
    }
    TRY_ASSIGN(Source profile, from_profile(profile_, true));
    if (profile) return profile;
    TRY_ASSIGN(Source container, from_container());
    if (container) return container;
    return from_instance();
  }

 private:
  static std::string named(const std::string& path) { return path.empty() ? "~/.aws" : path; }

  template <typename AnIssuer>
  Source cached(std::unique_ptr<AnIssuer> issuer) const {
    return std::make_unique<CachedCredentials<AwsCredentials>>(std::move(issuer), clock_);
  }

  Error wrong(std::string_view profile, std::string_view why) const {
    return Error{ErrorKind::invalid,
                 fmt::format("profile {} ({}, {}): {}", profile, named(profiles_.config_file),
                             named(profiles_.credentials_file), why)};
  }

  Result<Source> from_environment() const {
    const AwsCredentials& keys = environment_.keys;
    if (keys.access_key_id.empty() && keys.secret_access_key.empty()) return Source();
    if (keys.access_key_id.empty() || keys.secret_access_key.empty()) {
      return Error{ErrorKind::invalid,
                   fmt::format("{} is set and {} is not: set both, or neither",
                               keys.access_key_id.empty() ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID",
                               keys.access_key_id.empty() ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY")};
    }
    return Source(std::make_unique<FixedCredentials<AwsCredentials>>(
        keys, "environment variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"));
  }

  // What a profile leads to; null where it leads nowhere. `is_first`: not another's source, so that the
  // environment may complete it.
  Result<Source> from_profile(const std::string& name, bool is_first) {
    const AwsSection* found = profiles_.find(name);
    const AwsSection profile = found == nullptr ? AwsSection() : *found;
    visited_.push_back(name);
    const bool has_keys = profile.contains("aws_access_key_id") || profile.contains("aws_secret_access_key");
    const bool has_role = profile.contains("role_arn") && !profile.contains("web_identity_token_file");
    // A source's own keys come before its role.
    if (has_role && (is_first || !has_keys)) return from_role(name, profile);
    TRY_ASSIGN(Source web_identity, from_web_identity(name, profile, is_first));
    if (web_identity) return web_identity;
    if (has_access_key(profiles_.in_credentials, name))
      return from_keys(name, profiles_.credentials_file, &AwsProfiles::in_credentials);
    if (const std::string command = value_of(profile, "credential_process"); !command.empty()) {
      std::optional<std::vector<std::string>> words = split_command(command);
      if (!words) return wrong(name, "credential_process is no command: is a quote not closed?");
      return cached(std::make_unique<AwsCredentialProcess>(*std::move(words), name, clock_));
    }
    if (has_access_key(profiles_.in_config, name))
      return from_keys(name, profiles_.config_file, &AwsProfiles::in_config);
    if (profile.contains("sso_session") || profile.contains("sso_start_url")) needs_person_ = true;
    return Source();
  }

  static bool has_access_key(const AwsSections& sections, const std::string& profile) {
    const auto found = sections.find(profile);
    return found != sections.end() && found->second.contains("aws_access_key_id");
  }

  Result<Source> from_keys(const std::string& name, const std::string& file,
                           AwsSections AwsProfiles::*sections) const {
    const AwsCredentials keys = ProfileKeys::keys_of(profiles_.*sections, name);
    if (keys.access_key_id.empty() || keys.secret_access_key.empty())
      return wrong(name, "aws_access_key_id and aws_secret_access_key must both be there");
    return cached(std::make_unique<ProfileKeys>(environment_, name, file, sections));
  }

  Result<Source> from_role(const std::string& name, const AwsSection& profile) {
    const std::string source_profile = value_of(profile, "source_profile");
    const std::string credential_source = value_of(profile, "credential_source");
    if (source_profile.empty() == credential_source.empty())
      return wrong(name, "role_arn needs either source_profile or credential_source");
    if (profile.contains("mfa_serial")) return wrong(name, "mfa_serial needs a person, and none is here");
    AwsRole role{value_of(profile, "role_arn"), value_of(profile, "role_session_name"),
                 value_of(profile, "external_id"), value_of(profile, "duration_seconds")};
    if (!std::all_of(role.duration_seconds.begin(), role.duration_seconds.end(),
                     [](char c) { return c >= '0' && c <= '9'; }))
      return wrong(name, "duration_seconds must be a number");
    TRY_ASSIGN(Source caller, source_profile.empty() ? from_credential_source(name, credential_source)
                                                     : from_source_profile(name, profile, source_profile));
    TRY_ASSIGN(AwsTokenService service, token_service());
    return cached(std::make_unique<AwsAssumedRole>(std::move(role), std::move(caller), std::move(service)));
  }

  Result<Source> from_source_profile(const std::string& name, const AwsSection& profile,
                                     const std::string& source_profile) {
    const AwsSection* section = profiles_.find(source_profile);
    if (section == nullptr)
      return wrong(name, fmt::format("its source_profile {} does not exist", source_profile));
    // It may name itself: the keys beside its role are the caller's.
    const bool is_own_keys =
        source_profile == name && visited_.size() == 1 &&
        (profile.contains("aws_access_key_id") || profile.contains("aws_secret_access_key"));
    const bool is_loop = std::find(visited_.begin(), visited_.end(), source_profile) != visited_.end();
    if (is_loop && !is_own_keys)
      return wrong(name, fmt::format("its source_profile {} leads back to it", source_profile));
    TRY_ASSIGN(Source caller, from_profile(source_profile, false));
    if (!caller) return wrong(name, fmt::format("its source_profile {} has no credentials", source_profile));
    return caller;
  }

  Result<Source> from_credential_source(const std::string& name, const std::string& credential_source) {
    Result<Source> caller = Source();
    if (credential_source == "Environment") {
      caller = from_environment();
    } else if (credential_source == "EcsContainer") {
      caller = from_container();
    } else if (credential_source == "Ec2InstanceMetadata") {
      caller = from_instance();
    } else {
      return wrong(name, fmt::format("credential_source {} is none: Environment, EcsContainer or "
                                     "Ec2InstanceMetadata",
                                     credential_source));
    }
    if (caller && !*caller)
      return wrong(name, fmt::format("its credential_source {} has no credentials", credential_source));
    return caller;
  }

  Result<Source> from_web_identity(const std::string& name, const AwsSection& profile, bool is_first) const {
    const auto value = [&](const std::string& variable, std::string_view setting) {
      return is_first && !variable.empty() ? variable : value_of(profile, setting);
    };
    const std::string token_file = value(environment_.web_identity_token_file, "web_identity_token_file");
    if (token_file.empty()) return Source();
    AwsRole role;
    role.arn = value(environment_.role_arn, "role_arn");
    role.session_name = value(environment_.role_session_name, "role_session_name");
    if (role.arn.empty()) {
      if (is_first && !environment_.web_identity_token_file.empty()) {
        return Error{ErrorKind::invalid,
                     "AWS_WEB_IDENTITY_TOKEN_FILE is set and AWS_ROLE_ARN is not: set both"};
      }
      return wrong(name, "web_identity_token_file needs role_arn");
    }
    TRY_ASSIGN(AwsTokenService service, token_service());
    return cached(std::make_unique<AwsWebIdentity>(std::move(role), token_file, std::move(service)));
  }

  Result<Source> from_container() const {
    if (!AwsContainerCredentials::is_configured(environment_)) return Source();
    TRY_ASSIGN(auto container, AwsContainerCredentials::open(environment_, client_));
    return cached(std::move(container));
  }

  Result<Source> from_instance() const {
    std::string looked_before = looked();
    if (AwsInstanceMetadata::is_disabled(environment_)) {
      return Error{ErrorKind::invalid,
                   fmt::format("no AWS credentials: {}; AWS_EC2_METADATA_DISABLED is true", looked_before)};
    }
    TRY_ASSIGN(auto metadata, AwsInstanceMetadata::open(environment_, client_));
    return cached(std::make_unique<LastPlace>(std::move(metadata), std::move(looked_before)));
  }

  std::string looked() const {
    return fmt::format(
        "AWS_ACCESS_KEY_ID is not set; AWS_WEB_IDENTITY_TOKEN_FILE is not set; profile {} has no credentials "
        "in {} "
        "or {}{}; AWS_CONTAINER_CREDENTIALS_FULL_URI and _RELATIVE_URI are not set",
        profile_, named(profiles_.credentials_file), named(profiles_.config_file),
        needs_person_ ? " (sso needs a person to sign in)" : "");
  }

  Result<AwsTokenService> token_service() const {
    std::string region = environment_.region;
    if (const AwsSection* profile = profiles_.find(profile_); profile != nullptr && region.empty())
      region = value_of(*profile, "region");
    if (region.empty()) region = region_if_none_;
    TRY_ASSIGN(AwsTokenServiceEndpoint endpoint, aws_token_service_endpoint(environment_, region));
    return AwsTokenService(std::move(endpoint), client_, clock_);
  }

  const AwsEnvironment& environment_;
  const std::string_view region_if_none_;
  const std::shared_ptr<HttpClient> client_;
  const Clock& clock_;
  const std::string profile_;
  AwsProfiles profiles_;
  std::vector<std::string> visited_;
  bool needs_person_ = false;
};

}  // namespace

Result<std::unique_ptr<AwsCredentialsSource>> default_aws_credentials(const AwsEnvironment& environment,
                                                                      std::string_view region_if_none,
                                                                      std::unique_ptr<HttpClient> client,
                                                                      const Clock& clock) {
  return Chain(environment, region_if_none, std::move(client), clock).settle();
}

}  // namespace rayhistory
