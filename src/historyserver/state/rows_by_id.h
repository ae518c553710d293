// These functions keep rows in the order of their IDs and find them by it.
#pragma once

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>
#include <vector>

namespace rayhistory::historyserver {

template <typename Row>
void sort_by_id(std::vector<Row>& rows, std::string_view Row::*id) {
  std::sort(rows.begin(), rows.end(), [id](const Row& a, const Row& b) { return a.*id < b.*id; });
}

template <typename Row>
const Row* find_by_id(const std::vector<Row>& rows, std::string_view Row::*id, std::string_view wanted) {
  const auto found = std::lower_bound(rows.begin(), rows.end(), wanted,
                                      [id](const Row& row, std::string_view key) { return row.*id < key; });
  return found != rows.end() && (*found).*id == wanted ? &*found : nullptr;
}

// It adds those of `rows` whose IDs `into` does not have; where several have one ID, it adds one of them.
template <typename Row>
void add_missing(std::vector<Row>& into, std::vector<Row> rows, std::string_view Row::*id) {
  sort_by_id(into, id);
  std::erase_if(rows, [&](const Row& row) { return find_by_id(into, id, row.*id) != nullptr; });
  sort_by_id(rows, id);
  const auto equal = [id](const Row& a, const Row& b) { return a.*id == b.*id; };
  rows.erase(std::unique(rows.begin(), rows.end(), equal), rows.end());
  std::move(rows.begin(), rows.end(), std::back_inserter(into));
  sort_by_id(into, id);
}

}  // namespace rayhistory::historyserver
