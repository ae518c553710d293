#include "historyserver/logs/log_slices.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace rayhistory::historyserver {
namespace {

// Of what was read to count lines: enough for the dashboard's 50,000 lines of 160 bytes, little enough for
// many readers at the same time. What is longer is read again when it is sent.
constexpr uint64_t kKeptBytes = 8 * kLogReadBytes;

// Counts lines from the end of a text that comes in blocks, the last one first.
class LinesFromTheEnd {
 public:
  explicit LinesFromTheEnd(uint64_t lines) : left_(lines) {}

  // Where in `block` the wanted lines begin; nothing when they begin before it.
  std::optional<size_t> find_beginning(std::string_view block) {
    if (std::exchange(at_end_, false) && block.ends_with('\n')) block.remove_suffix(1);
    while (true) {
      const size_t newline = block.rfind('\n');
      if (newline == std::string_view::npos) return std::nullopt;
      if (--left_ == 0) return newline + 1;
      block = block.substr(0, newline);
    }
  }

 private:
  uint64_t left_;
  bool at_end_ = true;  // the last newline ends a line, and does not begin one
};

// What was read and found to be wanted, from the end on.
class Wanted {
 public:
  void prepend(const std::string& key, uint64_t begin, std::string block) {
    if (tail_.unread.empty() && kept_ + block.size() <= kKeptBytes) {
      kept_ += block.size();
      tail_.read.push_front(std::move(block));
      return;
    }
    // In reverse: take() turns them round.
    std::vector<LogSlice>& unread = tail_.unread;
    if (!unread.empty() && unread.back().key == key && unread.back().begin == begin + block.size()) {
      unread.back().begin = begin;
    } else {
      unread.push_back({key, begin, begin + block.size()});
    }
  }

  LogTail take() && {
    std::reverse(tail_.unread.begin(), tail_.unread.end());
    return std::move(tail_);
  }

 private:
  LogTail tail_;
  uint64_t kept_ = 0;
};

}  // namespace

Result<std::string> read_log(Store& store, const std::string& key, uint64_t offset, uint64_t length,
                             const Deadline& deadline) {
  TRY_ASSIGN(std::string text, store.get(key, offset, length, deadline));
  if (text.size() != length) {
    return Error{
        ErrorKind::retry,
        fmt::format("{}: it has changed since it was listed (bytes {} to {} were asked for, {} came); "
                    "ask again",
                    key, offset, offset + length, text.size())};
  }
  return text;
}

uint64_t LogTail::size() const {
  uint64_t size = 0;
  for (const LogSlice& slice : unread)
    size += slice.size();
  for (const std::string& text : read)
    size += text.size();
  return size;
}

Result<LogTail> last_lines(Store& store, std::vector<LogSlice> slices, uint64_t lines,
                           const Deadline& deadline) {
  CHECK(lines > 0);
  LinesFromTheEnd counter(lines);
  Wanted wanted;
  for (; !slices.empty(); slices.pop_back()) {
    const LogSlice& slice = slices.back();
    for (uint64_t end = slice.end; end > slice.begin;) {
      const uint64_t length = std::min(kLogReadBytes, end - slice.begin);
      TRY_ASSIGN(std::string block, read_log(store, slice.key, end - length, length, deadline));
      const std::optional<size_t> beginning = counter.find_beginning(block);
      if (beginning) {
        wanted.prepend(slice.key, end - length + *beginning, block.substr(*beginning));
        return std::move(wanted).take();
      }
      wanted.prepend(slice.key, end - length, std::move(block));
      end -= length;
    }
  }
  return std::move(wanted).take();
}

}  // namespace rayhistory::historyserver
