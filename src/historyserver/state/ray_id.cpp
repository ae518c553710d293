#include "historyserver/state/ray_id.h"

#include <array>
#include <cstdint>
#include <cstring>

#include "layout/ids.h"

namespace rayhistory::historyserver {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";
// Beyond all digits, and so seen in the union of several.
constexpr uint8_t kNoDigit = 0x80;

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

// The digit in lower case, or 0.
constexpr std::array<char, 256> lower_hex_digits() {
  std::array<char, 256> digits{};
  for (const char digit : kHexDigits) {
    digits[static_cast<uint8_t>(digit)] = digit;
    if (digit >= 'a') digits[static_cast<uint8_t>(digit - 'a' + 'A')] = digit;
  }
  return digits;
}
constexpr std::array<char, 256> kLowerHexDigits = lower_hex_digits();

constexpr std::array<std::array<char, 2>, 256> hex_of_bytes() {
  std::array<std::array<char, 2>, 256> hex{};
  for (size_t byte = 0; byte < hex.size(); ++byte)
    hex[byte] = {kHexDigits[byte / 16], kHexDigits[byte % 16]};
  return hex;
}
constexpr std::array<std::array<char, 2>, 256> kHexOfBytes = hex_of_bytes();

bool append_hex_of_base64(std::string& hex, std::string_view text) {
  while (text.ends_with('='))
    text.remove_suffix(1);
  if (text.empty() || text.size() % 4 == 1) return false;
  const size_t before = hex.size();
  hex.resize(before + 2 * (text.size() * 6 / 8));
  char* place = hex.data() + before;
  const auto append = [&place](uint32_t byte) {
    std::memcpy(place, kHexOfBytes[byte & 0xffU].data(), 2);
    place += 2;
  };
  uint8_t all_digits = 0;
  size_t i = 0;
  const auto next = [&] {
    const uint8_t digit = kBase64Digits[static_cast<uint8_t>(text[i++])];
    all_digits |= digit;
    return uint32_t{digit};
  };
  for (size_t groups = text.size() / 4; groups > 0; --groups) {
    uint32_t bits = next() << 18U;
    bits |= next() << 12U;
    bits |= next() << 6U;
    bits |= next();
    append(bits >> 16U);
    append(bits >> 8U);
    append(bits);
  }
  if (text.size() % 4 != 0) {
    uint32_t bits = next() << 18U;
    bits |= next() << 12U;
    append(bits >> 16U);
    if (text.size() % 4 == 3) append((bits | next() << 6U) >> 8U);
  }
  if ((all_digits & kNoDigit) == 0) return true;
  hex.resize(before);
  return false;
}

bool append_lower_hex(std::string& hex, std::string_view text) {
  const size_t before = hex.size();
  hex.resize(before + text.size());
  bool is_hex = true;
  for (size_t i = 0; i < text.size(); ++i) {
    const char digit = kLowerHexDigits[static_cast<uint8_t>(text[i])];
    is_hex = is_hex && digit != 0;
    hex[before + i] = digit;
  }
  if (!is_hex) hex.resize(before);
  return is_hex;
}

}  // namespace

void append_hex_id(std::string& hex, std::string_view text, size_t bytes) {
  if (text.size() == 2 * bytes && append_lower_hex(hex, text)) return;
  if (append_hex_of_base64(hex, text)) return;
  if (is_safe_segment(text)) hex += text;
}

bool is_nil_id(std::string_view hex) {
  return hex.find_first_not_of('f') == std::string_view::npos;
}

}  // namespace rayhistory::historyserver
