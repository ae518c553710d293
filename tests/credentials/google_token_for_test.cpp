// Finds Google's credentials as the collector does, asks for a token, and prints where from and the token, a
// line each; for tests/credentials, which compare what is sent with google-auth. Not installed.
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include "credentials/google/default_credentials.h"
#include "http/curl_client.h"

namespace rayhistory {
namespace {

int run() {
  const auto variable = [](const char* name) -> std::string {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
  };
  GoogleDefaultCredentials credentials(
      {variable("GOOGLE_APPLICATION_CREDENTIALS"),
       variable("CLOUDSDK_CONFIG") + "/application_default_credentials.json", variable("GCE_METADATA_HOST")},
      std::make_unique<CurlClient>(system_clock()), system_clock());
  const auto issued = credentials.issue(Deadline::after(system_clock(), Seconds(20)));
  if (!issued) {
    std::fprintf(stderr, "%s\n", issued.error().message.c_str());
    return 1;
  }
  std::printf("%s\n%s\n", credentials.origin().c_str(), issued->credentials.value.c_str());
  return 0;
}

}  // namespace
}  // namespace rayhistory

int main() {
  return rayhistory::run();
}
