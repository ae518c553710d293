#include "signing/jwt_rs256.h"

#include <fmt/format.h>

#include "base/digest.h"
#include "base/json_text.h"

namespace rayhistory {

std::string make_jwt_rs256(const RsaKey& key, std::string_view key_id, std::string_view claims) {
  const std::string header = fmt::format(R"({{"alg":"RS256","typ":"JWT","kid":{}}})", json_string(key_id));
  std::string token = to_base64_url(header) + "." + to_base64_url(claims);
  token += "." + to_base64_url(key.sign_sha256(token));
  return token;
}

}  // namespace rayhistory
