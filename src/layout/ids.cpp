#include "layout/ids.h"

#include <algorithm>

#include "base/digest.h"

namespace rayhistory {
namespace {

constexpr size_t kLongestSegmentBytes = 255;  // NAME_MAX
constexpr size_t kLongestNodeIdDigits = 128;  // Ray's have 56; room for longer ones, within a file name
constexpr size_t kLongestDnsNameBytes = 253;  // RFC 1123, as Kubernetes checks it
constexpr size_t kNodeIdBytes = 28;           // ray/src/ray/common/id.h
constexpr size_t kJobIdBytes = 4;

bool is_lower_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool is_letter_or_digit(char c) {
  return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z');
}

bool is_lower_hex_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

bool is_hex_digit(char c) {
  return is_lower_hex_digit(c) || (c >= 'A' && c <= 'F');
}

// Of hex digits only, so every letter is an ASCII one.
std::string lower_hex(std::string_view digits) {
  std::string lower(digits);
  for (char& c : lower)
    if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
  return lower;
}

constexpr size_t unpadded_base64_length(size_t bytes) {
  return (bytes * 8 + 5) / 6;
}

// The ID in hex, or nothing where `text` is neither hex nor base64. `id_bytes` is the size of such IDs in
// Ray.
std::optional<std::string> id_in_hex(std::string_view text, size_t id_bytes) {
  if (text.empty()) return std::nullopt;
  const bool all_hex = std::all_of(text.begin(), text.end(), is_hex_digit);
  // The length decides, not the alphabet: "BAAAAA" is job 4 in base64 and not three bytes of hex.
  const bool as_long_as_base64 = text.size() == unpadded_base64_length(id_bytes);
  if (all_hex && !as_long_as_base64) return lower_hex(text);
  // Without padding only the URL-safe alphabet counts: "foo/bar" is a path and no ID.
  const bool standard_alphabet = text.find_first_of("+/") != std::string_view::npos;
  if (standard_alphabet && text.size() % 4 != 0) return std::nullopt;
  if (const std::optional<std::string> bytes = from_base64(text)) return to_hex(*bytes);
  return std::nullopt;
}

// One part of a DNS name between its dots.
bool is_dns_label(std::string_view label) {
  if (label.empty() || label.front() == '-' || label.back() == '-') return false;
  return std::all_of(label.begin(), label.end(), [](char c) { return is_lower_or_digit(c) || c == '-'; });
}

}  // namespace

bool is_safe_segment(std::string_view text) {
  if (text.empty() || text.size() > kLongestSegmentBytes || text == "." || text == "..") return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return is_letter_or_digit(c) || c == '.' || c == '_' || c == '-'; });
}

bool SessionNameTag::check(std::string_view text) {
  return is_safe_segment(text);
}

bool NodeIdTag::check(std::string_view text) {
  return !text.empty() && text.size() <= kLongestNodeIdDigits && text.size() % 2 == 0 &&
         std::all_of(text.begin(), text.end(), is_lower_hex_digit);
}

bool JobIdTag::check(std::string_view text) {
  return is_safe_segment(text);
}

bool DnsNameTag::check(std::string_view text) {
  if (text.size() > kLongestDnsNameBytes) return false;
  while (true) {
    const size_t dot = text.find('.');
    if (!is_dns_label(text.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

std::optional<NodeId> node_id_from(std::string_view hex_or_base64) {
  const std::optional<std::string> hex = id_in_hex(hex_or_base64, kNodeIdBytes);
  return hex ? NodeId::parse(*hex) : std::nullopt;
}

std::optional<JobId> job_id_from(std::string_view hex_or_base64) {
  if (const std::optional<std::string> hex = id_in_hex(hex_or_base64, kJobIdBytes)) {
    if (std::optional<JobId> job = JobId::parse(*hex)) return job;
  }
  return JobId::parse(hex_or_base64);
}

}  // namespace rayhistory
