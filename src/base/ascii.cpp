#include "base/ascii.h"

#include <algorithm>

namespace rayhistory {

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lower;
}

std::string_view trimmed(std::string_view text, std::string_view blanks) {
  const size_t first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::vector<std::string_view> comma_separated(std::string_view list, std::string_view blanks) {
  std::vector<std::string_view> entries;
  while (!list.empty()) {
    const size_t end = std::min(list.find(','), list.size());
    const std::string_view entry = trimmed(list.substr(0, end), blanks);
    list.remove_prefix(std::min(end + 1, list.size()));
    if (!entry.empty()) entries.push_back(entry);
  }
  return entries;
}

bool has_control_character(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char character) {
    const auto byte = static_cast<unsigned char>(character);
    return (byte < 0x20 && character != '\t') || byte == 0x7F;
  });
}

}  // namespace rayhistory
