#include "credentials/aws/config_file.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "base/ascii.h"
#include "base/file.h"

namespace rayhistory {
namespace {

// A file with a thousand profiles has some 200 KiB.
constexpr uint64_t kFileLimitBytes = 1024 * 1024;
constexpr std::string_view kSpaces = " \t\r\f\v";
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

class Reader {
 public:
  Result<AwsSections> read(std::string_view text) && {
    if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
    while (!text.empty()) {
      const size_t end = std::min(text.find('\n'), text.size());
      ++line_number_;
      TRY(read_line(text.substr(0, end)));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    return std::move(sections_);
  }

 private:
  Error refused(std::string_view why) const {
    // Never the line itself: it may be a secret's.
    return Error{ErrorKind::invalid, fmt::format("line {}: {}", line_number_, why)};
  }

  Result<void> read_line(std::string_view line) {
    const std::string_view content = trimmed(line, kSpaces);
    if (content.empty() || content.front() == '#' || content.front() == ';') return {};
    const size_t indent = line.find_first_not_of(kSpaces);
    // What is indented deeper than the setting before it belongs to that.
    if (setting_indent_ && indent > *setting_indent_) return {};
    if (content.front() == '[') return read_section(content);
    if (section_ == nullptr) return refused("a setting before the first [section]");
    const size_t equals = content.find('=');
    if (equals == std::string_view::npos) return refused("neither a [section] nor \"name = value\"");
    const std::string name = lower_case(trimmed(content.substr(0, equals), kSpaces));
    if (name.empty()) return refused("a setting without a name");
    (*section_)[name] = std::string(trimmed(content.substr(equals + 1), kSpaces));
    setting_indent_ = indent;
    return {};
  }

  Result<void> read_section(std::string_view content) {
    const size_t close = content.find(']');
    if (close == std::string_view::npos) return refused("a [section] without its closing bracket");
    section_ = &sections_[std::string(trimmed(content.substr(1, close - 1), kSpaces))];
    setting_indent_.reset();
    return {};
  }

  AwsSections sections_;
  AwsSection* section_ = nullptr;
  std::optional<size_t> setting_indent_;  // of the section's last setting
  size_t line_number_ = 0;
};

std::string expanded(const std::string& path, const std::string& home) {
  return path.starts_with("~/") ? home + path.substr(1) : path;
}

Result<AwsSections> read_sections(const std::string& path, std::string_view variable) {
  std::error_code failed;
  const std::filesystem::path target = std::filesystem::canonical(path, failed);
  if (failed == std::errc::no_such_file_or_directory || failed == std::errc::not_a_directory)
    return AwsSections();
  Result<std::string> text =
      failed ? error_from_errno(failed.value(), "open " + path) : read_file(target.string(), kFileLimitBytes);
  Result<AwsSections> sections =
      text ? parse_aws_config(*text) : Result<AwsSections>(std::move(text).error());
  if (!sections)
    return Error{ErrorKind::invalid, fmt::format("{} ({}): {}", path, variable, sections.error().message)};
  return sections;
}

}  // namespace

Result<AwsSections> parse_aws_config(std::string_view text) {
  return Reader().read(text);
}

std::optional<std::string> profile_of_section(std::string_view section) {
  if (section == "default") return std::string(section);
  constexpr std::string_view kWord = "profile";
  if (!section.starts_with(kWord)) return std::nullopt;
  std::string_view name = section.substr(kWord.size());
  if (name.empty() || kSpaces.find(name.front()) == std::string_view::npos) return std::nullopt;
  name = trimmed(name, kSpaces);
  const bool is_quoted =
      name.size() >= 2 && (name.front() == '"' || name.front() == '\'') && name.back() == name.front();
  if (is_quoted) name = name.substr(1, name.size() - 2);
  if (name.empty() || (!is_quoted && name.find_first_of(kSpaces) != std::string_view::npos))
    return std::nullopt;
  return std::string(name);
}

const AwsSection* AwsProfiles::find(std::string_view profile) const {
  const auto found = all.find(profile);
  return found == all.end() ? nullptr : &found->second;
}

Result<AwsProfiles> read_aws_profiles(const AwsEnvironment& environment) {
  const auto path_of = [&](const std::string& given, std::string_view file) {
    if (!given.empty()) return expanded(given, environment.home);
    return environment.home.empty() ? std::string() : fmt::format("{}/.aws/{}", environment.home, file);
  };
  AwsProfiles profiles;
  profiles.config_file = path_of(environment.config_file, "config");
  profiles.credentials_file = path_of(environment.credentials_file, "credentials");
  if (!profiles.config_file.empty()) {
    TRY_ASSIGN(const AwsSections sections, read_sections(profiles.config_file, "AWS_CONFIG_FILE"));
    for (const auto& [section, values] : sections) {
      if (const std::optional<std::string> profile = profile_of_section(section))
        profiles.in_config[*profile].insert(values.begin(), values.end());
    }
  }
  profiles.all = profiles.in_config;
  if (!profiles.credentials_file.empty()) {
    TRY_ASSIGN(profiles.in_credentials,
               read_sections(profiles.credentials_file, "AWS_SHARED_CREDENTIALS_FILE"));
    for (const auto& [profile, values] : profiles.in_credentials) {
      AwsSection& merged = profiles.all[profile];
      for (const auto& [name, value] : values)
        merged[name] = value;
    }
  }
  return profiles;
}

std::string value_of(const AwsSection& section, std::string_view name) {
  const auto found = section.find(name);
  return found == section.end() ? std::string() : found->second;
}

}  // namespace rayhistory
