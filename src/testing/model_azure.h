// Azure Blob as its REST reference describes it, in memory, as a Script for a ScriptedHttpServer: block blobs
// of one container, below an account's path. Signatures are not checked (tests/signing does, and Azurite).
// One request can be made to go wrong.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "testing/scripted_http_server.h"

namespace rayhistory {

enum class AzureFault {
  refused,        // 500 InternalError, nothing done
  server_busy,    // 503 ServerBusy with Retry-After, nothing done
  lost_request,   // the connection is cut, nothing done
  lost_response,  // done, then the connection is cut
  half_response,  // done, then the connection is cut amid the answer
  busy_but_done,  // done, then 503 is said
  done_twice,     // done, then done once more; the second answer is sent
  done_late,      // nothing is answered; done after the next request that changes something was done
};
inline constexpr AzureFault kAzureFaults[] = {
    AzureFault::refused,       AzureFault::server_busy,   AzureFault::lost_request, AzureFault::lost_response,
    AzureFault::half_response, AzureFault::busy_but_done, AzureFault::done_twice,   AzureFault::done_late};

// Only the server's threads call respond(), one at a time; a test looks when they are done.
class ModelAzure {
 public:
  struct Blob {
    std::vector<std::pair<std::string, std::string>> blocks;  // ID and bytes; one without ID by Put Blob
    std::string etag;
    Headers headers;             // content type and metadata
    int looks_until_copied = 0;  // of a copy that is still going on

    std::string content() const;
  };

  explicit ModelAzure(std::string container) : container_(std::move(container)) {}

  ScriptedResponse respond(const ReceivedRequest& request);

  // The n-th request from now, counted from 0.
  void fail_request(int n, AzureFault fault);
  // Nothing is stored any more.
  void clear() { blobs_.clear(), uncommitted_.clear(); }
  bool has_failed() const { return has_failed_; }
  // Copies answer 202 "pending", and are done at the n-th HEAD after.
  void copy_slowly(int looks) { looks_of_copies_ = looks; }

  const std::map<std::string, Blob>& blobs() const { return blobs_; }
  size_t uncommitted_blocks() const;
  // As another program's Put Blob.
  void set(const std::string& key, std::string content);

 private:
  ScriptedResponse respond_rightly(const ReceivedRequest& request);
  ScriptedResponse put_blob(const std::string& key, const ReceivedRequest& request);
  ScriptedResponse put_block(const std::string& key, const ReceivedRequest& request);
  ScriptedResponse put_block_list(const std::string& key, const ReceivedRequest& request);
  ScriptedResponse copy_blob(const std::string& key, const ReceivedRequest& request);
  ScriptedResponse get_blob(const std::string& key, const ReceivedRequest& request);
  // The refusal where the blob is not in the state that the request states.
  std::optional<ScriptedResponse> check_condition(const std::string& key,
                                                  const ReceivedRequest& request) const;
  ScriptedResponse store(const std::string& key, Blob blob);
  std::string new_etag() { return "0x8DE" + std::to_string(1000 + ++last_etag_); }

  const std::string container_;
  std::map<std::string, Blob> blobs_;
  std::map<std::string, std::map<std::string, std::string>> uncommitted_;  // by key, then ID
  int last_etag_ = 0;
  int looks_of_copies_ = 0;
  std::optional<AzureFault> fault_;
  int requests_until_fault_ = 0;
  bool has_failed_ = false;
  std::optional<ReceivedRequest> late_;
};

// An answer of Azure's that is an error.
ScriptedResponse azure_error_response(int status, std::string_view code);

}  // namespace rayhistory
