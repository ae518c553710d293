#include "base/json_text.h"

#include <cstdint>
#include <cstring>
#include <iterator>

#include <fmt/format.h>

#include "base/utf8.h"

namespace rayhistory {
namespace {

// How long the beginning of `text` is that a JSON string holds as it is: ASCII but for controls, quotes and
// backslashes; eight bytes at a time (Bit Twiddling Hacks, "Determine if a word has a zero byte"), for it is
// nearly all of what is ever written.
size_t plain_length(std::string_view text) {
  constexpr uint64_t kOnes = 0x0101010101010101;
  constexpr uint64_t kHighs = 0x8080808080808080;
  const auto zeros = [](uint64_t word) { return (word - kOnes) & ~word; };
  size_t length = 0;
  for (uint64_t word = 0; length + sizeof word <= text.size(); length += sizeof word) {
    std::memcpy(&word, text.data() + length, sizeof word);
    const uint64_t controls = (word - kOnes * 0x20) & ~word;
    if (((word | controls | zeros(word ^ (kOnes * '"')) | zeros(word ^ (kOnes * '\\')) |
          zeros(word ^ (kOnes * 0x7f))) &
         kHighs) != 0)
      break;
  }
  const auto is_plain = [](char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; };
  while (length < text.size() && is_plain(text[length]))
    ++length;
  return length;
}

}  // namespace

void append_json_string(std::string& json, std::string_view text) {
  json += '"';
  while (true) {
    const size_t plain = plain_length(text);
    json.append(text, 0, plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
    const CodePoint point = first_code_point(text);
    if (point.length == 0) {
      json += "\\ufffd";
      text.remove_prefix(1);
      continue;
    }
    switch (point.value) {
      case '"':
        json += "\\\"";
        break;
      case '\\':
        json += "\\\\";
        break;
      case '\n':
        json += "\\n";
        break;
      case '\r':
        json += "\\r";
        break;
      case '\t':
        json += "\\t";
        break;
      default:
        if (is_control(point.value)) {
          fmt::format_to(std::back_inserter(json), "\\u{:04x}", static_cast<uint32_t>(point.value));
        } else {
          json += text.substr(0, point.length);
        }
    }
    text.remove_prefix(point.length);
  }
  json += '"';
}

std::string json_string(std::string_view text) {
  std::string json;
  append_json_string(json, text);
  return json;
}

}  // namespace rayhistory
