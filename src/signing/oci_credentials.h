// A request to Oracle's cloud is signed with these: a key, and the ID by which the verifier knows it.
#pragma once

#include <memory>
#include <string>

#include "base/rsa_key.h"

namespace rayhistory {

struct OciCredentials {
  // "<tenancy>/<user>/<fingerprint>" of a user's API key, or "ST$<token>" of a session's. A token is a
  // secret.
  std::string key_id;
  std::shared_ptr<const RsaKey> key;
  // Where they are at home, as far as their source says so: "eu-frankfurt-1", and the domain of its realm,
  // "oraclecloud.com". Both may be empty.
  std::string region = {};
  std::string realm_domain = {};

  // A key that is read again is another one, though it may have the same bytes.
  friend bool operator==(const OciCredentials& a, const OciCredentials& b) {
    return a.key_id == b.key_id && a.key == b.key;
  }
};

}  // namespace rayhistory
