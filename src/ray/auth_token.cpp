#include "ray/auth_token.h"

#include <cstdint>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/file.h"

namespace rayhistory::collector {
namespace {

// Kubernetes' tokens have 1 to 4 KiB.
constexpr uint64_t kTokenLimitBytes = 64 * 1024;

std::string trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(kSpace) - first + 1));
}

Result<std::string> read_service_account_token(const std::string& path) {
  // A projected volume shows its files as symlinks, which it swaps to rotate them; read_file follows none.
  std::error_code error;
  const std::filesystem::path target = std::filesystem::canonical(path, error);
  if (error) return error_from_errno(error.value(), "open " + path);
  TRY_ASSIGN(const std::string content, read_file(target.string(), kTokenLimitBytes));
  return trimmed(content);
}

}  // namespace

Result<std::optional<std::string>> read_auth_token(const AuthTokenSettings& settings) {
  if (settings.service_account) {
    auto token = read_service_account_token(settings.service_account_path);
    if (token && !token->empty()) return std::optional(std::move(*token));
    const std::string reason = token ? settings.service_account_path + " is empty" : token.error().message;
    return Error{ErrorKind::denied,
                 "RAY_ENABLE_K8S_TOKEN_AUTH is true, but the service account's token cannot be had: " +
                     reason + "; mount the projected token there"};
  }
  std::string token = trimmed(settings.token);
  if (!token.empty()) return std::optional(std::move(token));
  if (!settings.required) return std::optional<std::string>();
  return Error{
      ErrorKind::denied,
      "RAY_AUTH_MODE is token, but there is none: set RAY_AUTH_TOKEN, or RAY_ENABLE_K8S_TOKEN_AUTH=true with "
      "the projected token mounted at " +
          settings.service_account_path};
}

}  // namespace rayhistory::collector
