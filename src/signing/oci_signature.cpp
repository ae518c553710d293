#include "signing/oci_signature.h"

#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/ascii.h"
#include "base/digest.h"
#include "http/http_date.h"

namespace rayhistory {
namespace {

using SignedParts = std::vector<std::pair<std::string_view, std::string>>;  // name and value, in order

std::string request_target(const HttpRequest& request) {
  std::string target = fmt::format("{} {}", lower_case(name_of(request.method)), request.url.encoded_path);
  if (!request.url.encoded_query.empty()) target += "?" + request.url.encoded_query;
  return target;
}

}  // namespace

void sign_oci(HttpRequest& request, const OciCredentials& credentials, int64_t unix_nanoseconds,
              const OciSignedBody* body, OciSignedHeaders headers) {
  request.headers.set("date", format_http_date(unix_nanoseconds));
  if (body != nullptr) request.headers.set("x-content-sha256", body->sha256_base64);

  SignedParts parts;
  parts.emplace_back("date", *request.headers.find("date"));
  parts.emplace_back("(request-target)", request_target(request));
  if (headers == OciSignedHeaders::with_host) parts.emplace_back("host", request.url.host_header());
  if (body != nullptr) {
    parts.emplace_back("content-length", std::to_string(body->size));
    parts.emplace_back("content-type", request.headers.find("Content-Type").value_or(""));
    parts.emplace_back("x-content-sha256", body->sha256_base64);
  }
  std::string names;
  std::string to_sign;
  for (const auto& [name, value] : parts) {
    if (!names.empty()) {
      names += ' ';
      to_sign += '\n';
    }
    names += name;
    to_sign.append(name).append(": ").append(value);
  }
  request.headers.set(
      "Authorization",
      fmt::format(R"(Signature algorithm="rsa-sha256",headers="{}",keyId="{}",signature="{}",version="1")",
                  names, credentials.key_id, to_base64(credentials.key->sign_sha256(to_sign))));
}

OciSignedBody oci_signed_body(std::string_view body) {
  const Sha256Digest digest = sha256(body);
  return {to_base64(as_text(digest)), body.size()};
}

}  // namespace rayhistory
