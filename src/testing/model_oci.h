// Oracle's Object Storage as its API reference describes it, in memory, as a Script for a ScriptedHttpServer:
// one bucket, its objects and multipart uploads. No emulator of it is to be had, so what is here is what the
// documents say and what the vendor's SDK sends and reads.
//
// Each request's signature is verified, with code of its own (the vendor's SDK judges ours in tests/signing),
// and so is its Content-MD5.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "testing/scripted_http_server.h"
#include "testing/temporary_folder.h"

namespace rayhistory {

// Only the server's threads call respond(), one at a time; a test looks when they are done.
class ModelOci {
 public:
  struct Object {
    std::string content;
    std::string etag;
    std::string content_type = {};
    std::string metadata_json = {};  // of the upload that made it, an object of strings
    int64_t modified = 0;            // unix nanoseconds
  };

  // `clock` must outlive it.
  ModelOci(std::string bucket, const Clock& clock);

  ScriptedResponse respond(const ReceivedRequest& request);

  // A config file, with the key that it names beside it, of a user whose signatures are taken. Its path.
  std::string write_config(const TemporaryFolder& folder) const;
  std::string key_id() const { return key_id_; }

  bool bucket_exists() const { return bucket_exists_; }
  void create_bucket() { bucket_exists_ = true; }
  // A policy that allows objects alone: the bucket, and its list of uploads, are hidden.
  void hide_bucket() { shows_bucket_ = false; }
  const std::map<std::string, Object>& objects() const { return objects_; }
  void put(const std::string& key, std::string content);
  size_t unfinished_uploads() const { return uploads_.size(); }
  void begin_upload(const std::string& key) { uploads_[new_id()] = {key, "", "", {}}; }
  // The answer to a GET of the bucket's `part` ("": the bucket itself, "l", "retentionRules").
  void configure(const std::string& part, std::string json) { configuration_[part] = std::move(json); }
  // Names a page of a list has, at most.
  void set_page(size_t names) { page_ = names; }

 private:
  struct Upload {
    std::string key;
    std::string content_type;
    std::string metadata_json;
    std::map<int, Object> parts;
  };

  std::optional<ScriptedResponse> refuse(const ReceivedRequest& request) const;
  ScriptedResponse route(const ReceivedRequest& request);
  ScriptedResponse create_bucket(const ReceivedRequest& request);
  ScriptedResponse respond_for_object(const ReceivedRequest& request, const std::string& key);
  ScriptedResponse put_object(const ReceivedRequest& request, const std::string& key);
  ScriptedResponse list_objects(const ReceivedRequest& request) const;
  ScriptedResponse respond_for_uploads(const ReceivedRequest& request);
  ScriptedResponse respond_for_upload(const ReceivedRequest& request, const std::string& key);
  ScriptedResponse commit(const ReceivedRequest& request, const std::string& id);
  std::optional<ScriptedResponse> refuse_condition(const ReceivedRequest& request,
                                                   const std::string& key) const;
  Object new_object(std::string content);
  std::string new_id();

  const std::string bucket_;
  const std::string key_id_;
  const Clock& clock_;
  bool bucket_exists_ = false;
  bool shows_bucket_ = true;
  size_t page_ = 1000;
  std::map<std::string, Object> objects_;
  std::map<std::string, Upload> uploads_;
  std::map<std::string, std::string> configuration_;
  int last_id_ = 0;
};

// An answer of Oracle's that is an error; a HEAD's has no body.
ScriptedResponse oci_error_response(int status, std::string_view code, bool is_head = false);

}  // namespace rayhistory
