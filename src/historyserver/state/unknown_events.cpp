#include "historyserver/state/unknown_events.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>

namespace rayhistory::historyserver {
namespace {

// A newer Ray may have a few types that are not known here; more come from no Ray, and would fill the memory.
constexpr size_t kUnknownTypesNamed = 20;
// It is twice the longest name that Ray has, AUTOSCALER_NODE_PROVISIONING_EVENT.
constexpr size_t kTypeNameLimit = 70;

// Ray's types have names like "TASK_DEFINITION_EVENT". A text of another form is not repeated to readers.
bool is_event_type(std::string_view name) {
  return !name.empty() && name.size() <= kTypeNameLimit && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

}  // namespace

void count_unknown_event(UnknownEvents& events, std::string_view type, TextPool& texts) {
  std::map<std::string_view, uint64_t>& of_type = events.of_type;
  if (!is_event_type(type)) {
    ++events.of_other_types;
    return;
  }
  auto found = of_type.find(type);
  // The first types by name are kept, so that it does not depend on the order of the events: a type that had
  // to go never comes back.
  if (found == of_type.end()) {
    if (of_type.size() == kUnknownTypesNamed) {
      const auto last = std::prev(of_type.end());
      if (last->first < type) {
        ++events.of_other_types;
        return;
      }
      events.of_other_types += last->second;
      of_type.erase(last);
    }
    found = of_type.emplace(texts.keep(type), 0).first;
  }
  ++found->second;
}

}  // namespace rayhistory::historyserver
