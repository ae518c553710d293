// A credentials file that somebody mounts, and what a token service answers, are read or refused. What is
// sent a token is reached over TLS, or is this machine; what is taken for a token fits into a header.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "credentials/google/credentials_file.h"
#include "credentials/google/token_response.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rayhistory;
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  const auto check_url = [](const Url& url) {
    CHECK(url.scheme == Scheme::https || url.host == "localhost" || url.host == "::1" ||
          url.host.starts_with("127.") || url.host == "169.254.169.254" || url.host == "fd00:ec2::254" ||
          url.host == "metadata.google.internal");
  };
  if (const auto file = parse_google_credentials_file(body)) {
    if (const auto* key = std::get_if<GoogleServiceAccountKey>(&file->credentials)) check_url(key->token_url);
    if (const auto* user = std::get_if<GoogleAuthorizedUser>(&file->credentials)) check_url(user->token_url);
    if (const auto* account = std::get_if<GoogleExternalAccount>(&file->credentials)) {
      check_url(account->token_url);
      CHECK(account->subject_token.file.empty() == account->subject_token.url.has_value());
      if (account->subject_token.url) check_url(*account->subject_token.url);
      if (account->impersonation_url) check_url(*account->impersonation_url);
    }
  }
  const auto check_token = [](const AccessToken& token) {
    CHECK(!token.value.empty());
    CHECK(std::all_of(token.value.begin(), token.value.end(), [](char c) { return c > ' ' && c < 0x7f; }));
  };
  if (const auto token = read_token_response(body, 0)) check_token(token->credentials);
  if (const auto token = read_impersonation_response(body)) check_token(token->credentials);
  const std::string refusal = read_token_refusal(body);
  CHECK(refusal.size() <= 300 && refusal.find('\n') == std::string::npos);
  (void)read_text_field(body, "token");
  return 0;
}
