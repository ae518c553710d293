#include "historyserver/exchange/percent.h"

#include <optional>

namespace rayhistory::historyserver {
namespace {

std::optional<int> hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

std::string decoded(std::string_view text, bool plus_is_blank) {
  std::string result;
  result.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      const auto high = hex_digit(text[i + 1]);
      const auto low = hex_digit(text[i + 2]);
      if (high && low) {
        result.push_back(static_cast<char>(*high * 16 + *low));
        i += 2;
        continue;
      }
    }
    result.push_back(plus_is_blank && text[i] == '+' ? ' ' : text[i]);
  }
  return result;
}

}  // namespace

std::string percent_decoded(std::string_view text) {
  return decoded(text, false);
}
std::string form_decoded(std::string_view text) {
  return decoded(text, true);
}

}  // namespace rayhistory::historyserver
