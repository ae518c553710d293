// The parameters that all lists of the state API share: limit, detail, filters (Ray:
// dashboard/state_api_utils.py options_from_req). Unknown parameters are ignored, as Ray does: its CLI sends
// some that no server reads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "historyserver/exchange/request.h"

namespace rayhistory::historyserver {

struct Filter {
  std::string key;  // in lower case
  bool equal = true;
  std::string value;
};

struct ListQuery {
  static constexpr size_t kDefaultLimit = 100;
  // Ray's RAY_MAX_LIMIT_FROM_API_SERVER.
  static constexpr size_t kHighestLimit = 10'000;

  size_t limit = kDefaultLimit;
  bool detail = false;
  bool exclude_driver = true;  // of tasks only
  std::vector<Filter> filters;
};

// Errors are `invalid` and say which parameter.
Result<ListQuery> parse_list_query(const Query& query);
// Of a summary, which knows filters only.
Result<std::vector<Filter>> parse_filters(const Query& query);

// Python's int(): blanks around it, a sign. Nothing where it is none or beyond 64 bits.
std::optional<int64_t> parse_integer(std::string_view text);
// "True", "true", "1"; "False", "false", "0".
std::optional<bool> parse_bool(std::string_view text);

}  // namespace rayhistory::historyserver
