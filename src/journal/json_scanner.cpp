#include "journal/json_scanner.h"

#include <bit>
#include <cstdint>
#include <cstring>

#include "base/check.h"

namespace rayhistory::collector {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

constexpr uint64_t in_every_byte(unsigned char byte) {
  return 0x0101010101010101U * byte;
}
constexpr uint64_t kHighBits = in_every_byte(0x80);

// The high bit of each byte that is zero, and perhaps of bytes above such a one: the lowest bit set is right.
// (Mycroft's test; see "Determine if a word has a zero byte" in Bit Twiddling Hacks.)
constexpr uint64_t zero_bytes(uint64_t word) {
  return (word - in_every_byte(1)) & ~word & kHighBits;
}
// The same for bytes below a space: control characters.
constexpr uint64_t control_bytes(uint64_t word) {
  return (word - in_every_byte(0x20)) & ~word & kHighBits;
}

static_assert(std::endian::native == std::endian::little,
              "find_stop takes the lowest bit for the first byte");

// The first quote, backslash or control character; `end` when there is none.
const char* find_stop(const char* at, const char* end) {
  while (end - at >= 8) {
    uint64_t word = 0;
    std::memcpy(&word, at, sizeof word);
    const uint64_t stops =
        zero_bytes(word ^ in_every_byte('"')) | zero_bytes(word ^ in_every_byte('\\')) | control_bytes(word);
    if (stops != 0) return at + std::countr_zero(stops) / 8;
    at += 8;
  }
  while (at != end && *at != '"' && *at != '\\' && static_cast<unsigned char>(*at) >= 0x20)
    ++at;
  return at;
}

void append_utf8(std::string& text, uint32_t code_point) {
  const auto put = [&text](uint32_t byte) { text.push_back(static_cast<char>(byte)); };
  const auto put_rest = [&put, code_point](int shift) { put(0x80 | ((code_point >> shift) & 0x3F)); };
  if (code_point < 0x80) {
    put(code_point);
  } else if (code_point < 0x800) {
    put(0xC0 | (code_point >> 6));
    put_rest(0);
  } else if (code_point < 0x10000) {
    put(0xE0 | (code_point >> 12));
    put_rest(6);
    put_rest(0);
  } else {
    put(0xF0 | (code_point >> 18));
    put_rest(12);
    put_rest(6);
    put_rest(0);
  }
}

// Of the "\uXXXX" at `at`; nothing (0x110000, which no character has) where there is none.
constexpr uint32_t kNoCodeUnit = 0x110000;
uint32_t code_unit_at(std::string_view text, size_t at) {
  if (at + 6 > text.size() || text[at] != '\\' || text[at + 1] != 'u') return kNoCodeUnit;
  uint32_t unit = 0;
  for (size_t i = at + 2; i < at + 6; ++i)
    unit = unit * 16 + static_cast<uint32_t>(hex_value(text[i]));
  return unit;
}

char meaning_of_escape(char letter) {
  switch (letter) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return letter;  // '"', '\\' and '/'
  }
}

}  // namespace

inline void JsonScanner::skip_space() {
  while (at_ != end_ && static_cast<unsigned char>(*at_) <= ' ') {
    if (*at_ == '\n' || *at_ == '\r') {
      passed_line_break_ = true;
    } else if (*at_ != ' ' && *at_ != '\t') {
      return;
    }
    ++at_;
  }
}

char JsonScanner::peek() {
  skip_space();
  return at_ == end_ ? '\0' : *at_;
}

bool JsonScanner::take(char wanted) {
  skip_space();
  if (at_ == end_ || *at_ != wanted) return false;
  ++at_;
  return true;
}

bool JsonScanner::skip_escape() {
  CHECK(*at_ == '\\');
  if (++at_ == end_) return false;
  switch (*at_) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
      ++at_;
      return true;
    case 'u':
      ++at_;
      for (int digit = 0; digit < 4; ++digit, ++at_) {
        if (at_ == end_ || hex_value(*at_) < 0) return false;
      }
      return true;
    default:
      return false;
  }
}

