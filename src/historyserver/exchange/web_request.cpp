#include "historyserver/exchange/web_request.h"

#include <algorithm>

namespace rayhistory::historyserver {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

bool is_same_header(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view WebRequest::header(std::string_view name) const {
  for (const auto& [key, value] : headers)
    if (is_same_header(key, name)) return value;
  return {};
}

std::string_view WebRequest::path() const {
  return std::string_view(target).substr(0, target.find('?'));
}

std::string_view WebRequest::query() const {
  const size_t mark = target.find('?');
  return mark == std::string::npos ? std::string_view{} : std::string_view(target).substr(mark + 1);
}

}  // namespace rayhistory::historyserver
