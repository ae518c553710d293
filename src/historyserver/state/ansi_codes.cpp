#include "historyserver/state/ansi_codes.h"

namespace rayhistory::historyserver {

std::string without_ansi_codes(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  while (true) {
    // The pattern is "\x1b[^m]*m": whatever follows the escape, up to an 'm'.
    const size_t escape = text.find('\x1b');
    const size_t end = escape == std::string_view::npos ? escape : text.find('m', escape);
    if (end == std::string_view::npos) return plain.append(text);
    plain.append(text.substr(0, escape));
    text.remove_prefix(end + 1);
  }
}

}  // namespace rayhistory::historyserver
