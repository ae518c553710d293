#include "historyserver/logs/log_glob.h"

#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "base/utf8.h"

namespace rayhistory::historyserver {
namespace {

// As long as a path may be (log_path.h).
constexpr size_t kPatternBytes = 1024;
// A byte that is no UTF-8 is a character of its own, beyond Unicode's last.
constexpr char32_t kFirstBrokenByte = 0x110000;

// The first character of `text`, which is not empty, is taken off it.
char32_t take_character(std::string_view& text) {
  CodePoint point = first_code_point(text);
  if (point.length == 0) point = {kFirstBrokenByte + static_cast<unsigned char>(text[0]), 1};
  text.remove_prefix(point.length);
  return point.value;
}

bool has_parent_element(std::string_view pattern) {
  while (true) {
    const std::string_view element = pattern.substr(0, pattern.find('/'));
    if (element == "..") return true;
    if (element.size() == pattern.size()) return false;
    pattern.remove_prefix(element.size() + 1);
  }
}

}  // namespace

class LogGlob::Compiler {
 public:
  Compiler(std::string_view pattern, std::vector<Step>& steps) : steps_(steps) {
    while (!pattern.empty())
      pattern_.push_back(take_character(pattern));
  }

  void run() {
    find_closing_braces();
    sequence(pattern_.size());
    add({.kind = StepKind::end});
  }

 private:
  static constexpr size_t kNone = static_cast<size_t>(-1);

  size_t add(Step step) {
    step.next = steps_.size() + 1;
    steps_.push_back(std::move(step));
    return steps_.size() - 1;
  }

  // Where the class that begins at `open` ends; kNone where it does not.
  size_t class_end(size_t open) const {
    size_t at = open + 1;
    if (at < pattern_.size() && (pattern_[at] == U'!' || pattern_[at] == U'^')) ++at;
    // The first may be a bracket itself: "[]a]".
    for (++at; at < pattern_.size(); ++at)
      if (pattern_[at] == U']') return at;
    return kNone;
  }

  void find_closing_braces() {
    closing_.assign(pattern_.size(), kNone);
    std::vector<size_t> open;
    for (size_t at = 0; at < pattern_.size(); ++at) {
      if (pattern_[at] == U'[') {
        const size_t end = class_end(at);
        if (end != kNone) at = end;
      } else if (pattern_[at] == U'{') {
        open.push_back(at);
      } else if (pattern_[at] == U'}' && !open.empty()) {
        closing_[open.back()] = at;
        open.pop_back();
      }
    }
  }

  // Up to `end`, or to the comma or brace that ends an alternative.
  void sequence(size_t end) {
    while (at_ < end) {
      const char32_t character = pattern_[at_];
      if (depth_ > 0 && (character == U',' || character == U'}')) return;
      if (character == U'*') {
        stars(end);
      } else if (character == U'?') {
        ++at_;
        add({.kind = StepKind::not_slash});
      } else if (character == U'[' && class_end(at_) != kNone) {
        character_class(class_end(at_));
      } else if (character == U'{' && closing_[at_] != kNone) {
        alternatives(closing_[at_]);
      } else {
        ++at_;
        add({.kind = StepKind::literal, .literal = character});
      }
    }
  }

  void stars(size_t end) {
    const bool at_element = at_ == 0 || pattern_[at_ - 1] == U'/';
    size_t count = 0;
    for (; at_ < end && pattern_[at_] == U'*'; ++at_)
      ++count;
    if (count == 1) {
      repeat(StepKind::not_slash);
    } else if (at_element && at_ < end && pattern_[at_] == U'/') {
      ++at_;
      const size_t skip = add({.kind = StepKind::either});
      repeat(StepKind::anything);
      add({.kind = StepKind::literal, .literal = U'/'});
      steps_[skip].other = steps_.size();
    } else {
      repeat(StepKind::anything);
    }
  }

  void repeat(StepKind kind) {
    const size_t loop = add({.kind = StepKind::either});
    const size_t body = add({.kind = kind});
    steps_[body].next = loop;
    steps_[loop].other = steps_.size();
  }

  void character_class(size_t end) {
    Step step{.kind = StepKind::in_class};
    ++at_;
    if (pattern_[at_] == U'!' || pattern_[at_] == U'^') {
      step.is_negated = true;
      ++at_;
    }
    while (at_ < end) {
      const char32_t first = pattern_[at_++];
      if (at_ + 1 < end && pattern_[at_] == U'-') {
        step.ranges.emplace_back(first, pattern_[at_ + 1]);
        at_ += 2;
      } else {
        step.ranges.emplace_back(first, first);
      }
    }
    at_ = end + 1;
    add(std::move(step));
  }

