#include "credentials/oci/profile.h"

#include <memory>
#include <utility>

#include <fmt/format.h>

#include "credentials/mounted_secret.h"
#include "credentials/oci/config_file.h"
#include "credentials/oci/token.h"

namespace rayhistory {
namespace {

std::string names_of(const OciProfiles& profiles) {
  constexpr size_t kShownProfiles = 10;
  std::string names;
  size_t shown = 0;
  for (const auto& [name, profile] : profiles) {
    if (shown++ == kShownProfiles) return names + ", …";
    names += (names.empty() ? "" : ", ") + name;
  }
  return names.empty() ? "none" : names;
}

// The settings that the profile must have and has not.
std::string missing_in(const OciProfile& profile, bool is_token) {
  std::string missing;
  const auto want = [&missing](const std::string& value, std::string_view name) {
    if (value.empty()) missing += (missing.empty() ? "" : ", ") + std::string(name);
  };
  if (is_token) {
    want(profile.security_token_file, "security_token_file");
  } else {
    want(profile.tenancy, "tenancy");
    want(profile.user, "user");
    want(profile.fingerprint, "fingerprint");
  }
  want(profile.key_file, "key_file");
  return missing;
}

}  // namespace

Result<RsaKey> read_oci_key(std::string_view pem, std::string_view pass_phrase, std::string_view file,
                            std::string_view setting) {
  Result<RsaKey> key = RsaKey::from_pem(pem, pass_phrase);
  if (key) return key;
  return Error{ErrorKind::denied,
               fmt::format("{}: {}; it must be a PEM of an RSA key of 2048 bits or more, and where it is "
                           "encrypted its pass phrase must be in {}",
                           file, key.error().message, setting)};
}

OciProfileIssuer::OciProfileIssuer(const OciEnvironment& environment, OciProfileUse use)
    : file_(oci_path(environment.config_file, environment.home)),
      profile_(environment.config_profile),
      home_(environment.home),
      use_(use) {}

std::string OciProfileIssuer::origin() const {
  const std::string_view what = use_ == OciProfileUse::key     ? "API key of the "
                                : use_ == OciProfileUse::token ? "session token of the "
                                                               : "";
  return fmt::format("{}profile {} (OCI_CONFIG_PROFILE) in {} (OCI_CONFIG_FILE)", what, profile_, file_);
}

Result<Issued<OciCredentials>> OciProfileIssuer::issue(const Deadline&) {
  const auto refused = [this](std::string_view why) {
    return Error{ErrorKind::denied, fmt::format("{}: {}", origin(), why)};
  };
  Result<std::string> text = read_mounted_secret(file_);
  if (!text) return std::move(text).error().in("OCI_CONFIG_FILE");
  const Result<OciProfiles> profiles = parse_oci_config(*text);
  if (!profiles) return refused(profiles.error().message);
  const auto found = profiles->find(profile_);
  if (found == profiles->end())
    return refused(fmt::format("there is no such profile; the file has: {}", names_of(*profiles)));
  const OciProfile& profile = found->second;
  const bool is_token =
      use_ == OciProfileUse::token ||
      (use_ == OciProfileUse::key_or_token && profile.user.empty() && !profile.security_token_file.empty());
  if (const std::string missing = missing_in(profile, is_token); !missing.empty()) {
    return refused(fmt::format("the profile lacks {}: add it{}", missing,
                               is_token ? ", or begin a session with: oci session authenticate" : ""));
  }
  const std::string key_file = oci_path(profile.key_file, home_);
  Result<std::string> pem = read_mounted_secret(key_file);
  if (!pem) return std::move(pem).error().in(origin() + ": key_file");
  Result<RsaKey> key = read_oci_key(*pem, profile.pass_phrase, key_file,
                                    fmt::format("pass_phrase of the profile {}", profile_));
  if (!key) return std::move(key).error().in(origin());
  if (is_token) {
    const std::string token_file = oci_path(profile.security_token_file, home_);
    Result<std::string> token = read_mounted_secret(token_file);
    if (!token) return std::move(token).error().in(origin() + ": security_token_file");
    std::optional<Issued<OciCredentials>> session = oci_session(*token, *std::move(key), profile.region);
    if (!session)
      return refused(token_file + " holds no token: begin a session with: oci session authenticate");
    return *std::move(session);
  }
  OciCredentials credentials{fmt::format("{}/{}/{}", profile.tenancy, profile.user, profile.fingerprint),
                             std::make_shared<const RsaKey>(*std::move(key)), profile.region, ""};
  if (!is_oci_key_id(credentials.key_id)) {
    return refused(
        "tenancy, user or fingerprint has a character that no ID of Oracle's has, as a space or a quote");
  }
  return Issued<OciCredentials>{std::move(credentials), std::nullopt};
}

}  // namespace rayhistory
