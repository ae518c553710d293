// A resource of the state API (`/api/v0/…`) as rows and columns: filtered, cut to a limit, and written. One
// constant table a resource says all that differs.
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>
#include <simdjson.h>

#include "base/json_text.h"
#include "base/large_pages.h"
#include "base/result.h"
#include "historyserver/api/generated_body.h"
#include "historyserver/api/json_value.h"
#include "historyserver/api/list_query.h"
#include "historyserver/api/redaction.h"
#include "historyserver/exchange/response.h"

namespace rayhistory::historyserver {

// What a plain column holds; monostate is null.
using Cell = std::variant<std::monostate, std::string_view, int64_t, bool>;
enum class CellType { text, integer, boolean };

inline Cell known_text(std::string_view text) {
  return text.empty() ? Cell{} : Cell{text};
}
inline Cell known_number(int64_t number) {
  return number == 0 ? Cell{} : Cell{number};
}

void append_cell(std::string& json, const Cell& cell);
// A filter's value, read as its column's type; `invalid` where it is none.
Result<Cell> filter_value(const Filter& filter, CellType type);
bool matches(const Cell& cell, bool equal, const Cell& wanted);

// `not in` a list of them: what the answer says.
Error unknown_column(std::string_view key, const std::vector<std::string_view>& known);

// The envelope of a list. `partial_failure` says that rows may be missing because the store lost what they
// were made of (SessionState::partial_failure): Ray's command line prints it, and its Python API raises
// unless raise_on_missing_output is False. Other remarks of ours go to `warnings`, which both print. A list
// can be tens of megabytes, so it is written into the answer and never copied: begin, append JSON, an array
// or, of a summary, an object, and finish.
struct ListCounts {
  size_t total = 0;
  size_t filtered = 0;
};
std::string begin_list_answer(const ListCounts& counts);
// `more`: further members of the list, each with a comma before it. Ray's own client takes them there, but
// not in a row: of those it makes objects, which have the fields of Ray's and no others.
Response finish_list_answer(std::string answer, std::string_view partial_failure,
                            const std::vector<std::string>& warnings = {}, std::string_view more = {});
Response list_answer(const ListCounts& counts, std::string_view rows, std::string_view partial_failure,
                     const std::vector<std::string>& warnings = {});
// What a question that cannot be answered gets from the state API: `data.result` null. `invalid` is 400; a
// store that fails is 503.
Response state_error(const Error& error);

// What the rows of one answer are written with, one after the other.
struct RowScratch {
  RuntimeEnvRedactor redactor;
  simdjson::dom::parser parser;
};

// Either `cell` or `write` is set; what can be filtered by has a cell.
template <typename Row>
struct Column {
  std::string_view name;
  bool detail = false;
  bool filterable = false;
  CellType type = CellType::text;
  Cell (*cell)(const Row&) = nullptr;
  void (*write)(const Row&, RowScratch&, std::string& json) = nullptr;
  // Another value by which a filter knows the row, beside the cell's.
  Cell (*also)(const Row&) = nullptr;
};

// The filters of one question, checked against the columns.
template <typename Row>
class RowFilter {
 public:
  static Result<RowFilter> make(std::span<const Column<Row>> columns, const std::vector<Filter>& filters) {
    RowFilter result;
    for (const Filter& filter : filters) {
      const auto column = std::find_if(columns.begin(), columns.end(), [&](const Column<Row>& known) {
        return known.filterable && known.name == filter.key;
      });
      if (column == columns.end()) {
        std::vector<std::string_view> known;
        for (const Column<Row>& each : columns)
          if (each.filterable) known.push_back(each.name);
        return unknown_column(filter.key, known);
      }
      TRY_ASSIGN(const Cell value, filter_value(filter, column->type));
      result.conditions_.push_back({&*column, filter.equal, value});
    }
    return result;
  }

  bool passes(const Row& row) const {
    return std::all_of(conditions_.begin(), conditions_.end(), [&](const Condition& condition) {
      const auto is_match = [&](const Cell& cell) { return matches(cell, condition.equal, condition.value); };
      const bool is_shown_match = is_match(condition.column->cell(row));
      if (condition.column->also == nullptr) return is_shown_match;
      const bool is_other_match = is_match(condition.column->also(row));
      return condition.equal ? is_shown_match || is_other_match : is_shown_match && is_other_match;
    });
  }

 private:
  struct Condition {
    const Column<Row>* column;
    bool equal;
    Cell value;
  };
  std::vector<Condition> conditions_;
};

// Writes the rows of one answer as JSON objects. For one thread.
template <typename Row>
class RowWriter {
 public:
  RowWriter(std::span<const Column<Row>> columns, bool detail) {
    Comma comma;
    for (const Column<Row>& column : columns) {
      if (column.detail && !detail) continue;
      append_key(shown_.emplace_back(Shown{column, {}}).key, comma, column.name);
    }
  }

