// S3 as its API reference describes it, in memory, as a Script for a ScriptedHttpServer: objects and
// multipart uploads of one bucket, path style. Signatures are not checked (tests/signing does). One request
// can be made to go wrong, and it can behave as other servers do (s3_behaviour.h).
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "testing/s3_behaviour.h"
#include "testing/scripted_http_server.h"

namespace rayhistory {

enum class S3Fault {
  refused,         // 500 InternalError, nothing done
  slow_down,       // 503 SlowDown with Retry-After, nothing done
  lost_request,    // the connection is cut, nothing done
  lost_response,   // done, then the connection is cut
  half_response,   // done, then the connection is cut amid the answer
  error_in_200,    // 200 with <Error> inside, nothing done
  empty_response,  // done, 200 without a body
  done_twice,      // done, then done once more; the second answer is sent
};
inline constexpr S3Fault kS3Faults[] = {
    S3Fault::refused,       S3Fault::slow_down,    S3Fault::lost_request,   S3Fault::lost_response,
    S3Fault::half_response, S3Fault::error_in_200, S3Fault::empty_response, S3Fault::done_twice};

// Only the server's threads call respond(), one at a time; a test looks when they are done.
class ModelS3 {
 public:
  struct Object {
    std::string content;
    std::string etag;
    Headers headers;  // content type and metadata
  };

  // No part but the last may be smaller than `least_part_bytes`; 5 MiB at S3, less where a test has no time
  // for that.
  ModelS3(std::string bucket, size_t least_part_bytes)
      : bucket_(std::move(bucket)), least_part_bytes_(least_part_bytes) {}

  ScriptedResponse respond(const ReceivedRequest& request);

  // The n-th request from now, counted from 0.
  void fail_request(int n, S3Fault fault);
  bool has_failed() const { return has_failed_; }

  void behave(S3Behaviour behaviour) { behaviours_.insert(behaviour); }
  // Of S3Behaviour::body_limit.
  void limit_bodies(size_t bytes) { body_limit_ = bytes; }
  // Objects of a page; S3's own pages have 1,000.
  void list_in_pages_of(size_t objects) { page_objects_ = objects; }

  // As MinIO does, whose prefix must be a whole key. S3 lists by any prefix.
  void list_uploads_by_whole_keys() { lists_by_whole_keys_ = true; }

  const std::map<std::string, Object>& objects() const { return objects_; }
  size_t unfinished_uploads() const { return uploads_.size(); }
  void set(const std::string& key, std::string content);
  // As somebody did who ended before he had finished it.
  void begin_upload(const std::string& key) { (void)begin_upload(key, {}); }

 private:
  struct Upload {
    std::string key;
    Headers headers;
    std::map<int, Object> parts;
  };

  ScriptedResponse respond_rightly(const ReceivedRequest& request);
  ScriptedResponse respond_for_bucket(const ReceivedRequest& request);
  ScriptedResponse respond_for_upload(const ReceivedRequest& request);
  ScriptedResponse respond_for_object(const std::string& key, const ReceivedRequest& request);
  ScriptedResponse put_object(const std::string& key, const ReceivedRequest& request);
  ScriptedResponse copy_object(const std::string& key, const ReceivedRequest& request);
  ScriptedResponse get_object(const std::string& key, const ReceivedRequest& request);
  ScriptedResponse begin_upload(const std::string& key, const ReceivedRequest& request);
  ScriptedResponse put_part(Upload& upload, int number, const ReceivedRequest& request);
  ScriptedResponse complete(const std::string& id, const ReceivedRequest& request);
  ScriptedResponse list_uploads(const std::string& prefix) const;
  ScriptedResponse list_objects(const ReceivedRequest& request);
  bool does(S3Behaviour behaviour) const { return behaviours_.contains(behaviour); }
  // A refusal that its behaviours have for such a request.
  std::optional<ScriptedResponse> refusal_of(const ReceivedRequest& request) const;
  // How an ETag is shown, in a header or a list.
  std::string shown(const std::string& etag);
  bool meets(const std::string& condition, const std::string& etag) const;
  std::string new_etag() { return "etag" + std::to_string(++last_etag_); }

  const std::string bucket_;
  const size_t least_part_bytes_;
  std::map<std::string, Object> objects_;
  std::map<std::string, Upload> uploads_;
  int last_etag_ = 0;
  int last_upload_ = 0;
  std::optional<S3Fault> fault_;
  int requests_until_fault_ = 0;
  bool has_failed_ = false;
  bool lists_by_whole_keys_ = false;
  std::set<S3Behaviour> behaviours_;
  size_t body_limit_ = 1024 * 1024;
  size_t page_objects_ = 1000;
};

// An answer of S3's that is an error.
ScriptedResponse s3_error_response(int status, std::string_view code);

}  // namespace rayhistory
