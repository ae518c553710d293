#include "http/client.h"

#include <algorithm>

#include <strings.h>

namespace rayhistory {
namespace {

bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace

std::string_view name_of(HttpMethod method) {
  switch (method) {
    case HttpMethod::get:
      return "GET";
    case HttpMethod::head:
      return "HEAD";
    case HttpMethod::put:
      return "PUT";
    case HttpMethod::post:
      return "POST";
    case HttpMethod::del:
      return "DELETE";
  }
  UNREACHABLE("an HttpMethod out of range");
}

void Headers::set(std::string_view name, std::string_view value) {
  for (auto& [field_name, field_value] : fields_) {
    if (same_name(field_name, name)) {
      field_value = value;
      return;
    }
  }
  add(name, value);
}

void Headers::add(std::string_view name, std::string_view value) {
  fields_.emplace_back(name, value);
}

void Headers::remove(std::string_view name) {
  std::erase_if(fields_, [&](const auto& field) { return same_name(field.first, name); });
}

std::optional<std::string_view> Headers::find(std::string_view name) const {
  for (const auto& [field_name, field_value] : fields_)
    if (same_name(field_name, name)) return field_value;
  return std::nullopt;
}

}  // namespace rayhistory
