// A text of any length as the one string of a JSON object: {"logs": "…"}.
//
// What is not UTF-8 becomes U+FFFD, as append_json_string has it, wherever the pieces end.
#pragma once

#include <string>
#include <string_view>

#include "historyserver/logs/text_filter.h"

namespace rayhistory::historyserver {

class JsonTextFilter final : public TextFilter {
 public:
  explicit JsonTextFilter(std::string_view name);
  std::string take(std::string_view piece) override;
  std::string finish() override;

 private:
  void append(std::string_view text);

  std::string out_;   // not yet given
  std::string held_;  // the beginning of a character
};

}  // namespace rayhistory::historyserver
