#include "base/json_text.h"

#include <iterator>

#include <fmt/format.h>

#include "base/utf8.h"

namespace rayhistory {

void append_json_string(std::string& json, std::string_view text) {
  json += '"';
  while (!text.empty()) {
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
