#include "credentials/oci/config_file.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/ascii.h"

namespace rayhistory {
namespace {

constexpr std::string_view kSpaces = " \t\r\f\v";
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

// Null for a setting that is read by others.
std::string* place_of(OciProfile& profile, std::string_view name) {
  if (name == "tenancy") return &profile.tenancy;
  if (name == "user") return &profile.user;
  if (name == "fingerprint") return &profile.fingerprint;
  if (name == "key_file") return &profile.key_file;
  if (name == "pass_phrase" || name == "passphrase") return &profile.pass_phrase;
  if (name == "region") return &profile.region;
  if (name == "security_token_file") return &profile.security_token_file;
  return nullptr;
}

class Reader {
 public:
  Result<OciProfiles> read(std::string_view text) && {
    if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
    while (!text.empty()) {
      const size_t end = std::min(text.find('\n'), text.size());
      ++line_number_;
      TRY(read_line(trimmed(text.substr(0, end), kSpaces)));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    return std::move(profiles_);
  }

 private:
  Error refused(std::string_view why) const {
    // Never the line itself: it may hold a pass phrase.
    return Error{ErrorKind::invalid, fmt::format("line {}: {}", line_number_, why)};
  }

  Result<void> read_line(std::string_view line) {
    if (line.empty() || line.front() == '#' || line.front() == ';') return {};
    if (line.front() == '[') {
      const size_t close = line.find(']');
      if (close == std::string_view::npos) return refused("a [profile] without its closing bracket");
      profile_ = &profiles_[std::string(trimmed(line.substr(1, close - 1), kSpaces))];
      return {};
    }
    const size_t equals = line.find('=');
    if (equals == std::string_view::npos) return {};  // as the SDK has it
    if (profile_ == nullptr) return refused("a setting before the first [profile]");
    if (std::string* place = place_of(*profile_, lower_case(trimmed(line.substr(0, equals), kSpaces))))
      *place = trimmed(line.substr(equals + 1), kSpaces);
    return {};
  }

  OciProfiles profiles_;
  OciProfile* profile_ = nullptr;
  size_t line_number_ = 0;
};

}  // namespace

Result<OciProfiles> parse_oci_config(std::string_view text) {
  return Reader().read(text);
}

std::string oci_path(const std::string& path, const std::string& home) {
  return path.starts_with("~/") ? home + path.substr(1) : path;
}

}  // namespace rayhistory
