// A config file that an operator mounts, a key, a certificate and a token that an issuer hands out are read
// or refused. An ID that was read fits into a header, between quotes.
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "base/rsa_key.h"
#include "base/x509_certificate.h"
#include "credentials/oci/config_file.h"
#include "credentials/oci/region.h"
#include "credentials/oci/token.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rayhistory;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto profiles = parse_oci_config(text)) {
    for (const auto& [name, profile] : *profiles) {
      for (const std::string* value :
           {&profile.tenancy, &profile.user, &profile.key_file, &profile.pass_phrase})
        CHECK(value->find('\n') == std::string::npos);
    }
  }
  if (const auto token = read_oci_token_response(text)) CHECK(is_oci_key_id(*token));
  if (const auto token = read_oci_proxymux_response(text)) CHECK(is_oci_key_id(*token));
  (void)read_oci_region_response(text);
  (void)read_oci_error(text);
  CHECK(!oci_region(text).domain.empty() || text.find('.') != std::string_view::npos);
  if (const auto certificate = read_x509_certificate(text)) CHECK(!certificate->der.empty());
  (void)RsaKey::from_pem(text, "pass phrase");
  return 0;
}
