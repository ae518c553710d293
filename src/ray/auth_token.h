// The token that Ray's dashboard asks for when token authentication is on (RAY_AUTH_MODE=token).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace rayhistory::collector {

// The header that carries it, as "Bearer <token>".
inline constexpr std::string_view kRayAuthHeader = "x-ray-authorization";

// Asked before every request, because a projected token rotates. Nothing: requests go without. Any thread.
using TokenSource = std::function<Result<std::optional<std::string>>()>;

struct AuthTokenSettings {
  bool required = false;         // RAY_AUTH_MODE is "token"
  bool service_account = false;  // RAY_ENABLE_K8S_TOKEN_AUTH
  std::string token = {};        // RAY_AUTH_TOKEN
  // Where KubeRay projects the service account's token.
  std::string service_account_path = "/var/run/secrets/ray.io/serviceaccount/token";
};

// The service account's file where that is switched on, else the token given. `denied` when the file cannot
// be read or is empty, and when a token is required and none is configured: tell that at start.
Result<std::optional<std::string>> read_auth_token(const AuthTokenSettings& settings);

}  // namespace rayhistory::collector
