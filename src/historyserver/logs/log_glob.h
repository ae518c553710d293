// Which logs a listing shows: `*` is anything but a slash, `**` anything at all, and "**/" at the beginning
// or behind a slash also nothing; `?` is one character, `[a-z]` one of these, `[!a-z]` one of all others,
// neither of them a slash; `{out,err}` is either. Whatever is left open ("[", "{a,") stands for itself, since
// users search while they type. A trailing slash asks for folders alone.
//
// It is matched against names that are there and never becomes a path. Matching takes time in proportion to
// the lengths of pattern and name, whatever the pattern; for many names that adds up, and GlobEffort counts
// it.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace rayhistory::historyserver {

// The steps that matching has taken, over all names of one answer.
class GlobEffort {
 public:
  void add(uint64_t steps) { steps_ += steps; }
  // 50 million: about 0.2 s. Ray's own patterns take a few thousand for a node of 20,000 logs.
  bool is_too_much() const { return steps_ > 50'000'000; }

 private:
  uint64_t steps_ = 0;
};

class LogGlob {
 public:
  // `invalid`: a leading slash or a ".." element, as Ray refuses them (dashboard/modules/log/log_agent.py
  // ListLogs), a NUL, or more than 1,024 bytes.
  static Result<LogGlob> parse(std::string_view pattern);

  // `path` is relative, without a trailing slash.
  bool matches(std::string_view path, GlobEffort& effort) const;
  bool folders_only() const { return folders_only_; }

 private:
  enum class StepKind : uint8_t { literal, not_slash, anything, in_class, jump, either, end };
  // One of a program for a non-deterministic automaton (Thompson's construction).
  struct Step {
    StepKind kind;
    char32_t literal = 0;                                    // of literal
    bool is_negated = false;                                 // of in_class
    std::vector<std::pair<char32_t, char32_t>> ranges = {};  // of in_class, both ends included
    size_t next = 0;                                         // where to go on
    size_t other = 0;                                        // of either: or there
  };
  class Compiler;
  class Run;

  LogGlob() = default;
  static bool takes(const Step& step, char32_t character);

  std::vector<Step> steps_;
  bool folders_only_ = false;
};

}  // namespace rayhistory::historyserver
