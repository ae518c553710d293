// Hides the secrets of a JSON answer that comes in pieces, as api/redaction.h hides them in one that is held:
// all values of "env_vars", and secrets in the strings of runtime environments, entrypoints, metadata and
// command lines. Everything else passes as it came, byte for byte.
//
// Holds one string of the answer at a time, and nothing of what passed. It takes what is no JSON, too: text
// that does not begin as an object, an array or a string is masked line by line as a log, and a bracket too
// many passes. Not thread-safe.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <simdjson.h>

#include "historyserver/logs/secret_filter.h"
#include "historyserver/logs/text_filter.h"

namespace rayhistory::historyserver {

class MaskedJsonFilter final : public TextFilter {
 public:
  std::string take(std::string_view piece) override;
  std::string finish() override;

 private:
  // The filter does this with the values below a key.
  enum class Rule {
    show,       // strings that hold environment variables are masked
    own,        // all strings are masked, as people write them
    variables,  // the next value is a map of variables
    hide,       // each value is a secret
  };
  struct Level {
    bool is_object;
    Rule rule;
    std::string key;  // that came last
    bool is_at_key;
  };
  enum class State {
    begin,   // nothing but blanks so far
    lines,   // it is no JSON
    values,  // between the bytes of strings and scalars
    string,
    scalar,
    hidden,  // within an object or array that is hidden
  };

  void take_value_byte(char c);
  // How many bytes of the piece belong to the string.
  size_t take_string_bytes(std::string_view piece);
  void take_hidden_byte(char c);
  void open(char bracket);
  void close();
  void end_string();
  void end_scalar();
  void append_masked_string();
  // The rule for the value that begins here.
  Rule rule_here() const;
  bool is_key_here() const;
  // The text of the JSON string whose bytes are held; nothing where it cannot be read.
  std::optional<std::string> held_text();

  std::string out_;
  State state_ = State::begin;
  std::vector<Level> levels_;
  std::string held_;  // of the string or scalar that is under way
  bool is_too_long_ = false;
  bool is_escaped_ = false;  // a backslash came last
  size_t hidden_depth_ = 0;  // brackets that are open below the hidden value
  bool is_in_hidden_string_ = false;
  SecretFilter lines_;
  simdjson::dom::parser parser_;
};

}  // namespace rayhistory::historyserver
