#include "historyserver/api/platform_events.h"

#include <algorithm>
#include <string>

#include "historyserver/api/json_value.h"

namespace rayhistory::historyserver {
namespace {

// As many as the live dashboard keeps (Ray: dashboard/modules/platform_events MAX_EVENTS_TO_CACHE).
constexpr size_t kShown = 1000;

}  // namespace

Response platform_events(const SessionView& view) {
  if (view.state.platform_events.empty()) return text_response(404, "404: Not Found");
  std::string data = R"({"events": [)";
  Comma comma;
  simdjson::dom::parser parser;
  for (size_t i = 0; i < std::min(view.state.platform_events.size(), kShown); ++i) {
    simdjson::dom::element event;
    if (parse_json(parser, view.state.platform_events[i].json).get(event) != simdjson::SUCCESS) continue;
    comma.next(data);
    append_camel_json(data, event);
  }
  data += "]}";
  return envelope(200, "Retrieved platform events", data);
}

}  // namespace rayhistory::historyserver