bool JsonScanner::read_string(JsonString& string) {
  if (!take('"')) return false;
  const char* const first = at_;
  string.escaped = false;
  while (true) {
    at_ = find_stop(at_, end_);
    if (at_ == end_) return false;
    if (*at_ == '"') break;
    if (*at_ != '\\') return false;
    string.escaped = true;
    if (!skip_escape()) return false;
  }
  string.inside = std::string_view(first, static_cast<size_t>(at_ - first));
  ++at_;
  return true;
}

bool JsonScanner::skip_digits() {
  if (at_ == end_ || !is_digit(*at_)) return false;
  while (at_ != end_ && is_digit(*at_))
    ++at_;
  return true;
}

bool JsonScanner::skip_number() {
  if (*at_ == '-' && ++at_ == end_) return false;
  if (*at_ == '0') {
    ++at_;
  } else if (!skip_digits()) {
    return false;
  }
  if (at_ != end_ && *at_ == '.') {
    ++at_;
    if (!skip_digits()) return false;
  }
  if (at_ != end_ && (*at_ == 'e' || *at_ == 'E')) {
    ++at_;
    if (at_ != end_ && (*at_ == '+' || *at_ == '-')) ++at_;
    return skip_digits();
  }
  return true;
}

bool JsonScanner::skip_literal(std::string_view literal) {
  if (static_cast<size_t>(end_ - at_) < literal.size() || std::string_view(at_, literal.size()) != literal) {
    return false;
  }
  at_ += literal.size();
  return true;
}

bool JsonScanner::skip_scalar() {
  switch (peek()) {
    case '"': {
      JsonString ignored;
      return read_string(ignored);
    }
    case 't':
      return skip_literal("true");
    case 'f':
      return skip_literal("false");
    case 'n':
      return skip_literal("null");
    case '-':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9':
      return skip_number();
    default:
      return false;
  }
}

// A loop and not a recursion: hostile depth must not reach the thread's stack.
bool JsonScanner::skip_value() {
  size_t depth = 0;
  const auto skip_key = [this] {
    JsonString ignored;
    return read_string(ignored) && take(':');
  };
  while (true) {
    // A value begins here.
    const char first = peek();
    if (first == '{' || first == '[') {
      if (depth == kJsonDepthLimit) return false;
      const bool object = first == '{';
      ++at_;
      if (!take(object ? '}' : ']')) {
        is_object_[depth++] = object;
        if (object && !skip_key()) return false;
        continue;
      }
    } else if (!skip_scalar()) {
      return false;
    }
    // It has ended, and with it perhaps the containers around it.
    while (depth > 0 && take(is_object_[depth - 1] ? '}' : ']'))
      --depth;
    if (depth == 0) return true;
    if (!take(',')) return false;
    if (is_object_[depth - 1] && !skip_key()) return false;
  }
}

std::string unescape_json(std::string_view inside) {
  std::string text;
  text.reserve(inside.size());
  for (size_t at = 0; at < inside.size();) {
    if (inside[at] != '\\') {
      text.push_back(inside[at++]);
      continue;
    }
    const uint32_t unit = code_unit_at(inside, at);
    if (unit == kNoCodeUnit) {
      text.push_back(meaning_of_escape(inside[at + 1]));
      at += 2;
      continue;
    }
    at += 6;
    const bool high = unit >= 0xD800 && unit < 0xDC00;
    const uint32_t low = high ? code_unit_at(inside, at) : kNoCodeUnit;
    if (low >= 0xDC00 && low < 0xE000) {
      append_utf8(text, 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00));
      at += 6;
    } else {
      append_utf8(text, unit);
    }
  }
  return text;
}

std::string minify_json(std::string_view json) {
  std::string text;
  text.reserve(json.size());
  for (size_t at = 0; at < json.size();) {
    const char c = json[at];
    if (c == '"') {
      size_t end = at + 1;
      while (json[end] != '"')
        end += json[end] == '\\' ? 2 : 1;
      text.append(json.substr(at, end + 1 - at));
      at = end + 1;
      continue;
    }
    if (c != ' ' && c != '\t' && c != '\n' && c != '\r') text.push_back(c);
    ++at;
  }
  return text;
}

}  // namespace rayhistory::collector
