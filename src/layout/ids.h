// The names that become parts of object keys and local paths. Each type exists only if valid, so that no
// other code has to ask whether a string from a file, a request or the environment is safe to build a path
// from.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace rayhistory {

// Letters, digits, '.', '_' and '-', not empty, neither "." nor "..", at most 255 bytes (NAME_MAX): safe as
// one segment of a path, an object key and a URL.
bool is_safe_segment(std::string_view text);

// A checked string. `Tag::check` says whether a text is one.
template <typename Tag>
class Name {
 public:
  // Nothing where `text` is not one.
  static std::optional<Name> parse(std::string_view text) {
    if (!Tag::check(text)) return std::nullopt;
    return Name(std::string(text));
  }

  const std::string& str() const { return text_; }
  friend auto operator<=>(const Name&, const Name&) = default;

 private:
  explicit Name(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

struct SessionNameTag {
  static bool check(std::string_view text);
};
struct NodeIdTag {
  static bool check(std::string_view text);
};
struct JobIdTag {
  static bool check(std::string_view text);
};
struct DnsNameTag {
  static bool check(std::string_view text);
};

// "session_2026-11-23_02-27-20_324908_14170"; any safe segment is taken, as upstream does.
using SessionName = Name<SessionNameTag>;
// Lower-case hex, an even number of digits up to 128; Ray's have 56.
using NodeId = Name<NodeIdTag>;
// Any safe segment. Ray's are eight lower-case hex digits ("01000000"); others are kept as they came, as
// upstream does.
using JobId = Name<JobIdTag>;
// A DNS-1123 subdomain: a Kubernetes namespace, cluster or owner.
using DnsName = Name<DnsNameTag>;

// Ray's IDs come in hex (any case) or base64 (standard with padding, or URL-safe with or without). A text of
// hex digits is hex, unless it is as long as the unpadded base64 of such an ID: job 4, "BAAAAA", is 04000000.
std::optional<NodeId> node_id_from(std::string_view hex_or_base64);
// What is neither hex nor base64 but a safe segment stays as it is (contract of KubeRay's collector).
std::optional<JobId> job_id_from(std::string_view hex_or_base64);

}  // namespace rayhistory
