// What a fuzzer asks of a session: a path's end, a newline, a query.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "historyserver/exchange/response.h"

namespace rayhistory::historyserver {

struct Question {
  Question(const uint8_t* data, size_t size) : text(reinterpret_cast<const char*>(data), size) {
    path = text.substr(0, text.find('\n'));
    query = text.substr(std::min(path.size() + 1, text.size()));
  }

  std::string_view text;  // both
  std::string_view path;
  std::string_view query;
};

// No header has a line of its own in it.
inline void check_headers(const Response& response) {
  for (const auto& [name, value] : response.headers)
    for (const char c : name + value)
      CHECK(c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f));
}

}  // namespace rayhistory::historyserver
