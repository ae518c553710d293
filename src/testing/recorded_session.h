// A session recorded from a real Ray 2.60, as tests/data/README.md tells; unpacked by the build.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rayhistory {

// What the live dashboard answered to one request.
struct RecordedResponse {
  std::string request;  // "/api/v0/tasks?detail=1&limit=10000"
  int status = 0;
  std::string content_type;
  std::string body;
};

class RecordedSession {
 public:
  // Its driver processes exported no events.
  static RecordedSession driver_silent();
  // With a bucket, and every process's events.
  static RecordedSession complete();

  // The bodies that Ray posted, in order, each a JSON array of events; a repeated batch each time.
  std::vector<std::string> event_batches() const;
  // The folder that is the bucket (complete() only): a LocalFolderStore's.
  std::string bucket() const { return folder_ + "/bucket"; }
  // complete() only; all that were recorded, in order.
  std::vector<RecordedResponse> answers() const;
  // complete() only; ends the test program where that was not asked.
  RecordedResponse answer(std::string_view request) const;
  // driver_silent() only: "api__v0__tasks?detail=1&limit=10000".
  std::string body_of(std::string_view file) const;

 private:
  explicit RecordedSession(std::string_view name);

  std::string folder_;
};

}  // namespace rayhistory
