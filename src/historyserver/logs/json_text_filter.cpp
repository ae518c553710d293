#include "historyserver/logs/json_text_filter.h"

#include <algorithm>
#include <utility>

#include "base/json_text.h"
#include "base/utf8.h"

namespace rayhistory::historyserver {
namespace {

// How many bytes at the end of `text` begin a character that does not end there.
size_t begun_character(std::string_view text) {
  constexpr size_t kLongestBeginning = 3;
  for (size_t count = 1; count <= std::min(kLongestBeginning, text.size()); ++count) {
    const char byte = text[text.size() - count];
    if (is_utf8_continuation(byte)) continue;
    const auto lead = static_cast<unsigned char>(byte);
    const size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
    return length > count ? count : 0;
  }
  return 0;
}

}  // namespace

JsonTextFilter::JsonTextFilter(std::string_view name) {
  out_ = "{" + json_string(name) + ": \"";
}

std::string JsonTextFilter::take(std::string_view piece) {
  std::string text = std::exchange(held_, {});
  text += piece;
  held_ = text.substr(text.size() - begun_character(text));
  append(std::string_view(text).substr(0, text.size() - held_.size()));
  return std::exchange(out_, {});
}

std::string JsonTextFilter::finish() {
  append(held_);
  return std::exchange(out_, {}) + "\"}";
}

void JsonTextFilter::append(std::string_view text) {
  const std::string quoted = json_string(text);
  out_ += std::string_view(quoted).substr(1, quoted.size() - 2);
}

}  // namespace rayhistory::historyserver
