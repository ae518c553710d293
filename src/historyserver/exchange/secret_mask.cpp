#include "historyserver/exchange/secret_mask.h"

#include <algorithm>
#include <array>

#include "base/ascii.h"

namespace rayhistory::historyserver {
namespace {

// Longer than the name of any variable or flag; bounds the look back from each '='.
constexpr size_t kLongestName = 128;
// Words of this length after "Bearer" are prose.
constexpr size_t kShortestBearerToken = 16;

constexpr std::string_view kBlanks = " \t";

constexpr std::array<std::string_view, 10> kSecretWords = {
    "token",      "password",    "passwd", "passphrase", "secret",
    "credential", "credentials", "apikey", "signature",  "sig"};
constexpr std::array<std::string_view, 8> kSecretKeys = {"api_key",        "access_key",  "secret_key",
                                                         "private_key",    "account_key", "signing_key",
                                                         "encryption_key", "auth_key"};
constexpr std::array<std::string_view, 2> kSecretPairs = {"connection_string", "access_key_id"};
// Tokenizers of language models call their special words so.
constexpr std::array<std::string_view, 7> kWordsOfTokenizers = {
    "bos_token", "cls_token", "eos_token", "mask_token", "pad_token", "sep_token", "unk_token"};

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_name_character(char c) {
  return is_letter_or_digit(c) || c == '_' || c == '-' || c == '.';
}

// "clientSecret" -> "client_secret", "X-Api-Key" -> "x_api_key".
std::string words_of(std::string_view name) {
  std::string words;
  bool was_lower = false;
  for (const char c : name) {
    const bool is_upper = c >= 'A' && c <= 'Z';
    if (is_upper && was_lower) words += '_';
    words += c == '-' || c == '.' ? '_' : c;
    was_lower = c >= 'a' && c <= 'z';
  }
  return lower_case(words);
}

// `words` is `ending`, or ends with it after an underscore.
bool ends_with_words(std::string_view words, std::string_view ending) {
  if (!words.ends_with(ending)) return false;
  return words.size() == ending.size() || words[words.size() - ending.size() - 1] == '_';
}

template <size_t N>
bool ends_with_any(std::string_view words, const std::array<std::string_view, N>& endings) {
  return std::any_of(endings.begin(), endings.end(),
                     [words](std::string_view ending) { return ends_with_words(words, ending); });
}

bool is_shouted(std::string_view name) {
  return std::none_of(name.begin(), name.end(), [](char c) { return c >= 'a' && c <= 'z'; });
}

size_t length_of_run(std::string_view text, size_t from, std::string_view characters) {
  const size_t end = text.find_first_not_of(characters, from);
  return (end == std::string_view::npos ? text.size() : end) - from;
}

// A quote with the backslashes before it, as it stands in a text that was quoted itself; empty where there is
// none.
std::string_view quote_at(std::string_view text, size_t from) {
  const size_t backslashes = length_of_run(text, from, "\\");
  const size_t place = from + backslashes;
  if (place >= text.size() || (text[place] != '"' && text[place] != '\'')) return {};
  return text.substr(from, backslashes + 1);
}

// Where the quoted text that begins behind `from` ends: at the next quote that is not one of its own. With
// each quoting a backslash before a quote becomes two and one more, so of n backslashes before a quote those
// of the quoting are left when pairs of the text's own are taken off. The end of the text where there is
// none, so that a text that was cut off shows nothing.
size_t end_of_quoted(std::string_view text, size_t from, std::string_view quote) {
  for (size_t place = from; (place = text.find(quote.back(), place)) != std::string_view::npos; ++place) {
    size_t backslashes = 0;
    while (backslashes < place - from && text[place - backslashes - 1] == '\\')
      ++backslashes;
    if (backslashes % (2 * quote.size()) == quote.size() - 1) return place - (quote.size() - 1);
  }
  return text.size();
}

// "$TOKEN", "${TOKEN}": the name of a secret, and none itself.
bool is_reference(std::string_view value) {
  if (!value.starts_with('$') || value.size() < 2) return false;
  value.remove_prefix(1);
  if (value.starts_with('{') && value.ends_with('}')) value = value.substr(1, value.size() - 2);
  return !value.empty() &&
         std::all_of(value.begin(), value.end(), [](char c) { return is_letter_or_digit(c) || c == '_'; });
}

class Masking {
 public:
  explicit Masking(std::string_view text) : text_(text) { masked_.reserve(text.size()); }

