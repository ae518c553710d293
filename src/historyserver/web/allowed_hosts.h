// The names that the History Server answers to. A web page whose own name is made to lead to the History
// Server (DNS rebinding) could otherwise read history through a developer's port-forward: the browser takes
// both for one site, but still says the page's name in Host.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace rayhistory::historyserver {

// Immutable.
class AllowedHosts {
 public:
  // Only the names that no stranger can own: IP addresses; localhost; names of one word; names that end with
  // .localhost, .svc or .svc.cluster.local.
  AllowedHosts() = default;
  // These, and the names in the list, separated by commas: "history.example.com", "*.example.com", or "*" for
  // every name. `invalid` names the entry that is none.
  static Result<AllowedHosts> parse(std::string_view list);

  // `authority` is a host with or without a port. An empty one, which no browser sends, is allowed.
  bool allows(std::string_view authority) const;

 private:
  bool allows_all_ = false;
  std::vector<std::string> names_;     // lower case
  std::vector<std::string> suffixes_;  // ".example.com"
};

}  // namespace rayhistory::historyserver
