#include "historyserver/state/event_file.h"

#include <cstring>

#include "historyserver/state/event_text.h"

namespace rayhistory::historyserver {
namespace {

bool take_suffix(std::string_view& text, std::string_view suffix) {
  if (!text.ends_with(suffix)) return false;
  text.remove_suffix(suffix.size());
  return true;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// "-2026-11-23-03" at its end.
bool ends_with_hour(std::string_view name) {
  constexpr std::string_view kForm = "-dddd-dd-dd-dd";
  if (name.size() < kForm.size()) return false;
  name.remove_prefix(name.size() - kForm.size());
  for (size_t i = 0; i < kForm.size(); ++i)
    if (kForm[i] == 'd' ? !is_digit(name[i]) : name[i] != kForm[i]) return false;
  return true;
}

bool is_event_file_name(std::string_view name) {
  take_suffix(name, ".gz");
  take_suffix(name, ".jsonl");
  if (ends_with_hour(name)) return true;
  const size_t digits = name.size() - std::min(name.size(), name.find_last_not_of("0123456789") + 1);
  if (digits == 0 || digits == name.size()) return false;
  name.remove_suffix(digits);
  return take_suffix(name, "-") && ends_with_hour(name);
}

std::string_view next_segment(std::string_view& path) {
  const size_t slash = path.find('/');
  const std::string_view segment = path.substr(0, slash);
  path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
  return segment;
}

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

}  // namespace

bool is_event_file(std::string_view path) {
  next_segment(path);  // the node
  const std::string_view folder = next_segment(path);
  if (folder == "job_events") {
    next_segment(path);
  } else if (folder != "node_events") {
    return false;
  }
  return path.find('/') == std::string_view::npos && is_event_file_name(path);
}

void EventCutter::feed(std::string_view bytes) {
  if (form_ == Form::unknown) {
    while (!bytes.empty() && is_space(bytes.front()))
      bytes.remove_prefix(1);
    if (bytes.empty()) return;
    form_ = bytes.front() == '[' ? Form::array : Form::lines;
  }
  if (form_ == Form::lines) {
    cut_lines(bytes);
  } else {
    cut_array(bytes);
  }
}

void EventCutter::finish() {
  // Of an array's element the end is known: what is pending is torn.
  if (form_ == Form::lines) give_pending();
  pending_.clear();
}

void EventCutter::cut_lines(std::string_view bytes) {
  while (!bytes.empty()) {
    const size_t end = bytes.find('\n');
    if (end == std::string_view::npos) return keep(bytes);
    const bool is_whole = pending_.empty() && !is_skipping_;
    // It can be read where it lies, with what comes behind it as its padding.
    if (is_whole && bytes.size() - end >= kEventPadding && end <= kEventLimit) {
      give(bytes.substr(0, end));
    } else {
      keep(bytes.substr(0, end));
      give_pending();
    }
    bytes.remove_prefix(end + 1);
  }
}

void EventCutter::cut_array(std::string_view bytes) {
  size_t begin = 0;  // of what has to be kept
  for (size_t i = 0; i < bytes.size(); ++i) {
    const char c = bytes[i];
    if (after_backslash_) {
      after_backslash_ = false;
    } else if (in_text_) {
      if (c == '\\') after_backslash_ = true;
      if (c == '"') in_text_ = false;
    } else if (c == '"') {
      in_text_ = true;
    } else if (c == '[' || c == '{') {
      if (depth_ == 1) begin = i;
      ++depth_;
    } else if ((c == ']' || c == '}') && depth_ > 0) {
      --depth_;
      if (depth_ == 1) {
        keep(bytes.substr(begin, i + 1 - begin));
        give_pending();
        begin = i + 1;
      }
    }
  }
  if (depth_ > 1) keep(bytes.substr(begin));
}

void EventCutter::keep(std::string_view bytes) {
  if (is_skipping_) return;
  if (bytes.size() > kEventLimit - pending_.size()) {
    is_skipping_ = true;
    ++too_long_;
    pending_ = {};
    return;
  }
  pending_ += bytes;
}

void EventCutter::give_pending() {
  const size_t size = pending_.size();
  pending_.append(kEventPadding, '\0');
  if (!is_skipping_) give(std::string_view(pending_).substr(0, size));
  is_skipping_ = false;
  pending_.clear();
}

void EventCutter::give(std::string_view event) const {
  event = without_space_behind(event);
  if (!event.empty()) on_event_(event);
}

}  // namespace rayhistory::historyserver
