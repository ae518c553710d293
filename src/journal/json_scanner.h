// Walks JSON text once, from left to right, and says whether it is well-formed to the last byte. Builds
// nothing and copies nothing: what it passes, the caller cuts out by position. Takes what Python's json.loads
// takes (RFC 8259: lone surrogate escapes and numbers of any size too), but for NaN and Infinity; duplicate
// keys are the caller's.
//
// Why not simdjson's on-demand parser: it does not look at the values it skips (a batch with `tru` in it
// would pass), refuses numbers above 64 bits and lone surrogates, either of which would stop Ray's sender for
// good, and its index takes up to 4 bytes for a byte of input: 256 MiB, the container's limit, for one
// hostile body. simdjson still checks the encoding, and the fuzz target holds this scanner to simdjson's
// verdict.
//
// The text must be UTF-8 (checked elsewhere) and outlive the scanner. For one thread.
#pragma once

#include <bitset>
#include <cstddef>
#include <string>
#include <string_view>

namespace rayhistory::collector {

// How deep arrays and objects may be nested below the value that is skipped: about what Python takes before
// its RecursionError. Ray's events are 6 deep.
inline constexpr size_t kJsonDepthLimit = 1000;

// A string as it stands between its quotes.
struct JsonString {
  std::string_view inside;
  bool escaped = false;  // there is a backslash in it
};

class JsonScanner {
 public:
  explicit JsonScanner(std::string_view text)
      : begin_(text.data()), at_(text.data()), end_(text.data() + text.size()) {}

  // The next byte that is no space, without passing it; '\0', which no JSON begins with, at the end.
  char peek();
  // Passes `wanted`, and the space before it, if it comes next.
  bool take(char wanted);
  // Passes a value of any kind, or a string. False when there is none that is well-formed: the text is then
  // not JSON, and position() is where.
  bool skip_value();
  bool read_string(JsonString& string);

  size_t position() const { return static_cast<size_t>(at_ - begin_); }

  // Whether a CR or LF was passed since the last forget. They stand between tokens only, never in a string.
  bool passed_line_break() const { return passed_line_break_; }
  void forget_line_break() { passed_line_break_ = false; }

 private:
  void skip_space();
  bool skip_scalar();
  bool skip_number();
  bool skip_digits();
  bool skip_literal(std::string_view literal);
  bool skip_escape();

  const char* begin_;
  const char* at_;
  const char* end_;
  bool passed_line_break_ = false;
  std::bitset<kJsonDepthLimit> is_object_;  // of the containers that are open, by depth
};

// The text that a string stands for, in UTF-8. `inside` is of a string that the scanner passed. A lone
// surrogate becomes the three bytes it would have were it a character.
std::string unescape_json(std::string_view inside);

// Well-formed `json` without the space between its tokens.
std::string minify_json(std::string_view json);

}  // namespace rayhistory::collector
