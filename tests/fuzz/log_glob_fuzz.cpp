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

// Entry [p][t] tells whether the pattern from `p` on matches the path from `t` on.
using MatchTable = std::vector<std::vector<bool>>;

// The run of stars that holds a given one.
struct Stars {
  bool are_many = false;
  bool are_folders = false;  // "**/" at the begin of an element
  size_t end = 0;
};

Stars stars_at(std::string_view pattern, size_t p) {
  const size_t begin = pattern.find_last_not_of('*', p) + 1;
  Stars stars;
  stars.end = std::min(pattern.find_first_not_of('*', p), pattern.size());
  stars.are_many = stars.end - begin > 1;
  const bool at_element = begin == 0 || pattern[begin - 1] == '/';
  stars.are_folders = stars.are_many && at_element && stars.end < pattern.size() && pattern[stars.end] == '/';
  return stars;
}

// "**/" stands for nothing, or for anything that ends in a slash.
bool folders_match(const MatchTable& table, size_t p_behind, std::string_view path, size_t t) {
  if (table[p_behind][t]) return true;
  for (size_t slash = path.find('/', t); slash != std::string_view::npos; slash = path.find('/', slash + 1))
    if (table[p_behind][slash + 1]) return true;
  return false;
}

// The table must already have all entries behind `p` and behind `t`.
bool matches_from(const MatchTable& table, std::string_view pattern, size_t p, std::string_view path,
                  size_t t) {
  const bool more = t < path.size();
  if (p == pattern.size()) return !more;
  if (pattern[p] == '*') {
    const Stars stars = stars_at(pattern, p);
    if (stars.are_folders) return folders_match(table, stars.end + 1, path, t);
    return table[stars.end][t] || (more && (stars.are_many || path[t] != '/') && table[p][t + 1]);
  }
  const bool is_same = more && (pattern[p] == '?' ? path[t] != '/' : pattern[p] == path[t]);
  return is_same && table[p + 1][t + 1];
}

bool matches_plainly(std::string_view pattern, std::string_view path) {
  MatchTable table(pattern.size() + 1, std::vector<bool>(path.size() + 1));
  for (size_t p = pattern.size() + 1; p-- > 0;) {
    for (size_t t = path.size() + 1; t-- > 0;)
      table[p][t] = matches_from(table, pattern, p, path, t);
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