  std::string run() {
    while (place_ < text_.size()) {
      if (!at_variables() && !at_equals() && !at_pair() && !at_flag() && !at_user_of_url() &&
          !at_authorization())
        copy(1);
    }
    return std::move(masked_);
  }

 private:
  void copy(size_t count) {
    masked_ += text_.substr(place_, count);
    place_ += std::min(count, text_.size() - place_);
  }
  void mask_until(size_t end) {
    const std::string_view secret = text_.substr(place_, end - place_);
    if (!secret.empty()) masked_ += is_reference(secret) ? secret : kRedacted;
    place_ = end;
  }
  bool is_at(std::string_view word) const { return text_.substr(place_, word.size()) == word; }
  bool is_at_any_case(std::string_view word) const {
    return lower_case(text_.substr(place_, word.size())) == word;
  }
  bool follows_word() const { return place_ > 0 && is_name_character(text_[place_ - 1]); }

  // The name that ends before `end`.
  std::string_view name_before(size_t end) const {
    size_t begin = end;
    while (begin > 0 && end - begin < kLongestName && is_name_character(text_[begin - 1]))
      --begin;
    return text_.substr(begin, end - begin);
  }

  // A value here, quoted or not.
  void mask_value() {
    if (const std::string_view quote = quote_at(text_, place_); !quote.empty()) {
      copy(quote.size());
      mask_until(end_of_quoted(text_, place_, quote));
      return;
    }
    constexpr std::string_view kEnds = " \t\r\n;&|<>()\"'`";
    mask_until(std::min(text_.find_first_of(kEnds, place_), text_.size()));
  }

  bool at_equals() {
    if (text_[place_] != '=' || !is_secret_name(name_before(place_))) return false;
    copy(1);
    mask_value();
    return true;
  }

  // "name": "value"
  bool at_pair() {
    if (text_[place_] != ':' || place_ == 0) return false;
    const char before = text_[place_ - 1];
    if (before != '"' && before != '\'') return false;
    size_t end = place_ - 1;
    while (end > 0 && text_[end - 1] == '\\')
      --end;
    if (!is_secret_name(name_before(end))) return false;
    const size_t blanks = length_of_run(text_, place_ + 1, kBlanks);
    if (quote_at(text_, place_ + 1 + blanks).empty()) return false;
    copy(1 + blanks);
    mask_value();
    return true;
  }

  // --name value
  bool at_flag() {
    if (kBlanks.find(text_[place_]) == std::string_view::npos) return false;
    const std::string_view name = name_before(place_);
    if (!name.starts_with("--") || !is_secret_name(name.substr(2))) return false;
    const size_t blanks = length_of_run(text_, place_, kBlanks);
    if (text_.substr(place_ + blanks).starts_with('-')) return false;
    copy(blanks);
    mask_value();
    return true;
  }

  bool at_user_of_url() {
    constexpr std::string_view kBegin = "://";
    if (!is_at(kBegin)) return false;
    const std::string_view scheme = name_before(place_);
    const bool is_http = scheme.ends_with("http") || scheme.ends_with("https");
    copy(kBegin.size());
    constexpr std::string_view kEnds = "/?# \t\r\n\"'<>\\";
    const std::string_view authority =
        text_.substr(place_, std::min(text_.find_first_of(kEnds, place_), text_.size()) - place_);
    const size_t at = authority.rfind('@');
    if (at == std::string_view::npos) return true;
    const size_t colon = authority.find(':');
    if (colon < at) {
      copy(colon + 1);
      mask_until(place_ + at - colon - 1);
    } else if (is_http) {
      mask_until(place_ + at);
    }
    return true;
  }

