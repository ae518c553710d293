#include "historyserver/live/forwarded_request.h"

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "historyserver/exchange/percent.h"

namespace rayhistory::historyserver {
namespace {

// Fields of content negotiation, ranges and conditions (RFC 9110, sections 12 to 14).
constexpr std::array<std::string_view, 6> kForwarded = {"Accept",   "Accept-Language", "Range",
                                                        "If-Range", "If-None-Match",   "If-Modified-Since"};
// Fields that describe the content of an answer (RFC 9110, sections 8, 10.2.3 and 14).
constexpr std::array<std::string_view, 8> kReturned = {
    "Accept-Ranges", "Content-Disposition", "Content-Encoding", "Content-Range",
    "ETag",          "Last-Modified",       "Retry-After",      "Vary"};
constexpr std::string_view kRayToken = "x-ray-authorization";
// Ray masks the secrets of runtime environments for browsers, and takes every sender of this field for one
// (dashboard/optional_utils.py is_browser_request): here they are masked for all, as in what is stored.
constexpr std::string_view kOfABrowser = "Sec-Fetch-Site";
// Ray before 2.50: dashboard/modules/snapshot/snapshot_head.py kills an actor by GET; before 2.0:
// /kill_actor.
constexpr std::array<std::string_view, 2> kChanging = {"/api/actors/kill", "/kill_actor"};

template <size_t N>
bool is_one_of(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::any_of(names.begin(), names.end(),
                     [name](std::string_view other) { return is_same_header(name, other); });
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

Headers forwarded_headers(const WebRequest& request, RayToken token) {
  Headers headers;
  for (const auto& [name, value] : request.headers) {
    const bool is_ray_token = token == RayToken::pass_on && is_same_header(name, kRayToken);
    if (is_ray_token || is_one_of(kForwarded, name)) headers.add(name, value);
  }
  headers.set(kOfABrowser, "same-origin");
  // Secrets are hidden on the way, in text that can be read.
  headers.set("Accept-Encoding", "identity");
  return headers;
}

std::vector<std::pair<std::string, std::string>> returned_headers(const Headers& headers) {
  std::vector<std::pair<std::string, std::string>> returned = {{"Cache-Control", "no-store"}};
  for (const std::string_view name : kReturned) {
    std::string joined;
    for (const auto& [other, value] : headers.all()) {
      if (is_same_header(other, name) && !has_control_character(value))
        joined += joined.empty() ? value : ", " + value;
    }
    if (!joined.empty()) returned.emplace_back(name, std::move(joined));
  }
  return returned;
}

}  // namespace rayhistory::historyserver
