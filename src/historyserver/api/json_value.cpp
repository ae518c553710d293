#include "historyserver/api/json_value.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <iterator>

#include <fmt/format.h>

#include "base/json_text.h"

namespace rayhistory::historyserver {
namespace {

constexpr UnixNanoseconds kNanosecondsAMillisecond = 1'000'000;

enum class Keys { as_they_are, camel_case, proto };

std::string proto_field_name(std::string_view camel) {
  std::string name;
  for (const char c : camel) {
    const bool is_upper = c >= 'A' && c <= 'Z';
    if (is_upper) name += '_';
    name += is_upper ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return name;
}

std::string spelled(std::string_view key, Keys keys) {
  switch (keys) {
    case Keys::as_they_are:
      return std::string(key);
    case Keys::camel_case:
      return camel_case(key);
    case Keys::proto:
      return proto_field_name(key);
  }
  return {};
}

void append_parsed(std::string& json, simdjson::dom::element value, Keys keys) {
  using simdjson::dom::element_type;
  switch (value.type()) {
    case element_type::OBJECT: {
      Comma comma;
      json += '{';
      for (const auto member : simdjson::dom::object(value)) {
        append_key(json, comma, spelled(member.key, keys));
        append_parsed(json, member.value, keys);
      }
      json += '}';
      return;
    }
    case element_type::ARRAY: {
      Comma comma;
      json += '[';
      for (const simdjson::dom::element item : simdjson::dom::array(value)) {
        comma.next(json);
        append_parsed(json, item, keys);
      }
      json += ']';
      return;
    }
    case element_type::STRING:
      append_json_string(json, std::string_view(value));
      return;
    case element_type::INT64:
      fmt::format_to(std::back_inserter(json), "{}", int64_t(value));
      return;
    case element_type::UINT64:
      fmt::format_to(std::back_inserter(json), "{}", uint64_t(value));
      return;
    case element_type::DOUBLE:
      append_float(json, double(value));
      return;
    case element_type::BOOL:
      append_bool(json, bool(value));
      return;
    case element_type::NULL_VALUE:
      json += "null";
      return;
  }
}

template <typename Map, typename AppendValue>
void append_map(std::string& json, const Map& map, AppendValue append_value) {
  Comma comma;
  json += '{';
  for (const auto& [key, value] : map) {
    append_key(json, comma, key);
    append_value(json, value);
  }
  json += '}';
}

}  // namespace

std::string float_text(double value) {
  std::string text;
  append_float(text, value);
  return text;
}

void append_float(std::string& json, double value) {
  if (!std::isfinite(value)) {
    json += "null";
    return;
  }
  std::array<char, 32> digits;  // the longest double takes 24
  char* const end = fmt::format_to(digits.data(), "{}", value);
  json.append(digits.data(), end);
  if (std::none_of(digits.data(), end, [](char c) { return c == '.' || c == 'e'; })) json += ".0";
}

void append_bool(std::string& json, bool value) {
  json += value ? "true" : "false";
}

void append_text_or_null(std::string& json, std::string_view text) {
  if (text.empty()) {
    json += "null";
  } else {
    append_json_string(json, text);
  }
}

void append_milliseconds(std::string& json, UnixNanoseconds time, std::string_view unknown) {
  if (time == 0) {
    json += unknown;
  } else {
    const fmt::format_int digits(time / kNanosecondsAMillisecond);
    json.append(digits.data(), digits.size());
  }
}

void append_float_milliseconds(std::string& json, UnixNanoseconds time) {
  append_milliseconds(json, time, "null");
  if (time != 0) json += ".0";
}

void append_resources(std::string& json, const Resources& resources) {
  append_map(json, resources, append_float);
}

void append_text_map(std::string& json, const TextMap& map) {
  append_map(json, map, append_json_string);
}

std::string camel_case(std::string_view key) {
  std::string result;
  result.reserve(key.size());
  const size_t first_end = std::min(key.find('_'), key.size());
  result += key.substr(0, first_end);
  // title(): a letter after anything but a letter is upper case, one after a letter is lower case.
  bool after_letter = false;
  for (const char c : key.substr(first_end)) {
    if (c == '_') {
      after_letter = false;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    const bool letter = std::isalpha(byte) != 0;
    if (letter) {
      result += static_cast<char>(after_letter ? std::tolower(byte) : std::toupper(byte));
    } else {
      result += c;
    }
    after_letter = letter;
  }
  return result;
}

simdjson::simdjson_result<simdjson::dom::element> parse_json(simdjson::dom::parser& parser,
                                                             std::string_view text) {
  // simdjson copies from where the text is, and what was never set is nowhere.
  if (text.empty()) return simdjson::EMPTY;
  return parser.parse(text.data(), text.size());
}

void append_json(std::string& json, simdjson::dom::element value) {
  append_parsed(json, value, Keys::as_they_are);
}

void append_camel_json(std::string& json, simdjson::dom::element value) {
  append_parsed(json, value, Keys::camel_case);
}

void append_proto_json(std::string& json, simdjson::dom::element value) {
  append_parsed(json, value, Keys::proto);
}

void append_key(std::string& json, Comma& comma, std::string_view key) {
  comma.next(json);
  append_json_string(json, key);
  json += ": ";
}

}  // namespace rayhistory::historyserver