  void append(std::string& json, const Row& row) {
    json += '{';
    for (const Shown& shown : shown_) {
      json += shown.key;
      if (shown.column.write) {
        shown.column.write(row, scratch_, json);
      } else {
        append_cell(json, shown.column.cell(row));
      }
    }
    json += '}';
  }

 private:
  struct Shown {
    const Column<Row>& column;
    std::string key;  // as each row has it: with what stands between it and the one before
  };
  std::vector<Shown> shown_;
  RowScratch scratch_;
};

template <typename Row>
void append_rows(std::string& json, std::span<const Column<Row>> columns, const std::vector<const Row*>& rows,
                 size_t limit, bool detail) {
  // After so many it is known how long they are: room for all at once, a little more than they need.
  constexpr size_t kWeighedRows = 32;
  const size_t count = std::min(rows.size(), limit);
  RowWriter<Row> writer(columns, detail);
  const size_t begin = json.size();
  json += '[';
  Comma comma;
  for (size_t i = 0; i < count; ++i) {
    if (i == kWeighedRows) {
      json.reserve(begin + (json.size() - begin) * count / i * 17 / 16);
      use_large_pages(json.data() + json.size(), json.capacity() - json.size());
    }
    comma.next(json);
    writer.append(json, *rows[i]);
  }
  json += ']';
}

// The whole answer with these rows, of which the first `limit` are shown. Many rows are written while the
// answer is sent: `rows` then refers to the session's state.
template <typename Row>
Response rows_answer(std::span<const Column<Row>> columns, std::vector<const Row*> rows, size_t total,
                     size_t limit, bool detail, std::string_view partial_failure,
                     const std::vector<std::string>& warnings = {}, std::string_view more = {}) {
  struct Progress {
    RowWriter<Row> writer;
    std::vector<const Row*> rows;
    std::string begin;
    std::string end;
    size_t written = 0;
  };
  std::string begin = begin_list_answer({.total = total, .filtered = rows.size()}) + "[";
  rows.resize(std::min(rows.size(), limit));
  const size_t shown = rows.size();
  const auto progress =
      std::make_shared<Progress>(Progress{RowWriter<Row>(columns, detail), std::move(rows), std::move(begin),
                                          finish_list_answer("]", partial_failure, warnings, more).body});
  return generated_answer(shown, [progress](std::string& body) {
    Progress& now = *progress;
    body += now.written == 0 ? now.begin : ", ";
    if (!now.rows.empty()) now.writer.append(body, *now.rows[now.written++]);
    if (now.written < now.rows.size()) return true;
    body += now.end;
    return false;
  });
}

// A question about a list, and the rows that pass its filters, in the order of the list.
template <typename Row>
struct RowChoice {
  ListQuery query;
  std::vector<const Row*> rows;
};
template <typename Row>
Result<RowChoice<Row>> choose_rows(std::span<const Column<Row>> columns, const std::vector<Row>& rows,
                                   const Query& query) {
  RowChoice<Row> choice;
  TRY_ASSIGN(choice.query, parse_list_query(query));
  TRY_ASSIGN(const auto filter, RowFilter<Row>::make(columns, choice.query.filters));
  for (const Row& row : rows)
    if (filter.passes(row)) choice.rows.push_back(&row);
  return choice;
}

// The whole answer of a resource whose rows are those of the session's state.
template <typename Row>
Response list_kept_rows(std::span<const Column<Row>> columns, const std::vector<Row>& rows,
                        const Query& query, std::string_view partial_failure, std::string_view more = {}) {
  auto chosen = choose_rows(columns, rows, query);
  if (!chosen) return state_error(chosen.error());
  return rows_answer(columns, std::move(chosen->rows), rows.size(), chosen->query.limit, chosen->query.detail,
                     partial_failure, {}, more);
}

// The whole answer of a resource whose rows were made for the answer, and are held until it is made.
template <typename Row>
Response list_rows(std::span<const Column<Row>> columns, const std::vector<Row>& rows, const Query& query,
                   std::string_view partial_failure, const std::vector<std::string>& warnings = {},
                   std::string_view more = {}) {
  const auto chosen = choose_rows(columns, rows, query);
  if (!chosen) return state_error(chosen.error());
  std::string answer = begin_list_answer({.total = rows.size(), .filtered = chosen->rows.size()});
  append_rows(answer, columns, chosen->rows, chosen->query.limit, chosen->query.detail);
  return finish_list_answer(std::move(answer), partial_failure, warnings, more);
}

}  // namespace rayhistory::historyserver
