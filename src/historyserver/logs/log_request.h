// The parameters of /api/v0/logs/{file,stream}, checked.
//
// A parameter that is empty is one that is not given, as with Ray (util/state/common.py GetLogOptions, which
// these rules are of); one that is not known is ignored.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "historyserver/exchange/request.h"
#include "historyserver/logs/log_path.h"
#include "layout/ids.h"

namespace rayhistory::historyserver {

struct LogRequest {
  std::optional<NodeId> node_id;
  std::string node_ip;
  // The first that is given says which log: in this order.
  std::string actor_id;
  std::string task_id;
  std::string submission_id;
  std::optional<int64_t> pid;
  std::optional<LogPath> filename;

  uint32_t attempt_number = 0;
  std::string suffix = "out";            // or "err"
  std::optional<uint64_t> lines = 1000;  // of the end; nothing: all
  bool filter_ansi_code = false;
  std::string download_filename = "file.txt";  // without control characters
};

// `invalid` where a value cannot be, or where nothing says which log or on which node.
Result<LogRequest> parse_log_request(const Query& query);

// Whether `timeout` is a number, as Ray wants it: the seconds that it would wait for the node's agent.
// Nothing waits for an agent here.
Result<void> check_log_timeout(const Query& query);

// The node_id of a query; nothing where it is not given.
Result<std::optional<NodeId>> parse_node_id(const Query& query);

}  // namespace rayhistory::historyserver
