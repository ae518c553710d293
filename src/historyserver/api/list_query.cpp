#include "historyserver/api/list_query.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include <fmt/format.h>

namespace rayhistory::historyserver {
namespace {

Result<bool> bool_parameter(const Query& query, std::string_view name, bool missing) {
  const auto text = query.get(name);
  if (!text) return missing;
  const auto value = parse_bool(*text);
  if (!value) {
    return Error{ErrorKind::invalid,
                 fmt::format("{}={}: give True, true, 1, False, false or 0", name, *text)};
  }
  return *value;
}

}  // namespace

std::optional<int64_t> parse_integer(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\n\r\f\v";
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  text = text.substr(0, text.find_last_not_of(kBlanks) + 1);
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<bool> parse_bool(std::string_view text) {
  if (text == "True" || text == "true" || text == "1") return true;
  if (text == "False" || text == "false" || text == "0") return false;
  return std::nullopt;
}

Result<std::vector<Filter>> parse_filters(const Query& query) {
  const auto keys = query.all("filter_keys");
  const auto predicates = query.all("filter_predicates");
  const auto values = query.all("filter_values");
  if (keys.size() != predicates.size() || keys.size() != values.size()) {
    return Error{
        ErrorKind::invalid,
        fmt::format("{} filter_keys, {} filter_predicates and {} filter_values: give as many of each",
                    keys.size(), predicates.size(), values.size())};
  }
  std::vector<Filter> filters;
  filters.reserve(keys.size());
  for (size_t i = 0; i < keys.size(); ++i) {
    if (predicates[i] != "=" && predicates[i] != "!=") {
      return Error{ErrorKind::invalid,
                   fmt::format("Unsupported filter predicate {} is given. Available predicates: =, !=.",
                               predicates[i])};
    }
    std::string key(keys[i]);
    std::transform(key.begin(), key.end(), key.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    filters.push_back({std::move(key), predicates[i] == "=", std::string(values[i])});
  }
  return filters;
}

Result<ListQuery> parse_list_query(const Query& query) {
  ListQuery result;
  if (const auto text = query.get("limit")) {
    const auto limit = parse_integer(*text);
    if (!limit || *limit < 0) {
      return Error{ErrorKind::invalid, fmt::format("limit={}: give a whole number from 0 to {}", *text,
                                                   ListQuery::kHighestLimit)};
    }
    if (*limit > static_cast<int64_t>(ListQuery::kHighestLimit)) {
      return Error{
          ErrorKind::invalid,
          fmt::format("Given limit {} exceeds the supported limit {}. Use a lower limit, or filters.", *limit,
                      ListQuery::kHighestLimit)};
    }
    result.limit = static_cast<size_t>(*limit);
  }
  // Nothing here takes as long as a timeout of Ray's; it is checked, as the CLI always sends it.
  if (const auto text = query.get("timeout"); text && !parse_integer(*text))
    return Error{ErrorKind::invalid, fmt::format("timeout={}: give whole seconds", *text)};
  TRY_ASSIGN(result.detail, bool_parameter(query, "detail", false));
  TRY_ASSIGN(result.exclude_driver, bool_parameter(query, "exclude_driver", true));
  TRY_ASSIGN(result.filters, parse_filters(query));
  return result;
}

}  // namespace rayhistory::historyserver