  void alternatives(size_t end) {
    std::vector<size_t> jumps;
    ++depth_;
    while (true) {
      ++at_;  // the brace or the comma
      const size_t choice = add({.kind = StepKind::either});
      sequence(end);
      if (at_ == end) {
        // The last has no other: both ways of the choice are its own.
        steps_[choice].other = steps_[choice].next;
        break;
      }
      jumps.push_back(add({.kind = StepKind::jump}));
      steps_[choice].other = steps_.size();
    }
    --depth_;
    for (const size_t jump : jumps)
      steps_[jump].next = steps_.size();
    ++at_;
  }

  std::vector<Step>& steps_;
  std::vector<char32_t> pattern_;
  std::vector<size_t> closing_;
  size_t at_ = 0;
  int depth_ = 0;  // of braces; at most the pattern's length
};

// The steps that the characters so far lead to, without repetition.
class LogGlob::Run {
 public:
  // Setting up takes as long as looking at each step once.
  explicit Run(const std::vector<Step>& steps)
      : steps_(steps), seen_(steps.size(), 0), effort_(steps.size()) {
    enter(0);
  }

  uint64_t effort() const { return effort_; }
  bool is_dead() const { return now_.empty(); }
  bool is_at_end() const { return seen_.back() == round_; }

  void take(char32_t character) {
    ++round_;
    std::vector<size_t> before;
    before.swap(now_);
    for (const size_t at : before) {
      effort_ += 1 + steps_[at].ranges.size();
      if (takes(steps_[at], character)) enter(steps_[at].next);
    }
  }

 private:
  void enter(size_t first) {
    waiting_.push_back(first);
    while (!waiting_.empty()) {
      const size_t at = waiting_.back();
      waiting_.pop_back();
      ++effort_;
      if (seen_[at] == round_) continue;
      seen_[at] = round_;
      const Step& step = steps_[at];
      if (step.kind == StepKind::jump || step.kind == StepKind::either) {
        waiting_.push_back(step.next);
        if (step.kind == StepKind::either) waiting_.push_back(step.other);
      } else {
        now_.push_back(at);
      }
    }
  }

  const std::vector<Step>& steps_;
  std::vector<size_t> seen_;  // the last round that came here
  std::vector<size_t> now_;
  std::vector<size_t> waiting_;
  size_t round_ = 1;
  uint64_t effort_;
};

bool LogGlob::takes(const Step& step, char32_t character) {
  switch (step.kind) {
    case StepKind::literal:
      return character == step.literal;
    case StepKind::not_slash:
      return character != U'/';
    case StepKind::anything:
      return true;
    case StepKind::in_class: {
      if (character == U'/') return false;
      const bool is_in = std::any_of(step.ranges.begin(), step.ranges.end(),
                                     [&](const std::pair<char32_t, char32_t>& range) {
                                       return range.first <= character && character <= range.second;
                                     });
      return is_in != step.is_negated;
    }
    case StepKind::jump:
    case StepKind::either:
    case StepKind::end:
      return false;
  }
  UNREACHABLE("a StepKind out of range");
}

Result<LogGlob> LogGlob::parse(std::string_view pattern) {
  if (pattern.starts_with('/') || has_parent_element(pattern) ||
      pattern.find('\0') != std::string_view::npos) {
    return Error{ErrorKind::invalid,
                 fmt::format("Invalid glob filter: {}. It must be a relative path and cannot contain '..' "
                             "or NULs.",
                             pattern)};
  }
  if (pattern.size() > kPatternBytes) {
    return Error{ErrorKind::invalid,
                 fmt::format("Invalid glob filter: it has {} bytes, more than the {} allowed.",
                             pattern.size(), kPatternBytes)};
  }
  LogGlob glob;
  if (pattern.ends_with('/')) {
    glob.folders_only_ = true;
    pattern.remove_suffix(1);
  }
  Compiler(pattern, glob.steps_).run();
  return glob;
}

bool LogGlob::matches(std::string_view path, GlobEffort& effort) const {
  Run run(steps_);
  while (!path.empty() && !run.is_dead())
    run.take(take_character(path));
  effort.add(run.effort());
  return path.empty() && run.is_at_end();
}

}  // namespace rayhistory::historyserver
