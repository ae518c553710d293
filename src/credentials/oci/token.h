// The answers of Oracle's issuers, and the tokens in them, read. Pure; any thread.
//
// Each reader gives nothing where the body is not that reply, whole.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "credentials/oci/environment.h"

namespace rayhistory {

// Whether `text` can be an ID in a signature: it is a part of a header, between quotes.
bool is_oci_key_id(std::string_view text);

// A session's token with the key that it was issued for. It is a JSON Web Token (RFC 7519), and ends at its
// claim `exp`; where it has none, or is no such token, its end is not known. `region` and `realm_domain` are
// for OciCredentials. Nothing where `token`, without the spaces around it, can be no token.
std::optional<Issued<OciCredentials>> oci_session(std::string_view token, RsaKey key, std::string region = {},
                                                  std::string realm_domain = {});

// {"token": …} of the authentication service.
std::optional<std::string> read_oci_token_response(std::string_view body);
// The same in base64, whose token begins with "ST$", of OKE's proxymux; without that beginning.
std::optional<std::string> read_oci_proxymux_response(std::string_view body);

// {"regionIdentifier": …, "realmDomainComponent": …} of the instance metadata service; {region, domain}.
struct OciRegionResponse {
  std::string region;
  std::string realm_domain;
};
std::optional<OciRegionResponse> read_oci_region_response(std::string_view body);

// {"code": …, "message": …}: both may be empty.
struct OciErrorResponse {
  std::string code;
  std::string message;
};
std::optional<OciErrorResponse> read_oci_error(std::string_view body);

}  // namespace rayhistory
