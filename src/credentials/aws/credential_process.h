// A program that prints credentials: credential_process of a profile.
//
// AWS SDKs and Tools Reference Guide, "Process credential provider". No shell is run: quotes and backslashes
// group and escape as in one, and nothing else is special.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "credentials/aws/aws_credentials_source.h"

namespace rayhistory {

// The words of a command, as Python's shlex.split has them, which is what botocore does; nothing where a
// quote is not closed, or where there is no word.
std::optional<std::vector<std::string>> split_command(std::string_view command);

class AwsCredentialProcess final : public Issuer<AwsCredentials> {
 public:
  // `words` as of split_command; `profile` names it in errors. `clock` must outlive it.
  AwsCredentialProcess(std::vector<std::string> words, std::string profile, const Clock& clock)
      : words_(std::move(words)), profile_(std::move(profile)), clock_(clock) {}

  // Runs it, for a minute at the most, and until the deadline or a stop; then it is killed with all that it
  // started. Its output is bounded.
  Result<Issued<AwsCredentials>> issue(const Deadline& deadline) override;
  std::string origin() const override;

 private:
  const std::vector<std::string> words_;
  const std::string profile_;
  const Clock& clock_;
};

}  // namespace rayhistory
