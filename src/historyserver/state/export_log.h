// Ray's export API: files of JSON lines below logs/export_events, which a session has where Ray ran with
// RAY_enable_export_api_write=1 (Ray: src/ray/protobuf/export_*.proto,
// python/ray/_private/event/export_event_logger.py). Read are those that tell what no event tells: Ray Data's
// datasets, Ray Train's runs, and submitted jobs.
#pragma once

#include <memory>
#include <string_view>

#include "historyserver/state/session_builder.h"

namespace rayhistory::historyserver {

// Whether `path`, below its session, is one of these files or one of its rotated generations:
// "<node>/logs/export_events/event_EXPORT_TRAIN_STATE.log".
bool is_export_log(std::string_view path);

// For one thread.
class ExportReader {
 public:
  // `builder` must outlive it.
  explicit ExportReader(SessionBuilder& builder);
  ~ExportReader();
  ExportReader(const ExportReader&) = delete;
  ExportReader& operator=(const ExportReader&) = delete;

  // False where the line is no JSON object of an export event's form: nothing was added then. kEventPadding
  // bytes behind it must be readable. An event of another kind adds nothing.
  bool read(std::string_view line);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace rayhistory::historyserver
