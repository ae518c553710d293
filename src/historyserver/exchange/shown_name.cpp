#include "historyserver/exchange/shown_name.h"

#include <iterator>

#include <fmt/format.h>

#include "base/utf8.h"
#include "historyserver/exchange/percent.h"

namespace rayhistory::historyserver {
namespace {

// Whether the name, decoded as often as it can be, is no UTF-8 at some point. Each decoding makes it shorter,
// so this ends.
bool is_escaped_when_shown(std::string name) {
  while (is_utf8(name)) {
    std::string decoded = percent_decoded(name);
    if (decoded == name) return false;
    name = std::move(decoded);
  }
  return true;
}

}  // namespace

std::string shown_name(std::string_view stored) {
  if (!is_escaped_when_shown(std::string(stored))) return std::string(stored);
  std::string shown;
  while (!stored.empty()) {
    const size_t length = first_code_point(stored).length;
    if (length == 0 || stored.front() == '%') {
      fmt::format_to(std::back_inserter(shown), "%{:02X}", static_cast<unsigned char>(stored.front()));
      stored.remove_prefix(1);
    } else {
      shown += stored.substr(0, length);
      stored.remove_prefix(length);
    }
  }
  return shown;
}

std::string stored_name(std::string_view shown) {
  std::string decoded = percent_decoded(shown);
  const bool is_escaped = is_utf8(shown) && decoded != shown && is_escaped_when_shown(decoded);
  return is_escaped ? decoded : std::string(shown);
}

}  // namespace rayhistory::historyserver
