// Where credentials come from. What a store signs or sends with is a value (AwsCredentials, AccessToken); a
// source hands it out, and any thread may call one.
//
// A source is made of up to three things, each in a file of its own: an Issuer asks one place (a file, a
// metadata server, a token service), CachedCredentials keeps what it issued and renews it in time, and
// FixedCredentials are those that were configured.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/result.h"

namespace rayhistory {

template <typename Credentials>
class CredentialsSource {
 public:
  virtual ~CredentialsSource() = default;
  // Credentials that are valid for a while yet. Errors: `denied` (there are none, or they are refused; the
  // text says where they were looked for), `retry`, `cancelled`.
  virtual Result<Credentials> get(const Deadline& deadline) = 0;
  // A store refused these as expired or unknown: the next get() asks anew, unless it already gives others.
  virtual void invalidate(const Credentials& refused) = 0;
  // For an operator: where they come from, never what they are. "environment variable AWS_ACCESS_KEY_ID".
  virtual std::string origin() const = 0;
};

// What an Issuer handed out. Nothing for what does not expire.
template <typename Credentials>
struct Issued {
  Credentials credentials;
  std::optional<int64_t> expires_unix_nanoseconds;
};

// Asks one place, each time anew. Only one thread calls it at a time.
template <typename Credentials>
class Issuer {
 public:
  virtual ~Issuer() = default;
  // Errors as CredentialsSource::get.
  virtual Result<Issued<Credentials>> issue(const Deadline& deadline) = 0;
  virtual std::string origin() const = 0;
};

// The ones that were configured, for ever.
template <typename Credentials>
class FixedCredentials final : public CredentialsSource<Credentials> {
 public:
  FixedCredentials(Credentials credentials, std::string origin)
      : credentials_(std::move(credentials)), origin_(std::move(origin)) {}
  Result<Credentials> get(const Deadline&) override { return credentials_; }
  void invalidate(const Credentials&) override {}
  std::string origin() const override { return origin_; }

 private:
  const Credentials credentials_;
  const std::string origin_;
};

}  // namespace rayhistory
