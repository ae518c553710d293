// Takes colour codes, ESC '[' digits and ';' 'm', out of a text that comes in pieces.
//
// A code may lie across any number of pieces; nothing else is changed. Not thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "historyserver/logs/text_filter.h"

namespace rayhistory::historyserver {

class AnsiFilter final : public TextFilter {
 public:
  // Holds back what may become a code.
  std::string take(std::string_view piece) override;
  // What was held back is no code, since nothing follows.
  std::string finish() override;

 private:
  std::string held_;
};

}  // namespace rayhistory::historyserver
