#include "historyserver/state/ray_id.h"

#include <array>
#include <cstdint>

#include "layout/ids.h"

namespace rayhistory {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr uint8_t kNoDigit = 0xff;

// Here and not digest.h's over OpenSSL: an ID takes that 300 ns, and a large session has a million of them.
constexpr std::array<uint8_t, 256> base64_digits() {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::array<uint8_t, 256> digits{};
  digits.fill(kNoDigit);
  for (size_t i = 0; i < kAlphabet.size(); ++i)
    digits[static_cast<uint8_t>(kAlphabet[i])] = static_cast<uint8_t>(i);
  digits['-'] = digits['+'];  // the URL-safe alphabet
  digits['_'] = digits['/'];
  return digits;
}
constexpr std::array<uint8_t, 256> kBase64Digits = base64_digits();

bool append_hex_of_base64(std::string& hex, std::string_view text) {
  while (text.ends_with('='))
    text.remove_suffix(1);
  if (text.empty() || text.size() % 4 == 1) return false;
  const size_t before = hex.size();
  uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const uint8_t digit = kBase64Digits[static_cast<uint8_t>(c)];
    if (digit == kNoDigit) {
      hex.resize(before);
      return false;
    }
    bits = (bits << 6U) | digit;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    const uint32_t byte = (bits >> static_cast<uint32_t>(count)) & 0xffU;
    hex += kHexDigits[byte >> 4U];
    hex += kHexDigits[byte & 0xfU];
  }
  return true;
}

bool is_hex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

}  // namespace

void append_hex_id(std::string& hex, std::string_view text, size_t bytes) {
  if (text.size() == 2 * bytes && is_hex(text)) {
    for (const char c : text)
      hex += c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
    return;
  }
  if (append_hex_of_base64(hex, text)) return;
  if (is_safe_segment(text)) hex += text;
}

bool is_nil_id(std::string_view hex) {
  return hex.find_first_not_of('f') == std::string_view::npos;
}

}  // namespace rayhistory
