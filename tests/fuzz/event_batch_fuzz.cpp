// A batch is cut without a read out of bounds, whatever it holds; what is taken is what simdjson takes, but
// for what simdjson cannot read (numbers beyond its range, lone surrogates, its own depth); and each line is
// one line of JSON.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <simdjson.h>

#include "base/check.h"
#include "journal/event.h"
#include "journal/json_scanner.h"

namespace {

bool is_json(std::string_view text) {
  rayhistory::collector::JsonScanner scanner(text);
  return scanner.skip_value() && scanner.peek() == '\0' && scanner.position() == text.size();
}

void check_line(std::string_view raw) {
  CHECK(raw.find_first_of("\r\n") == std::string_view::npos);
  CHECK(is_json(raw));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rayhistory;
  using namespace rayhistory::collector;
  static BatchCutter cutter;
  static simdjson::dom::parser parser;
  // A copy of just that length, so that the sanitizer sees a read past its end.
  const std::string body(reinterpret_cast<const char*>(data), size);

  const Result<const CutBatch*> batch = cutter.cut(body);
  const auto judged = parser.parse(body);
  const bool judge_takes = judged.error() == simdjson::SUCCESS && judged.is_array();
  if (batch) {
    for (const CutEvent& event : (*batch)->events) {
      check_line(event.raw);
      CHECK(event.session == kNoSession || event.session < (*batch)->sessions.size());
      CHECK(event.job == kNoJob || event.job < (*batch)->jobs.size());
      CHECK(event_id_of_line(event.raw, EventIdSpace::good) == event.id);
    }
    for (const SetAsideEvent& event : (*batch)->set_aside) {
      check_line(event.raw);
      const std::string line =
          "{\"reason\":\"" + std::string(event.reason) + "\",\"event\":" + std::string(event.raw) + "}";
      CHECK(is_json(line));
      CHECK(event_id_of_line(line, EventIdSpace::set_aside) == event.id);
    }
    const simdjson::error_code error = judged.error();
    CHECK(judge_takes || error == simdjson::NUMBER_ERROR || error == simdjson::STRING_ERROR ||
          error == simdjson::DEPTH_ERROR || error == simdjson::TAPE_ERROR);
    if (judge_takes) {
      CHECK(judged.get_array().size() == (*batch)->events.size() + (*batch)->set_aside.size());
    }
  } else {
    // Deeper than ours goes; simdjson's limit is a little further.
    const bool too_deep =
        body.find(std::string(kJsonDepthLimit / 2, '[')) != std::string::npos || size > 3 * kJsonDepthLimit;
    CHECK(!judge_takes || too_deep);
  }
  event_id_of_line(body, EventIdSpace::good);
  event_id_of_line(body, EventIdSpace::set_aside);
  return 0;
}
