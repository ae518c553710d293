#include "base/field_name.h"

namespace rayhistory {
namespace {

bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace

std::string_view camel_field_name(std::string_view key, FieldNameBuffer& buffer) {
  if (key.size() > buffer.size() || key.find('_') == std::string_view::npos || !is_lower(key.front()))
    return key;
  size_t size = 0;
  for (size_t i = 0; i < key.size(); ++i) {
    if (key[i] != '_') {
      if (!is_lower(key[i]) && !is_digit(key[i])) return key;
      buffer[size++] = key[i];
      continue;
    }
    ++i;
    if (i == key.size()) return key;
    if (is_lower(key[i])) {
      buffer[size++] = static_cast<char>(key[i] - 'a' + 'A');
    } else if (is_digit(key[i])) {
      buffer[size++] = key[i];
    } else {
      return key;
    }
  }
  return {buffer.data(), size};
}

}  // namespace rayhistory
