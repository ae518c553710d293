#include <array>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "historyserver/api/state_table.h"

namespace rayhistory::historyserver {
namespace {

struct Row {
  int64_t number = 0;
  std::string text;
};

constexpr std::array kColumns{
    Column<Row>{.name = "number", .cell = [](const Row& row) { return Cell{row.number}; }},
    Column<Row>{.name = "text", .detail = true, .cell = [](const Row& row) {
                  return Cell{std::string_view(row.text)};
                }}};

std::string whole(const Response& response) {
  if (!response.pieces) return response.body;
  std::string text;
  while (true) {
    const auto piece = response.pieces->next();
    EXPECT_TRUE(piece);
    if (!piece || piece->empty()) return text;
    text += *piece;
  }
}

// However many rows there are, and whether they are written at once or while they are sent.
TEST(RowsAnswer, SaysTheSameWhileItIsSent) {
  const std::span<const Column<Row>> columns(kColumns);
  for (const size_t count : {size_t{0}, size_t{1}, kRowsAtOnce, kRowsAtOnce + 1, size_t{5'000}}) {
    std::vector<Row> rows;
    for (size_t i = 0; i < count; ++i)
      rows.push_back({static_cast<int64_t>(i), "\"" + std::string(i % 1'000, 'x')});
    std::vector<const Row*> pointers;
    pointers.reserve(rows.size());
    for (const Row& row : rows)
      pointers.push_back(&row);
    for (const size_t limit : {size_t{3}, kRowsAtOnce + 1, size_t{10'000}}) {
      for (const bool detail : {false, true}) {
        std::string held = begin_list_answer({.total = count + 7, .filtered = count});
        append_rows(held, columns, pointers, limit, detail);
        held = finish_list_answer(std::move(held), "partial \"failure\"", {"a warning"}).body;
        const Response response =
            rows_answer(columns, pointers, count + 7, limit, detail, "partial \"failure\"", {"a warning"});
        EXPECT_EQ(response.pieces != nullptr, std::min(count, limit) > kRowsAtOnce);
        ASSERT_EQ(whole(response), held) << count << " rows, limit " << limit;
      }
    }
  }
}

}  // namespace
}  // namespace rayhistory::historyserver
