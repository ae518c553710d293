// Finds Oracle's credentials as the collector does, and prints where from, the key's ID and the region, a
// line each; for tests/credentials, which compare what is sent with the vendor's SDK. With the argument
// "regions": for each line of standard input the address of Object Storage in that region. Not installed.
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <utility>

#include "credentials/oci/default_credentials.h"
#include "credentials/oci/region.h"
#include "http/curl_client.h"

namespace rayhistory {
namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

int print_regions() {
  std::string line;
  while (std::getline(std::cin, line))
    std::cout << oci_service_url("objectstorage", oci_region(line)) << '\n';
  return 0;
}

int print_credentials() {
  OciEnvironment environment;
  environment.auth_type = variable("OCI_AUTH_TYPE");
  if (const std::string file = variable("OCI_CONFIG_FILE"); !file.empty()) environment.config_file = file;
  environment.home = variable("HOME");
  environment.resource_principal_version = variable("OCI_RESOURCE_PRINCIPAL_VERSION");
  environment.resource_principal_token = variable("OCI_RESOURCE_PRINCIPAL_RPST");
  environment.resource_principal_key = variable("OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM");
  environment.resource_principal_pass_phrase = variable("OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM_PASSPHRASE");
  environment.resource_principal_region = variable("OCI_RESOURCE_PRINCIPAL_REGION");
  environment.metadata_url = variable("OCI_METADATA_BASE_URL");
  environment.auth_url = variable("OCI_SDK_AUTH_CLIENT_REGION_URL");
  environment.kubernetes_host = variable("KUBERNETES_SERVICE_HOST");
  environment.service_account_ca_file = variable("OCI_KUBERNETES_SERVICE_ACCOUNT_CERT_PATH");
  environment.service_account_token_file = variable("TEST_TOKEN_FILE");
  if (const std::string port = variable("TEST_PROXYMUX_PORT"); !port.empty())
    environment.proxymux_port = static_cast<uint16_t>(std::stoi(port));
  const auto make_client = [](const std::string& ca_file) {
    CurlOptions network;
    network.ca_file = ca_file;
    return std::make_unique<CurlClient>(system_clock(), std::move(network));
  };
  const auto source = default_oci_credentials(environment, make_client, system_clock());
  if (!source) {
    std::fprintf(stderr, "%s\n", source.error().message.c_str());
    return 2;
  }
  const auto credentials = (*source)->get(Deadline::after(system_clock(), Seconds(20)));
  if (!credentials) {
    std::fprintf(stderr, "%s\n", credentials.error().message.c_str());
    return 1;
  }
  std::printf("%s\n%s\n%s\n", (*source)->origin().c_str(), credentials->key_id.c_str(),
              credentials->region.c_str());
  return 0;
}

}  // namespace
}  // namespace rayhistory

int main(int argc, char** argv) {
  const bool prints_regions = argc == 2 && std::string(argv[1]) == "regions";
  return prints_regions ? rayhistory::print_regions() : rayhistory::print_credentials();
}
