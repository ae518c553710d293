// Event files, whatever they hold, are cut and read without a read out of bounds; what was read makes a
// state, and the same again makes the same one.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "historyserver/state/event_file.h"
#include "historyserver/state/event_reader.h"
#include "historyserver/state/job_sources.h"
#include "historyserver/state/session_builder.h"

namespace {

using namespace rayhistory;
using namespace rayhistory::historyserver;

std::shared_ptr<const SessionState> state_of(std::string_view file, size_t piece, int times) {
  SessionBuilder builder;
  EventReader reader(builder);
  for (int i = 0; i < times; ++i) {
    EventCutter events([&](std::string_view event) { reader.read(event); });
    for (size_t place = 0; place < file.size(); place += piece)
      events.feed(file.substr(place, piece));
    events.finish();
  }
  add_fetched_jobs(builder, file);
  add_job_log(builder, file);
  add_job_log_begin(builder, "a", file);
  return *builder.build(Deadline::never());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view file(reinterpret_cast<const char*>(data), size);
  const auto once = state_of(file, file.size() + 1, 1);
  const auto again = state_of(file, 7, 2);
  CHECK(once->attempts.size() == again->attempts.size());
  for (size_t i = 0; i < once->attempts.size(); ++i) {
    CHECK(once->attempts[i].task_id == again->attempts[i].task_id);
    CHECK(once->attempts[i].status == again->attempts[i].status);
    CHECK(once->attempts[i].profile_events.size() == again->attempts[i].profile_events.size());
  }
  CHECK(once->actors.size() == again->actors.size());
  for (size_t i = 0; i < once->actors.size(); ++i)
    CHECK(once->actors[i].transitions.size() == again->actors[i].transitions.size());
  CHECK(once->jobs.size() == again->jobs.size());
  CHECK(once->platform_events.size() == again->platform_events.size());
  return 0;
}
