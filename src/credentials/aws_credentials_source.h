// Where AWS credentials come from. Any thread may call a source.
#pragma once

#include <utility>

#include "base/clock.h"
#include "base/result.h"
#include "signing/aws_credentials.h"

namespace rayhistory {

class AwsCredentialsSource {
 public:
  virtual ~AwsCredentialsSource() = default;
  // Credentials that are valid for a while yet. Errors: `denied` (there are none, or they are refused; the
  // text says where they were looked for), `retry`, `cancelled`.
  virtual Result<AwsCredentials> get(const Deadline& deadline) = 0;
  // A store refused these as expired or unknown: the next get() asks anew, unless it already gives others.
  virtual void invalidate(const AwsCredentials& refused) = 0;
};

// The ones that were configured, for ever.
class StaticAwsCredentials final : public AwsCredentialsSource {
 public:
  explicit StaticAwsCredentials(AwsCredentials credentials) : credentials_(std::move(credentials)) {}
  Result<AwsCredentials> get(const Deadline&) override { return credentials_; }
  void invalidate(const AwsCredentials&) override {}

 private:
  const AwsCredentials credentials_;
};

}  // namespace rayhistory
