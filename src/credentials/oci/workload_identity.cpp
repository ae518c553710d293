#include "credentials/oci/workload_identity.h"

#include <utility>

#include <fmt/format.h>

#include "base/digest.h"
#include "base/json_text.h"
#include "credentials/mounted_secret.h"
#include "credentials/oci/oci_issuer_request.h"
#include "credentials/oci/token.h"

namespace rayhistory {
namespace {

constexpr size_t kRequestIdBytes = 16;

std::string without_spaces_around(std::string_view text) {
  constexpr std::string_view kSpaces = " \t\r\n";
  const size_t first = text.find_first_not_of(kSpaces);
  if (first == std::string_view::npos) return "";
  return std::string(text.substr(first, text.find_last_not_of(kSpaces) - first + 1));
}

}  // namespace

OciWorkloadIdentity::OciWorkloadIdentity(const OciEnvironment& environment,
                                         std::unique_ptr<HttpClient> client)
    : host_(environment.kubernetes_host),
      port_(environment.proxymux_port),
      token_file_(environment.service_account_token_file),
      ca_file_(environment.service_account_ca_file),
      region_(environment.resource_principal_region),
      client_(std::move(client)) {}

std::string OciWorkloadIdentity::origin() const {
  return fmt::format("{} for the token in {}", kOciWorkloadOrigin, token_file_);
}

Result<Issued<OciCredentials>> OciWorkloadIdentity::issue(const Deadline& deadline) {
  Result<std::string> token_of_pod = read_mounted_secret(token_file_);
  if (!token_of_pod) {
    return std::move(token_of_pod)
        .error()
        .in("OKE workload identity needs the token of the pod's service account "
            "(automountServiceAccountToken)");
  }
  // The client reads it for itself; here it is looked at so that the error says what it is for.
  if (const Result<std::string> authority = read_mounted_secret(ca_file_); !authority) {
    return Error{ErrorKind::denied, fmt::format("OKE workload identity needs the CA of the cluster "
                                                "(OCI_KUBERNETES_SERVICE_ACCOUNT_CERT_PATH): {}",
                                                authority.error().message)};
  }
  const std::string bearer = without_spaces_around(*token_of_pod);
  if (!is_oci_key_id(bearer))
    return Error{ErrorKind::denied, fmt::format("OKE workload identity: {} holds no token", token_file_)};

  RsaKey session_key = RsaKey::generate();
  const MemoryBody body(fmt::format(R"({{"podKey":{}}})", json_string(to_base64(session_key.public_der()))));
  HttpRequest request;
  request.method = HttpMethod::post;
  request.url.host = host_;
  request.url.port = port_;
  request.url.encoded_path = "/resourcePrincipalSessionTokens";
  request.headers.set("Authorization", "Bearer " + bearer);
  request.headers.set("Content-Type", "application/json");
  request.headers.set("opc-request-id", random_hex(kRequestIdBytes));
  request.body = &body;
  const std::string whom = fmt::format("OKE's proxymux {}", request.url.origin());
  Result<std::string> response = ask_oci_issuer(*client_, std::move(request), whom, deadline);
  if (!response) {
    Error error = std::move(response).error();
    if (error.kind == ErrorKind::denied) {
      error.message +=
          "; workload identity needs an enhanced cluster, and a token of this cluster's own "
          "service account";
    }
    return error;
  }
  const std::optional<std::string> token = read_oci_proxymux_response(*response);
  std::optional<Issued<OciCredentials>> session;
  if (token) session = oci_session(*token, std::move(session_key), region_);
  if (!session) return Error{ErrorKind::retry, whom + ": its answer holds no token"};
  return *std::move(session);
}

}  // namespace rayhistory
