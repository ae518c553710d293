// A stored file of events, cut into its events: one a line (.jsonl), or a JSON array (what collectors before
// KubeRay 1.7 wrote).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace rayhistory::historyserver {

// A longer event is left out, and the session says so. Ray's own have some kilobytes, and a task's error or a
// runtime environment some hundred; parsing an event takes a few times its length, in each thread that loads.
inline constexpr size_t kEventLimit = 4U << 20U;

// Whether `path`, below its session, is one that holds events: "<node>/job_events/<job>/<file>" or
// "<node>/node_events/<file>", and a file whose name ends "-YYYY-MM-DD-HH", with "-<digits>" or without, and
// ".jsonl" and ".gz" or without.
bool is_event_file(std::string_view path);

// Takes a file's bytes as they come, from its beginning or, of a file of lines, from the beginning of one,
// and gives its events. For one thread.
class EventCutter {
 public:
  // The text is valid during the call, and kEventPadding more bytes behind it can be read.
  using OnEvent = std::function<void(std::string_view event)>;

  // How the events stand in the file. Unknown: as its first byte says, so it is to be fed from its beginning.
  enum class Form { unknown, lines, array };

  explicit EventCutter(OnEvent on_event, Form form = Form::unknown)
      : on_event_(std::move(on_event)), form_(form) {}

  void feed(std::string_view bytes);
  // The file ends here: a last line without its end is an event if it is whole.
  void finish();

  // Whether what was fed begins an array and does not end it. An array was stored whole, so it was cut.
  bool ends_within_array() const { return depth_ > 0; }

  // Of events longer than kEventLimit, which were left out.
  uint64_t too_long() const { return too_long_; }

 private:
  void cut_lines(std::string_view bytes);
  void cut_array(std::string_view bytes);
  void give_pending();
  void give(std::string_view event) const;
  void keep(std::string_view bytes);

  const OnEvent on_event_;
  Form form_;
  std::string pending_;  // of an event whose end has not come
  bool is_skipping_ = false;
  uint64_t too_long_ = 0;
  // Within an array:
  size_t depth_ = 0;  // 1: between its elements
  bool in_text_ = false;
  bool after_backslash_ = false;
};

}  // namespace rayhistory::historyserver
