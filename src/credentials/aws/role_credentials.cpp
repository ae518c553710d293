#include "credentials/aws/role_credentials.h"

#include <fmt/format.h>

#include "credentials/mounted_secret.h"

namespace rayhistory {

Result<Issued<AwsCredentials>> AwsWebIdentity::issue(const Deadline& deadline) {
  Result<std::string> token = read_mounted_secret(token_file_);
  if (!token) return std::move(token).error().in("web identity token file");
  const size_t end = token->find_last_not_of(" \t\r\n");
  if (end == std::string::npos)
    return Error{ErrorKind::denied, fmt::format("web identity token file {}: is empty", token_file_)};
  return service_.assume_role_with_web_identity(role_, token->substr(0, end + 1), deadline);
}

std::string AwsWebIdentity::origin() const {
  return fmt::format("role {} for the web identity in {}, from {}", role_.arn, token_file_,
                     service_.origin());
}

Result<Issued<AwsCredentials>> AwsAssumedRole::issue(const Deadline& deadline) {
  TRY_ASSIGN(const AwsCredentials caller, caller_->get(deadline));
  Result<Issued<AwsCredentials>> issued = service_.assume_role(role_, caller, deadline);
  // They may be over, or have been replaced where they came from.
  if (!issued && issued.error().kind == ErrorKind::denied) caller_->invalidate(caller);
  return issued;
}

std::string AwsAssumedRole::origin() const {
  return fmt::format("role {} from {}, for {}", role_.arn, service_.origin(), caller_->origin());
}

}  // namespace rayhistory
