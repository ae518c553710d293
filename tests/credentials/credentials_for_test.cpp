// What the collector signs in to S3 with, by the environment of this process, for test_against_botocore.py.
//
// Out: a line "origin TEXT", then, unless the only argument is --origin, "keys ID SECRET TOKEN" or "error
// TEXT".
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "collector/settings.h"
#include "credentials/aws/default_credentials.h"
#include "settings/store_of_settings.h"

namespace rayhistory::collector {
namespace {

// Longer than the slowest place takes to be found absent.
constexpr Seconds kLongest{20};

int end_with(const std::string& error) {
  std::printf("error %s\n", error.c_str());
  return 0;
}

int print_credentials(bool only_origin) {
  const ParsedSettings parsed = parse_settings({}, process_environment());
  if (!parsed.settings) return end_with(parsed.errors.front());
  const StoreOptions options = store_options(parsed.settings->storage, parsed.settings->network);
  auto source = default_aws_credentials(options.aws, options.s3.region,
                                        std::make_unique<CurlClient>(system_clock()), system_clock());
  if (!source) return end_with(source.error().message);
  std::printf("origin %s\n", (*source)->origin().c_str());
  if (only_origin) return 0;
  const Result<AwsCredentials> keys = (*source)->get(Deadline::after(system_clock(), kLongest));
  if (!keys) return end_with(keys.error().message);
  std::printf("keys %s %s %s\n", keys->access_key_id.c_str(), keys->secret_access_key.c_str(),
              keys->session_token.c_str());
  return 0;
}

}  // namespace
}  // namespace rayhistory::collector

int main(int argc, char** argv) {
  return rayhistory::collector::print_credentials(argc == 2 && std::string_view(argv[1]) == "--origin");
}
