#include "historyserver/live/masked_json_filter.h"

#include <algorithm>
#include <utility>

#include "base/json_text.h"
#include "historyserver/exchange/secret_mask.h"

namespace rayhistory::historyserver {
namespace {

// Held at a time, for each answer under way. The longest strings of the dashboard's answers are tracebacks
// and environments of some kilobytes. A longer one is left out, because part of it could be the rest of a
// secret.
constexpr size_t kLongestString = 1024 * 1024;
constexpr std::string_view kTooLong =
    "(This text is longer than 1 MiB; it is not shown, because it may hold secrets.)";
// simdjson's, which reads the stored answers. Ray's answers go to 20. A deeper value is hidden whole.
constexpr size_t kDeepest = 1024;
// "null" is the one scalar that says more than that there is one.
constexpr size_t kLongestHeldScalar = 5;

// Kept of a key for each open bracket: the end of a name says whether it is a secret's, and no name is
// longer.
constexpr size_t kLongestKey = 128;

constexpr std::string_view kBlanks = " \t\r\n";

bool is_in(std::string_view characters, char c) {
  return characters.find(c) != std::string_view::npos;
}

}  // namespace

std::string MaskedJsonFilter::take(std::string_view piece) {
  while (!piece.empty()) {
    const char c = piece.front();
    if (state_ == State::begin) {
      if (is_in(kBlanks, c)) {
        out_ += c;
        piece.remove_prefix(1);
        continue;
      }
      state_ = is_in("{[\"", c) ? State::values : State::lines;
    }
    if (state_ == State::lines) {
      out_ += lines_.take(piece);
      break;
    }
    if (state_ == State::string) {
      piece.remove_prefix(take_string_bytes(piece));
      continue;
    }
    if (state_ == State::scalar && is_in("{}[],:\" \t\r\n", c)) end_scalar();
    if (state_ == State::hidden) {
      take_hidden_byte(c);
    } else {
      take_value_byte(c);
    }
    piece.remove_prefix(1);
  }
  return std::exchange(out_, {});
}

std::string MaskedJsonFilter::finish() {
  if (state_ == State::lines) out_ += lines_.finish();
  if (state_ == State::scalar) end_scalar();
  // A string that breaks off shows nothing, because what it would have been is not known.
  if (state_ == State::string) out_ += json_string(kRedacted);
  return std::exchange(out_, {});
}

void MaskedJsonFilter::take_value_byte(char c) {
  if (state_ == State::scalar) {
    const bool is_held = rule_here() == Rule::variables || rule_here() == Rule::hide;
    if (!is_held) {
      out_ += c;
    } else if (held_.size() < kLongestHeldScalar) {
      held_ += c;
    }
    return;
  }
  if (c == '"') {
    state_ = State::string;
    return;
  }
  if (c == '{' || c == '[') {
    open(c);
    return;
  }
  const bool is_structure = is_in("}],:", c) || is_in(kBlanks, c);
  if (!is_structure) {
    state_ = State::scalar;
    take_value_byte(c);
    return;
  }
  if (c == '}' || c == ']') close();
  if (c == ',' && !levels_.empty()) levels_.back().is_at_key = levels_.back().is_object;
  if (c == ':' && !levels_.empty()) levels_.back().is_at_key = false;
  out_ += c;
}

size_t MaskedJsonFilter::take_string_bytes(std::string_view piece) {
  size_t place = 0;
  while (place < piece.size()) {
    const char c = piece[place++];
    if (!is_escaped_ && c == '"') {
      held_ += piece.substr(0, place - 1);
      is_too_long_ = is_too_long_ || held_.size() > kLongestString;
      end_string();
      return place;
    }
    is_escaped_ = !is_escaped_ && c == '\\';
  }
  if (!is_too_long_) held_ += piece;
  if (held_.size() > kLongestString) {
    is_too_long_ = true;
    held_.clear();
  }
  return place;
}

void MaskedJsonFilter::take_hidden_byte(char c) {
  if (is_in_hidden_string_) {
    if (!is_escaped_ && c == '"') is_in_hidden_string_ = false;
    is_escaped_ = !is_escaped_ && c == '\\';
    return;
  }
  if (c == '"') is_in_hidden_string_ = true;
  if (c == '{' || c == '[') ++hidden_depth_;
  if ((c == '}' || c == ']') && --hidden_depth_ == 0) state_ = State::values;
}

void MaskedJsonFilter::open(char bracket) {
  const Rule rule = rule_here();
  const bool is_map = rule == Rule::variables && bracket == '{';
  const bool is_hidden = rule == Rule::hide || (rule == Rule::variables && !is_map);
  if (is_hidden || levels_.size() >= kDeepest) {
    out_ += json_string(kRedacted);
    state_ = State::hidden;
    hidden_depth_ = 1;
    return;
  }
  const bool is_object = bracket == '{';
  levels_.push_back({is_object, is_map ? Rule::hide : rule, {}, is_object});
  out_ += bracket;
}

void MaskedJsonFilter::close() {
  if (!levels_.empty()) levels_.pop_back();
}

bool MaskedJsonFilter::is_key_here() const {
  return !levels_.empty() && levels_.back().is_at_key;
}

MaskedJsonFilter::Rule MaskedJsonFilter::rule_here() const {
  if (levels_.empty()) return Rule::show;
  const Level& level = levels_.back();
  if (!level.is_object || level.rule == Rule::hide) return level.rule;
  if (is_variables_key(level.key)) return Rule::variables;
  return is_peoples_own_key(level.key) ? Rule::own : level.rule;
}

void MaskedJsonFilter::end_string() {
  state_ = State::values;
  if (is_too_long_) {
    if (is_key_here()) levels_.back().key.clear();
    out_ += json_string(kTooLong);
  } else if (is_key_here()) {
    std::string key = held_text().value_or(held_);
    if (key.size() > kLongestKey) key.erase(0, key.size() - kLongestKey);
    levels_.back().key = std::move(key);
    out_.append("\"").append(held_).append("\"");
  } else {
    append_masked_string();
  }
  held_.clear();
  is_too_long_ = false;
}

void MaskedJsonFilter::append_masked_string() {
  const Rule rule = rule_here();
  const bool is_secret = rule == Rule::variables || rule == Rule::hide ||
                         (!levels_.empty() && levels_.back().is_object && levels_.back().rule == Rule::own &&
                          is_secret_name(levels_.back().key));
  if (is_secret) {
    out_ += json_string(kRedacted);
    return;
  }
  // A letter may be written as an escape.
  const bool may_name_variables = names_variables(held_) || held_.find("\\u") != std::string::npos;
  if (rule == Rule::own || may_name_variables) {
    const std::optional<std::string> text = held_text();
    const std::string shown = text ? masked_text(*text) : std::string(kRedacted);
    const bool is_looked_at = rule == Rule::own || !text || names_variables(*text);
    if (is_looked_at && shown != text) {
      out_ += json_string(shown);
      return;
    }
  }
  out_.append("\"").append(held_).append("\"");
}

void MaskedJsonFilter::end_scalar() {
  state_ = State::values;
  const Rule rule = rule_here();
  // null is what Ray writes where no variables are set.
  if (rule == Rule::variables) out_ += held_ == "null" ? held_ : json_string(kRedacted);
  if (rule == Rule::hide) out_ += json_string(kRedacted);
  held_.clear();
}

std::optional<std::string> MaskedJsonFilter::held_text() {
  if (held_.find('\\') == std::string::npos) return held_;
  std::string_view text;
  if (parser_.parse("\"" + held_ + "\"").get(text) != simdjson::SUCCESS) return std::nullopt;
  return std::string(text);
}

}  // namespace rayhistory::historyserver
