// The config file of Oracle's SDKs and command line, ~/.oci/config: sections, each a profile.
//
// A profile is as oracle/oci-go-sdk reads it (common/configuration_provider.go), which KubeRay uses: it has
// what stands in its own section alone. In the Python SDK a profile has the values of DEFAULT too, and so
// would a session's profile get the user of DEFAULT.
// Oracle: "SDK and CLI Configuration File".
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace rayhistory {

struct OciProfile {
  std::string tenancy;
  std::string user;
  std::string fingerprint;
  std::string key_file;
  std::string pass_phrase;  // a secret
  std::string region;
  std::string security_token_file;
};

using OciProfiles = std::map<std::string, OciProfile, std::less<>>;

// `invalid` names the line that is none, and shows nothing of it.
Result<OciProfiles> parse_oci_config(std::string_view text);

// "~/x" is x in the home folder.
std::string oci_path(const std::string& path, const std::string& home);

}  // namespace rayhistory
