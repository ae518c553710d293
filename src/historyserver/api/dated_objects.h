// An answer of objects by the times at which they began.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "historyserver/api/json_value.h"
#include "historyserver/exchange/response.h"

namespace rayhistory::historyserver {

template <typename Time>
struct DatedObject {
  Time start = 0;
  std::string json;
};

// {"<name>": [...]}: the last to begin first; of one time, in the order of their JSON.
template <typename Time>
Response dated_objects_answer(std::string_view name, std::vector<DatedObject<Time>> objects) {
  std::stable_sort(objects.begin(), objects.end(), [](const auto& a, const auto& b) {
    return std::tie(b.start, a.json) < std::tie(a.start, b.json);
  });
  Response response;
  response.body = "{\"" + std::string(name) + "\": [";
  Comma comma;
  for (const auto& object : objects) {
    comma.next(response.body);
    response.body += object.json;
  }
  response.body += "]}";
  return response;
}

}  // namespace rayhistory::historyserver
