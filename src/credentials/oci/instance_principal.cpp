#include "credentials/oci/instance_principal.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/digest.h"
#include "base/json_text.h"
#include "base/x509_certificate.h"
#include "credentials/oci/oci_issuer_request.h"
#include "credentials/oci/token.h"
#include "signing/oci_signature.h"

namespace rayhistory {
namespace {

constexpr std::string_view kMetadataUrl = "http://169.254.169.254/opc/v2";

// The certificate's subject names its tenancy in one of two ways (oci/auth/auth_utils.py).
std::string tenancy_of(const X509Certificate& certificate) {
  for (const std::string& value : certificate.subject_values) {
    for (const std::string_view mark : {"opc-tenant:", "opc-identity:"}) {
      if (value.starts_with(mark)) return value.substr(mark.size());
    }
  }
  return "";
}

std::string trimmed(std::string_view text) {
  constexpr std::string_view kSpaces = " \t\r\n";
  const size_t first = text.find_first_not_of(kSpaces);
  if (first == std::string_view::npos) return "";
  return std::string(text.substr(first, text.find_last_not_of(kSpaces) - first + 1));
}

}  // namespace

OciInstancePrincipal::OciInstancePrincipal(const OciEnvironment& environment,
                                           std::unique_ptr<HttpClient> client, const Clock& clock)
    : metadata_url_(environment.metadata_url.empty() ? std::string(kMetadataUrl) : environment.metadata_url),
      auth_url_(environment.auth_url),
      default_realm_domain_(environment.default_realm_domain),
      client_(std::move(client)),
      clock_(clock) {}

std::string OciInstancePrincipal::origin() const {
  return fmt::format("{}, from the metadata service {}", kOciInstanceOrigin, metadata_url_);
}

Result<std::string> OciInstancePrincipal::ask_metadata(std::string_view path, const Deadline& deadline) {
  Result<Url> url = parse_url(fmt::format("{}{}", metadata_url_, path), Scheme::http);
  if (!url) return Error{ErrorKind::denied, "OCI_METADATA_BASE_URL: " + url.error().message};
  HttpRequest request;
  request.url = *std::move(url);
  request.headers.set("Authorization", "Bearer Oracle");
  Result<std::string> response = ask_oci_issuer(*client_, std::move(request),
                                                fmt::format("metadata service {}", metadata_url_), deadline);
  if (response || response.error().kind == ErrorKind::cancelled) return response;
  Error error = std::move(response).error();
  error.message +=
      "; an instance principal is there on a compute instance of Oracle's cloud alone: elsewhere "
      "set OCI_AUTH_TYPE, or mount a config file and name it in OCI_CONFIG_FILE";
  return error;
}

Result<OciRegion> OciInstancePrincipal::region(const Deadline& deadline) {
  TRY_ASSIGN(const std::string response, ask_metadata("/instance/region", deadline));
  const std::string name = trimmed(response);
  if (is_known_oci_region(name)) return oci_region(name);
  // A region that is newer than our table, or of a realm of its own.
  Result<std::string> details = ask_metadata("/instance/regionInfo", deadline);
  if (!details && details.error().kind != ErrorKind::denied) return std::move(details).error();
  if (details) {
    if (const std::optional<OciRegionResponse> told = read_oci_region_response(*details))
      return oci_region(told->region, told->realm_domain);
  }
  return oci_region(name, default_realm_domain_);
}

Result<Issued<OciCredentials>> OciInstancePrincipal::issue(const Deadline& deadline) {
  TRY_ASSIGN(const OciRegion here, region(deadline));
  TRY_ASSIGN(const std::string leaf, ask_metadata("/identity/cert.pem", deadline));
  TRY_ASSIGN(const std::string leaf_key, ask_metadata("/identity/key.pem", deadline));
  TRY_ASSIGN(const std::string intermediate, ask_metadata("/identity/intermediate.pem", deadline));
  const auto cut = [this](std::string_view what, const Error& error) {
    return Error{ErrorKind::retry,
                 fmt::format("metadata service {}: {}: {}", metadata_url_, what, error.message)};
  };
  const Result<X509Certificate> certificate = read_x509_certificate(leaf);
  if (!certificate) return cut("/identity/cert.pem", certificate.error());
  const Result<X509Certificate> issuer = read_x509_certificate(intermediate);
  if (!issuer) return cut("/identity/intermediate.pem", issuer.error());
  Result<RsaKey> key = RsaKey::from_pem(leaf_key);
  if (!key) return cut("/identity/key.pem", key.error());
  const std::string tenancy = tenancy_of(*certificate);
  if (!is_oci_key_id(tenancy)) {
    return Error{ErrorKind::denied,
                 fmt::format("metadata service {}: the certificate names no tenancy", metadata_url_)};
  }

  RsaKey session_key = RsaKey::generate();
  const MemoryBody body(fmt::format(R"({{"certificate":{},"publicKey":{},"intermediateCertificates":[{}]}})",
                                    json_string(to_base64(certificate->der)),
                                    json_string(to_base64(session_key.public_der())),
                                    json_string(to_base64(issuer->der))));
  std::string content(static_cast<size_t>(body.size()), '\0');
  TRY(body.read_at(0, content));
  Result<Url> url =
      parse_url((auth_url_.empty() ? oci_service_url("auth", here) : auth_url_) + "/v1/x509", Scheme::https);
  if (!url) return Error{ErrorKind::denied, "OCI_SDK_AUTH_CLIENT_REGION_URL: " + url.error().message};
  const std::string whom = fmt::format("authentication service {}", url->origin());
  HttpRequest request;
  request.method = HttpMethod::post;
  request.url = *std::move(url);
  request.headers.set("Content-Type", "application/json");
  request.body = &body;
  const OciCredentials machine{fmt::format("{}/fed-x509/{}", tenancy, certificate->sha1_fingerprint),
                               std::make_shared<const RsaKey>(*std::move(key))};
  const OciSignedBody digest = oci_signed_body(content);
  sign_oci(request, machine, clock_.unix_nanoseconds(), &digest, OciSignedHeaders::without_host);
  TRY_ASSIGN(const std::string response, ask_oci_issuer(*client_, std::move(request), whom, deadline));
  const std::optional<std::string> token = read_oci_token_response(response);
  std::optional<Issued<OciCredentials>> session;
  if (token) session = oci_session(*token, std::move(session_key), here.name, here.domain);
  if (!session) return Error{ErrorKind::retry, whom + ": its answer holds no token"};
  return *std::move(session);
}

}  // namespace rayhistory
