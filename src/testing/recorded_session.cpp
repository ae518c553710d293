#include "testing/recorded_session.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <sstream>

#include "base/check.h"
#include "base/file.h"

namespace rayhistory {
namespace {

// Their largest file has 6 MB.
constexpr uint64_t kFileLimit = 64U << 20U;

std::string read(const std::string& path) {
  auto content = read_file(path, kFileLimit);
  CHECK(content);
  return *std::move(content);
}

// "001|/api/v0/tasks?detail=1&limit=10000|200 112960 application/json; charset=utf-8"
RecordedResponse parse_index_line(std::string_view line) {
  const size_t first = line.find('|');
  const size_t last = line.rfind('|');
  CHECK(first < last && last != std::string_view::npos);
  RecordedResponse answer{.request = std::string(line.substr(first + 1, last - first - 1)),
                          .status = 0,
                          .content_type = {},
                          .body = {}};
  const std::string_view outcome = line.substr(last + 1);
  std::from_chars(outcome.data(), outcome.data() + outcome.size(), answer.status);
  CHECK(answer.status != 0);
  const size_t type = outcome.find(' ', outcome.find(' ') + 1);
  if (type != std::string_view::npos) answer.content_type = outcome.substr(type + 1);
  return answer;
}

}  // namespace

RecordedSession::RecordedSession(std::string_view name)
    : folder_(std::string(RECORDED_SESSIONS) + "/" + std::string(name)) {}

RecordedSession RecordedSession::driver_silent() {
  return RecordedSession("ray-2.60-session");
}
RecordedSession RecordedSession::complete() {
  return RecordedSession("ray-2.60-session-b");
}

std::vector<std::string> RecordedSession::event_batches() const {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder_ + "/event-batches")) {
    if (entry.path().extension() == ".json") paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> batches;
  batches.reserve(paths.size());
  for (const std::string& path : paths)
    batches.push_back(read(path));
  return batches;
}

std::vector<RecordedResponse> RecordedSession::answers() const {
  std::vector<RecordedResponse> answers;
  std::istringstream index(read(folder_ + "/dashboard/INDEX"));
  for (std::string line; std::getline(index, line);) {
    RecordedResponse answer = parse_index_line(line);
    answer.body = read(folder_ + "/dashboard/" + line.substr(0, line.find('|')) + ".body");
    answers.push_back(std::move(answer));
  }
  return answers;
}

RecordedResponse RecordedSession::answer(std::string_view request) const {
  std::vector<RecordedResponse> all = answers();
  const auto found = std::find_if(all.begin(), all.end(),
                                  [&](const RecordedResponse& answer) { return answer.request == request; });
  CHECK(found != all.end());
  return std::move(*found);
}

std::string RecordedSession::body_of(std::string_view file) const {
  return read(folder_ + "/dashboard/" + std::string(file));
}

}  // namespace rayhistory
