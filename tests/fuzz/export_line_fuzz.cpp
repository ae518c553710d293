// Ray's export files, whatever their lines hold, are read without a read out of bounds; read again in other
// pieces they make the same state, and what is answered out of it is JSON.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include <simdjson.h>

#include "base/check.h"
#include "historyserver/api/datasets.h"
#include "historyserver/api/train_runs.h"
#include "historyserver/state/event_file.h"
#include "historyserver/state/export_log.h"
#include "historyserver/state/session_builder.h"
#include "testing/memory_store.h"

namespace {

using namespace rayhistory;
using namespace rayhistory::historyserver;

std::shared_ptr<const SessionState> state_of(std::string_view file, size_t piece, int times) {
  SessionBuilder builder;
  ExportReader exports(builder);
  for (int i = 0; i < times; ++i) {
    EventCutter lines([&](std::string_view line) { exports.read(line); }, EventCutter::Form::lines);
    for (size_t place = 0; place < file.size(); place += piece)
      lines.feed(file.substr(place, piece));
    lines.finish();
  }
  return *builder.build(Deadline::never());
}

void check_is_json(const Response& response) {
  if (!response.content_type.starts_with("application/json")) return;
  simdjson::dom::parser parser;
  CHECK(parser.parse(response.body).error() == simdjson::SUCCESS);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view file(reinterpret_cast<const char*>(data), size);
  const auto once = state_of(file, file.size() + 1, 1);
  const auto again = state_of(file, 7, 2);
  CHECK(once->jobs.size() == again->jobs.size());
  CHECK(once->exported_datasets.size() == again->exported_datasets.size());
  CHECK(once->exported_train_rows.size() == again->exported_train_rows.size());

  static MemoryStore store;
  static const auto listing = std::make_shared<const SessionListing>(
      SessionListing{.session = {.place = {.name_space = *DnsName::parse("ns"),
                                           .cluster = *DnsName::parse("c"),
                                           .owner = {}},
                                 .name = *SessionName::parse("session_1"),
                                 .prefix = "p/"},
                     .objects = {},
                     .chunked = {}});
  static StoredTexts texts(store, listing);
  const SessionView view{
      .state = *once, .listing = *listing, .texts = texts, .now = 1, .deadline = Deadline::never()};
  // One job's answer has all of its datasets.
  std::set<std::string_view> jobs;
  for (const ExportedDataset& dataset : once->exported_datasets)
    jobs.insert(dataset.job_id);
  for (const std::string_view job : jobs)
    check_is_json(list_datasets(view, job));
  check_is_json(list_train_runs(view));
  return 0;
}
