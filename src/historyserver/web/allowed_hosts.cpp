#include "historyserver/web/allowed_hosts.h"

#include <algorithm>

#include <boost/asio/ip/address.hpp>
#include <fmt/format.h>

#include "base/ascii.h"

namespace rayhistory::historyserver {
namespace {

constexpr std::string_view kBlanks = " \t";
constexpr std::string_view kOwnSuffixes[] = {".localhost", ".svc", ".svc.cluster.local"};

// Without its port and the dot that ends a full name; lower case.
std::string host_of(std::string_view authority) {
  std::string_view host = authority;
  if (host.starts_with('[')) {
    host = host.substr(1, host.find(']') - 1);
  } else {
    host = host.substr(0, host.find(':'));
  }
  if (host.ends_with('.')) host.remove_suffix(1);
  return lower_case(host);
}

bool is_name(std::string_view name) {
  return !name.empty() && name.front() != '.' && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
  });
}

bool is_ip_address(const std::string& host) {
  boost::system::error_code error;
  boost::asio::ip::make_address(host, error);
  return !error;
}

}  // namespace

Result<AllowedHosts> AllowedHosts::parse(std::string_view list) {
  AllowedHosts hosts;
  for (const std::string_view given : comma_separated(list, kBlanks)) {
    const std::string entry = lower_case(given);
    const bool is_suffix = entry.starts_with("*.");
    if (entry == "*") {
      hosts.allows_all_ = true;
    } else if (!is_name(is_suffix ? std::string_view(entry).substr(2) : entry)) {
      return Error{ErrorKind::invalid,
                   fmt::format("\"{}\" is not a host name without a port, such as history.example.com or "
                               "*.example.com",
                               entry)};
    } else if (is_suffix) {
      hosts.suffixes_.push_back(entry.substr(1));
    } else {
      hosts.names_.push_back(entry);
    }
  }
  return hosts;
}

bool AllowedHosts::allows(std::string_view authority) const {
  const std::string host = host_of(authority);
  if (allows_all_ || authority.empty()) return true;
  const bool is_one_word = !host.empty() && host.find('.') == std::string::npos;
  if (is_one_word || is_ip_address(host)) return true;
  const auto ends_host = [&host](std::string_view suffix) { return host.ends_with(suffix); };
  return std::any_of(std::begin(kOwnSuffixes), std::end(kOwnSuffixes), ends_host) ||
         std::any_of(suffixes_.begin(), suffixes_.end(), ends_host) ||
         std::find(names_.begin(), names_.end(), host) != names_.end();
}

}  // namespace rayhistory::historyserver
