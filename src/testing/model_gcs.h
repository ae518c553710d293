// Cloud Storage as its JSON API's reference describes it, in memory, as a Script for a ScriptedHttpServer:
// one bucket, objects with generations, preconditions, compose, rewrite, resumable uploads, and a write a
// second for each name. What the emulator fake-gcs-server leaves out (preconditions of compose and rewrite,
// the pace) is here. One request can be made to go wrong.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/clock.h"
#include "testing/scripted_http_server.h"

namespace rayhistory {

enum class GcsFault {
  refused,         // 503 backendError, nothing done
  throttled,       // 429 rateLimitExceeded, nothing done
  lost_request,    // the connection is cut, nothing done
  half_received,   // of an upload's bytes the first half is kept, then 503
  lost_response,   // done, then the connection is cut
  half_response,   // done, then the connection is cut amid the answer
  empty_response,  // done, the status without a body
  done_twice,      // done, then done once more; the second answer is sent
};
inline constexpr GcsFault kGcsFaults[] = {
    GcsFault::refused,       GcsFault::throttled,     GcsFault::lost_request,   GcsFault::half_received,
    GcsFault::lost_response, GcsFault::half_response, GcsFault::empty_response, GcsFault::done_twice};

// Only the server's threads call respond(), one at a time; a test looks when they are done.
class ModelGcs {
 public:
  struct Object {
    std::string content;
    int64_t generation = 0;
    std::string content_type;
    std::string extends;  // metadata
    std::optional<SteadyTime> written;
    std::string created;  // timeCreated
  };

  // Names may be written as often as one likes where there is no `pace`. The bucket has to be made.
  explicit ModelGcs(std::string bucket, const Clock* pace = nullptr)
      : bucket_(std::move(bucket)), pace_(pace) {}

  ScriptedResponse respond(const ReceivedRequest& request);

  // The n-th request from now, counted from 0.
  void fail_request(int n, GcsFault fault);
  bool has_failed() const { return has_failed_; }

  const std::map<std::string, Object>& objects() const { return objects_; }
  // As somebody else would.
  void set(const std::string& key, std::string content);
  // A rewrite is done with the second call only, by its token.
  void rewrite_in_steps() { rewrites_in_steps_ = true; }

 private:
  struct Session {
    std::string key;
    std::string content_type;
    std::string received;
    uint64_t size = 0;
  };

  ScriptedResponse respond_rightly(const ReceivedRequest& request, bool half = false);
  ScriptedResponse about_bucket(const ReceivedRequest& request);
  ScriptedResponse upload(const ReceivedRequest& request);
  ScriptedResponse go_on(const ReceivedRequest& request, bool half);
  ScriptedResponse list(const ReceivedRequest& request) const;
  ScriptedResponse compose(const std::string& key, const ReceivedRequest& request);
  ScriptedResponse rewrite(const std::string& from, const std::string& to, const ReceivedRequest& request);
  ScriptedResponse get(const std::string& key, const ReceivedRequest& request) const;
  // Refuses what comes within a second.
  ScriptedResponse write(const std::string& key, Object object);
  ScriptedResponse told(const std::string& key) const;

  const std::string bucket_;
  const Clock* const pace_;
  bool exists_ = false;
  bool rewrites_in_steps_ = false;
  std::map<std::string, Object> objects_;
  std::map<std::string, Session> sessions_;
  int64_t last_generation_ = 1'795'400'000'000'000;
  int last_session_ = 0;
  std::optional<GcsFault> fault_;
  int requests_until_fault_ = 0;
  bool has_failed_ = false;
};

// An answer of Cloud Storage's that is an error.
ScriptedResponse gcs_error_response(int status, std::string_view reason,
                                    std::string_view message = "A sentence.");

}  // namespace rayhistory
