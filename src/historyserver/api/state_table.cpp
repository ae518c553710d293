#include "historyserver/api/state_table.h"

#include <cctype>

namespace rayhistory::historyserver {
namespace {

bool equal_but_for_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

}  // namespace

void append_cell(std::string& json, const Cell& cell) {
  if (const auto* text = std::get_if<std::string_view>(&cell)) {
    append_json_string(json, *text);
  } else if (const auto* number = std::get_if<int64_t>(&cell)) {
    const fmt::format_int digits(*number);
    json.append(digits.data(), digits.size());
  } else if (const auto* truth = std::get_if<bool>(&cell)) {
    append_bool(json, *truth);
  } else {
    json += "null";
  }
}

Result<Cell> filter_value(const Filter& filter, CellType type) {
  switch (type) {
    case CellType::text:
      return Cell{std::string_view(filter.value)};
    case CellType::integer:
      if (const auto number = parse_integer(filter.value)) return Cell{*number};
      return Error{ErrorKind::invalid, fmt::format("Invalid filter `--filter {} {}` for a int type column. "
                                                   "Please provide an integer filter `--filter {} [int]`",
                                                   filter.key, filter.value, filter.key)};
    case CellType::boolean:
      if (const auto truth = parse_bool(filter.value)) return Cell{*truth};
      return Error{
          ErrorKind::invalid,
          fmt::format("Invalid filter `--filter {} {}` for a boolean type column. Please provide "
                      "`--filter {} [True|true|1]` for True or `--filter {} [False|false|0]` for False.",
                      filter.key, filter.value, filter.key, filter.key)};
  }
  UNREACHABLE("a CellType out of range");
}

bool matches(const Cell& cell, bool equal, const Cell& wanted) {
  const auto* text = std::get_if<std::string_view>(&cell);
  const auto* wanted_text = std::get_if<std::string_view>(&wanted);
  const bool same = text && wanted_text ? equal_but_for_case(*text, *wanted_text) : cell == wanted;
  return same == equal;
}

Error unknown_column(std::string_view key, const std::vector<std::string_view>& known) {
  return {ErrorKind::invalid,
          fmt::format("The given filter column {} is not supported. Enter filters with --filter key=value or "
                      "--filter key!=value. Supported filter columns: {}",
                      key, fmt::join(known, ", "))};
}

std::string begin_list_answer(const ListCounts& counts) {
  // Both the same: nothing is ever cut at the source here, and Ray's client raises where they differ.
  return fmt::format(R"({{"result": true, "msg": "", "data": {{"result": {{"total": {}, )"
                     R"("num_after_truncation": {}, "num_filtered": {}, "result": )",
                     counts.total, counts.total, counts.filtered);
}

Response finish_list_answer(std::string answer, std::string_view partial_failure,
                            const std::vector<std::string>& warnings, std::string_view more) {
  answer += R"(, "partial_failure_warning": )";
  append_json_string(answer, partial_failure);
  answer += R"(, "warnings": )";
  if (warnings.empty()) {
    answer += "null";
  } else {
    Comma comma;
    answer += '[';
    for (const std::string& warning : warnings) {
      comma.next(answer);
      append_json_string(answer, warning);
    }
    answer += ']';
  }
  answer += more;
  answer += "}}}";
  return {.body = std::move(answer)};
}

Response list_answer(const ListCounts& counts, std::string_view rows, std::string_view partial_failure,
                     const std::vector<std::string>& warnings) {
  std::string answer = begin_list_answer(counts);
  answer += rows;
  return finish_list_answer(std::move(answer), partial_failure, warnings);
}

Response state_error(const Error& error) {
  return envelope(error.kind == ErrorKind::invalid ? 400 : 503, error.message, R"({"result": null})");
}

}  // namespace rayhistory::historyserver
