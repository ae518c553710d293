#include "credentials/oci/resource_principal.h"

#include <utility>

#include <fmt/format.h>

#include "credentials/mounted_secret.h"
#include "credentials/oci/profile.h"
#include "credentials/oci/token.h"

namespace rayhistory {
namespace {

constexpr std::string_view kToken = "OCI_RESOURCE_PRINCIPAL_RPST";
constexpr std::string_view kKey = "OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM";
constexpr std::string_view kPassPhrase = "OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM_PASSPHRASE";

// The value itself, or what is in the file whose absolute path it is.
Result<std::string> content_of(const std::string& value, std::string_view variable) {
  if (!value.starts_with('/')) return value;
  Result<std::string> content = read_mounted_secret(value);
  if (!content) return std::move(content).error().in(variable);
  return content;
}

// The line's end after a pass phrase is the file's.
std::string without_line_end(std::string text) {
  while (text.ends_with('\n') || text.ends_with('\r'))
    text.pop_back();
  return text;
}

}  // namespace

OciResourcePrincipal::OciResourcePrincipal(const OciEnvironment& environment)
    : token_(environment.resource_principal_token),
      key_(environment.resource_principal_key),
      pass_phrase_(environment.resource_principal_pass_phrase),
      region_(environment.resource_principal_region) {}

std::string OciResourcePrincipal::origin() const {
  if (!token_.starts_with('/')) return fmt::format("{} in {}", kOciResourceOrigin, kToken);
  return fmt::format("{} in {} ({})", kOciResourceOrigin, token_, kToken);
}

Result<Issued<OciCredentials>> OciResourcePrincipal::issue(const Deadline&) {
  for (const auto& [variable, value] : {std::pair(kToken, &token_), std::pair(kKey, &key_)}) {
    if (value->empty()) {
      return Error{
          ErrorKind::denied,
          fmt::format("resource principal: {} is not set; Oracle's platform sets it where a resource "
                      "may act by itself",
                      variable)};
    }
  }
  TRY_ASSIGN(const std::string token, content_of(token_, kToken));
  TRY_ASSIGN(const std::string pem, content_of(key_, kKey));
  TRY_ASSIGN(std::string pass_phrase, content_of(pass_phrase_, kPassPhrase));
  pass_phrase = without_line_end(std::move(pass_phrase));
  TRY_ASSIGN(RsaKey key, read_oci_key(pem, pass_phrase, kKey, kPassPhrase));
  std::optional<Issued<OciCredentials>> session = oci_session(token, std::move(key), region_);
  if (!session) {
    return Error{
        ErrorKind::denied,
        fmt::format("resource principal: {} holds no token and no absolute path of a file with one", kToken)};
  }
  return *std::move(session);
}

}  // namespace rayhistory
