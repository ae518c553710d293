// The files that AWS's SDKs share, ~/.aws/config and ~/.aws/credentials, read.
//
// AWS SDKs and Tools Reference Guide, "Shared config and credentials files". What differs between SDKs is as
// in botocore: a profile that is in both files is one, and what the credentials file says of it wins.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "credentials/aws/environment.h"

namespace rayhistory {

// Names in lower case.
using AwsSection = std::map<std::string, std::string, std::less<>>;
using AwsSections = std::map<std::string, AwsSection, std::less<>>;

// The sections of a text by what stands in their brackets. A section that comes twice is one, its later
// values win. Nested values (of "s3 =", for example) are left out. `invalid` names the line that is none.
Result<AwsSections> parse_aws_config(std::string_view text);

// "profile x" and "profile \"x\"" are x, "default" is default; nothing for a section that is no profile.
std::optional<std::string> profile_of_section(std::string_view section);

struct AwsProfiles {
  std::string config_file;
  std::string credentials_file;
  AwsSections all;  // by the profile's name
  // What each file says by itself: keys are never put together from both.
  AwsSections in_config;
  AwsSections in_credentials;

  // Null where there is none of that name.
  const AwsSection* find(std::string_view profile) const;
};

// A file that is not there is as an empty one. `invalid` names the file that cannot be read, and why.
Result<AwsProfiles> read_aws_profiles(const AwsEnvironment& environment);

// The value of a setting; empty where there is none.
std::string value_of(const AwsSection& section, std::string_view name);

}  // namespace rayhistory
