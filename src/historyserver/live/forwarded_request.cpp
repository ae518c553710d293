#include "historyserver/live/forwarded_request.h"

#include <algorithm>
#include <array>

#include "historyserver/exchange/percent.h"

namespace rayhistory {
namespace {

constexpr std::array<std::string_view, 9> kHopByHop = {"Connection",
                                                       "Keep-Alive",
                                                       "Proxy-Authenticate",
                                                       "Proxy-Authorization",
                                                       "Proxy-Connection",
                                                       "TE",
                                                       "Trailer",
                                                       "Transfer-Encoding",
                                                       "Upgrade"};
// Of a body, which is not read, and of who is asked.
constexpr std::array<std::string_view, 4> kOfThisConnection = {"Host", "Content-Length", "Expect",
                                                               "Content-Type"};
// Ray masks the secrets of runtime environments for browsers, as which it knows whoever sends this
// (dashboard/optional_utils.py is_browser_request): here they are masked for all, as in what is stored.
constexpr std::string_view kOfABrowser = "Sec-Fetch-Site";
constexpr std::array<std::string_view, 2> kCredentials = {"Authorization", "x-ray-authorization"};
// Ray before 2.50: dashboard/modules/snapshot/snapshot_head.py kills an actor by GET; before 2.0:
// /kill_actor.
constexpr std::array<std::string_view, 2> kChanging = {"/api/actors/kill", "/kill_actor"};

template <size_t N>
bool is_one_of(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::any_of(names.begin(), names.end(),
                     [name](std::string_view other) { return is_same_header(name, other); });
}

bool begins_with(std::string_view name, std::string_view begin) {
  return is_same_header(name.substr(0, begin.size()), begin);
}

// Kubernetes: "User impersonation" and "Authenticating proxy".
bool is_power_over_kubernetes(std::string_view name) {
  return is_same_header(name, "Authorization") || begins_with(name, "Impersonate-") ||
         begins_with(name, "X-Remote-");
}

// Whether `name` is among the names, separated by commas, of a Connection field.
bool is_named_in(std::string_view list, std::string_view name) {
  while (!list.empty()) {
    std::string_view item = list.substr(0, list.find(','));
    list.remove_prefix(std::min(list.size(), item.size() + 1));
    while (!item.empty() && (item.front() == ' ' || item.front() == '\t'))
      item.remove_prefix(1);
    while (!item.empty() && (item.back() == ' ' || item.back() == '\t'))
      item.remove_suffix(1);
    if (is_same_header(item, name)) return true;
  }
  return false;
}

// RFC 9110, 5.6.2.
bool is_token(std::string_view text) {
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           kOthers.find(c) != std::string_view::npos;
  });
}

}  // namespace

Result<void> check_forwarded_path(std::string_view encoded_path) {
  const std::string path = percent_decoded(encoded_path);
  const bool is_odd =
      path.find('\\') != std::string::npos ||
      std::any_of(path.begin(), path.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; });
  if (!path.starts_with('/') || is_odd)
    return Error{ErrorKind::invalid, "The path has characters that no path of the dashboard has."};
  for (std::string_view rest = path; !rest.empty();) {
    rest.remove_prefix(1);
    const std::string_view segment = rest.substr(0, rest.find('/'));
    if (segment == "." || segment == "..")
      return Error{ErrorKind::invalid, "The path has a \"..\" or a \".\" in it."};
    rest.remove_prefix(segment.size());
  }
  for (const std::string_view changing : kChanging) {
    if (path == changing || path.starts_with(std::string(changing) + "/")) {
      return Error{ErrorKind::unsupported,
                   "The History Server only reads: nothing is killed here. Ask the cluster's own dashboard."};
    }
  }
  return {};
}

Headers forwarded_headers(const WebRequest& request, ForwardedBy by, bool keeps_credentials) {
  Headers headers;
  const std::string_view connection = request.header("Connection");
  for (const auto& [name, value] : request.headers) {
    if (is_one_of(kHopByHop, name) || is_one_of(kOfThisConnection, name) || is_named_in(connection, name))
      continue;
    if (!keeps_credentials && is_one_of(kCredentials, name)) continue;
    if (by == ForwardedBy::kubernetes && is_power_over_kubernetes(name)) continue;
    headers.add(name, value);
  }
  if (!headers.find(kOfABrowser)) headers.add(kOfABrowser, "same-origin");
  return headers;
}

std::vector<std::pair<std::string, std::string>> returned_headers(const Headers& headers) {
  std::vector<std::pair<std::string, std::string>> returned;
  const std::string_view connection = headers.find("Connection").value_or("");
  for (const auto& [name, value] : headers.all()) {
    if (is_one_of(kHopByHop, name) || is_named_in(connection, name) || !is_token(name) ||
        is_same_header(name, "Content-Type") || is_same_header(name, "Content-Length")) {
      continue;
    }
    const auto former = std::find_if(returned.begin(), returned.end(), [&name = name](const auto& other) {
      return is_same_header(other.first, name);
    });
    if (is_same_header(name, "Set-Cookie")) {
      returned.emplace_back("Set-Cookie", value);
    } else if (former == returned.end()) {
      returned.emplace_back(name, value);
    } else {
      former->second += ", " + value;
    }
  }
  return returned;
}

}  // namespace rayhistory
