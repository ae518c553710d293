// Where a container's objects are on the wire.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "http/url.h"

namespace rayhistory {

class AzureEndpoint {
 public:
  // `account` as azure/sign_in.h has it. `invalid` names the setting that is wrong.
  static Result<AzureEndpoint> from(Url account, std::string container);

  // The URL of an object, or with an empty key of the container. The query is the caller's to set.
  Url url(std::string_view key) const;
  Url account_url() const;
  const std::string& container() const { return container_; }
  // "http://127.0.0.1:10000/devstoreaccount1", for an operator.
  std::string account() const { return account_.origin() + account_.encoded_path; }

 private:
  AzureEndpoint(Url account, std::string container)
      : account_(std::move(account)), container_(std::move(container)) {}

  Url account_;
  std::string container_;
};

}  // namespace rayhistory
