#include "historyserver/api/object_table.h"

#include <array>
#include <string>
#include <vector>

#include "historyserver/api/state_table.h"

namespace rayhistory::historyserver {
namespace {

struct ObjectRow {};

constexpr Column<ObjectRow> column(std::string_view name, CellType type = CellType::text) {
  return {.name = name, .filterable = true, .type = type, .cell = [](const ObjectRow&) { return Cell{}; }};
}

constexpr std::array kColumns{column("object_id"),
                              column("object_size", CellType::integer),
                              column("task_status"),
                              column("attempt_number", CellType::integer),
                              column("reference_type"),
                              column("call_site"),
                              column("type"),
                              column("pid", CellType::integer),
                              column("ip")};

std::vector<std::string> warnings() {
  return {
      "Objects of a session that has ended are not known: Ray keeps them in the memory of its workers, and "
      "no event tells of them."};
}

}  // namespace

Response list_objects(const Request& request) {
  return list_rows(std::span<const Column<ObjectRow>>(kColumns), std::vector<ObjectRow>{}, request.query,
                   /*partial_failure=*/{}, warnings());
}

Response summarize_objects() {
  return list_answer(
      {},
      R"({"node_id_to_summary": {"cluster": {"summary": {}, "total_objects": 0, "total_size_mb": 0.0, )"
      R"("callsite_enabled": false, "summary_by": "callsite"}}})",
      /*partial_failure=*/{}, warnings());
}

}  // namespace rayhistory::historyserver
