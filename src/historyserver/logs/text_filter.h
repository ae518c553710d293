// What turns a log's text into an answer's, piece by piece. Not thread-safe.
#pragma once

#include <string>
#include <string_view>

namespace rayhistory::historyserver {

class TextFilter {
 public:
  virtual ~TextFilter() = default;
  // Of the text so far what is certain; the rest comes with the next piece.
  virtual std::string take(std::string_view piece) = 0;
  // What is left, once, at the end.
  virtual std::string finish() = 0;
};

}  // namespace rayhistory::historyserver
