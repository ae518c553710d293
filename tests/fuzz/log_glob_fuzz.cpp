// A pattern, a newline, a path: whatever they are, matching ends soon, and of patterns without classes and
// braces it says what a plain matcher says.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "base/utf8.h"
#include "historyserver/logs/log_glob.h"

namespace {

// Whether the rest of the pattern matches each rest of the path, from the shortest on.
bool matches_plainly(std::string_view pattern, std::string_view path) {
  std::vector<std::vector<bool>> table(pattern.size() + 1, std::vector<bool>(path.size() + 1));
  for (size_t p = pattern.size() + 1; p-- > 0;) {
    for (size_t t = path.size() + 1; t-- > 0;) {
      const bool more = t < path.size();
      bool result = false;
      if (p == pattern.size()) {
        result = !more;
      } else if (pattern[p] == '*') {
        const bool is_first = p == 0 || pattern[p - 1] != '*';
        const size_t end = std::min(pattern.find_first_not_of('*', p), pattern.size());
        const bool many = end - p > 1 || !is_first;
        const size_t begin = pattern.find_last_not_of('*', p) + 1;
        const bool at_element = begin == 0 || pattern[begin - 1] == '/';
        if (many && at_element && end < pattern.size() && pattern[end] == '/') {
          // Nothing, or anything that ends in a slash.
          result = table[end + 1][t];
          for (size_t slash = path.find('/', t); !result && slash != std::string_view::npos;
               slash = path.find('/', slash + 1))
            result = table[end + 1][slash + 1];
        } else {
          result = table[end][t] || (more && (many || path[t] != '/') && table[p][t + 1]);
        }
      } else {
        result = more && (pattern[p] == '?' ? path[t] != '/' : pattern[p] == path[t]) && table[p + 1][t + 1];
      }
      table[p][t] = result;
    }
  }
  return table[0][0];
}

bool is_ascii(std::string_view text) {
  for (const char c : text)
    if (static_cast<unsigned char>(c) >= 0x80) return false;
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rayhistory;
  using namespace rayhistory::historyserver;
  constexpr size_t kPathBytes = 2048;  // longer ones only take longer
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::string_view pattern = text.substr(0, text.find('\n'));
  const std::string_view path = text.substr(std::min(pattern.size() + 1, text.size())).substr(0, kPathBytes);
  const Result<LogGlob> glob = LogGlob::parse(pattern);
  if (!glob) {
    CHECK(glob.error().kind == ErrorKind::invalid);
    return 0;
  }
  GlobEffort effort;
  const bool found = glob->matches(path, effort);
  if (glob->folders_only()) pattern.remove_suffix(1);
  if (pattern.find_first_of("[{") == std::string_view::npos && is_ascii(text) && pattern.size() <= 64 &&
      path.size() <= 256)
    CHECK(found == matches_plainly(pattern, path));
  return 0;
}