  bool at_authorization() {
    if (follows_word()) return false;
    for (const std::string_view scheme : {std::string_view("bearer "), std::string_view("basic ")}) {
      if (!is_at_any_case(scheme)) continue;
      const size_t begin = place_ + scheme.size();
      size_t end = begin;
      while (end < text_.size() && (is_name_character(text_[end]) ||
                                    std::string_view("~+/=").find(text_[end]) != std::string_view::npos))
        ++end;
      if (end - begin < kShortestBearerToken) return false;
      copy(scheme.size());
      mask_until(end);
      return true;
    }
    return false;
  }

  // env_vars: {…}, whatever quotes are around it.
  bool at_variables() {
    constexpr std::string_view kSnake = "env_vars";
    constexpr std::string_view kCamel = "envVars";
    const size_t name = is_at(kSnake) ? kSnake.size() : is_at(kCamel) ? kCamel.size() : 0;
    if (name == 0) return false;
    size_t end = place_ + name;
    end += quote_at(text_, end).size();
    end += length_of_run(text_, end, kBlanks);
    if (end >= text_.size() || (text_[end] != ':' && text_[end] != '=')) return false;
    end += 1 + length_of_run(text_, end + 1, kBlanks);
    if (end >= text_.size() || text_[end] != '{') return false;
    copy(end + 1 - place_);
    mask_members();
    return true;
  }

  // Behind the brace of a map: keys stay, values go.
  void mask_members() {
    while (place_ < text_.size() && text_[place_] != '}') {
      const std::string_view quote = quote_at(text_, place_);
      if (quote.empty()) {
        copy(1);
        continue;
      }
      const size_t end_of_key = end_of_quoted(text_, place_ + quote.size(), quote);
      copy(end_of_key - place_ + quote.size());
      const size_t colon = length_of_run(text_, place_, kBlanks);
      if (place_ + colon >= text_.size() || text_[place_ + colon] != ':') continue;
      copy(colon + 1);
      copy(length_of_run(text_, place_, kBlanks));
      if (quote_at(text_, place_).empty()) {
        mask_until(std::min(text_.find_first_of(",}\n", place_), text_.size()));
        continue;
      }
      const std::string_view opening = quote_at(text_, place_);
      copy(opening.size());
      const size_t end = end_of_quoted(text_, place_, opening);
      masked_ += kRedacted;
      place_ = end;
      copy(end < text_.size() ? opening.size() : 0);
    }
  }

  const std::string_view text_;
  size_t place_ = 0;
  std::string masked_;
};

}  // namespace

bool is_secret_name(std::string_view name) {
  const std::string words = words_of(name);
  if (std::find(kWordsOfTokenizers.begin(), kWordsOfTokenizers.end(), words) != kWordsOfTokenizers.end())
    return false;
  return words.ends_with("password") || words.ends_with("passwd") || ends_with_any(words, kSecretWords) ||
         ends_with_any(words, kSecretKeys) || ends_with_any(words, kSecretPairs) ||
         (is_shouted(name) && words.ends_with("_key"));
}

bool is_variables_key(std::string_view key) {
  return key == "env_vars" || key == "envVars";
}

bool is_peoples_own_key(std::string_view key) {
  constexpr std::array<std::string_view, 9> kOwn = {
      "entrypoint",          "metadata",           "cmdline",          "runtime_env",
      "runtimeEnv",          "worker_runtime_env", "workerRuntimeEnv", "serialized_runtime_env",
      "serializedRuntimeEnv"};
  return std::find(kOwn.begin(), kOwn.end(), key) != kOwn.end();
}

bool names_variables(std::string_view text) {
  return text.find("env_vars") != std::string_view::npos || text.find("envVars") != std::string_view::npos;
}

std::string masked_text(std::string_view text) {
  return Masking(text).run();
}

}  // namespace rayhistory::historyserver
