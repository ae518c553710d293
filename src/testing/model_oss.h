// Alibaba Cloud OSS as its API reference describes it, in memory, as a Script for a ScriptedHttpServer: one
// bucket, its objects and multipart uploads, with the bucket in the host's name. No emulator of OSS is to be
// had, so what is here is what the documents say and what the vendor's SDK sends and reads.
//
// Each request's signature is verified, with an implementation of its own (the vendor's SDK judges ours in
// tests/signing), and so is its Content-MD5.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/clock.h"
#include "signing/aws_credentials.h"
#include "testing/scripted_http_server.h"

namespace rayhistory {

// Only the server's threads call respond(), one at a time; a test looks when they are done.
class ModelOss {
 public:
  struct Object {
    std::string content;
    std::string etag;
    Headers headers;
    int64_t modified = 0;  // unix nanoseconds; of what is no part
  };

  // `clock` must outlive it.
  ModelOss(std::string bucket, std::string region, AwsCredentials credentials, const Clock& clock);

  ScriptedResponse respond(const ReceivedRequest& request);

  bool bucket_exists() const { return bucket_exists_; }
  void create_bucket() { bucket_exists_ = true; }
  const std::map<std::string, Object>& objects() const { return objects_; }
  size_t unfinished_uploads() const { return uploads_.size(); }
  // What a GET of the bucket's `part` ("versioning", "lifecycle") answers.
  void configure(const std::string& part, std::string xml) { configuration_[part] = std::move(xml); }

 private:
  struct Upload {
    std::string key;
    Headers headers;
    std::map<int, Object> parts;
  };
  using Query = std::map<std::string, std::string>;  // decoded

  // The refusal, if it is not signed as it must be.
  std::optional<ScriptedResponse> refuse(const ReceivedRequest& request, const std::string& key) const;
  ScriptedResponse respond_for_bucket(const ReceivedRequest& request, const Query& query);
  ScriptedResponse respond_for_object(const ReceivedRequest& request, const std::string& key,
                                      const Query& query);
  ScriptedResponse respond_for_upload(const ReceivedRequest& request, const std::string& id,
                                      const Query& query);
  ScriptedResponse put_object(const ReceivedRequest& request, const std::string& key);
  ScriptedResponse copy_object(const ReceivedRequest& request, const std::string& key);
  ScriptedResponse get_object(const ReceivedRequest& request, const std::string& key) const;
  ScriptedResponse put_part(const ReceivedRequest& request, Upload& upload, int number);
  ScriptedResponse complete(const ReceivedRequest& request, const std::string& id);
  ScriptedResponse list_objects(const Query& query) const;
  ScriptedResponse list_uploads(const Query& query) const;
  // The object that x-oss-copy-source names, if its condition holds; else `refusal` is set.
  const Object* copy_source(const ReceivedRequest& request, ScriptedResponse& refusal) const;
  std::string new_etag();

  const std::string bucket_;
  const std::string region_;
  const AwsCredentials credentials_;
  const Clock& clock_;
  bool bucket_exists_ = false;
  std::map<std::string, Object> objects_;
  std::map<std::string, Upload> uploads_;
  std::map<std::string, std::string> configuration_;
  int last_etag_ = 0;
  int last_upload_ = 0;
};

// An answer of OSS's that is an error. Of a HEAD it is in a header.
ScriptedResponse oss_error_response(int status, std::string_view code, bool is_head = false);

}  // namespace rayhistory
