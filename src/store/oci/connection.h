// One signed exchange with Oracle's Object Storage, and what its answer means.
//
// A request that is refused as not authenticated (401) is signed and sent again: once by the store's
// clock, where ours is more than a few minutes off, and once with other credentials, where there are others
// by now. That is all that is sent twice; waiting and repeating is retrying_store.h's.
//
// The region may be known only once there are credentials, and the namespace has to be asked for where no
// setting names it: both are found out by the first call, and kept.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "credentials/oci/environment.h"
#include "credentials/oci/token.h"
#include "http/client.h"

namespace rayhistory {

struct OciOptions {
  std::string bucket = {};
  std::string name_space = {};  // OCI_NAMESPACE; empty: asked for
  std::string region = {};      // OCI_REGION; empty: that of the credentials
  std::string compartment =
      {};  // OCI_COMPARTMENT_ID: a missing bucket is made there; empty: it must be there
  // OCI_ENDPOINT: used in place of the region's, as https://objectstorage.REGION.oraclecloud.com; of a
  // private endpoint, or of another server.
  std::string endpoint = {};
  std::string default_realm_domain = {};  // OCI_DEFAULT_REALM
};

// Whether the bytes of an object carry Content-MD5, for which they are read twice.
enum class OciBodyCheck : uint8_t { md5, none };

struct OciCall {
  // The thing that the path names.
  enum class Of : uint8_t {
    bucket,   // "/n/NAMESPACE/b/BUCKET" and then `path`
    buckets,  // "/n/NAMESPACE/b"
    service,  // "/n"
  };
  HttpMethod method = HttpMethod::get;
  Of of = Of::bucket;
  std::string path = {};  // encoded: "/o/a%2Fb", "/u"
  QueryParameters query = {};
  Headers headers = {};
  const Body* body = nullptr;
  // A JSON body is part of the signature; an object's bytes are not.
  bool is_json = false;
  OciBodyCheck body_check = OciBodyCheck::md5;
  uint64_t response_limit_bytes = 8 * 1024 * 1024;
  Nanoseconds stall_timeout = Seconds(60);
  std::string key = {};  // for error texts; empty: the bucket
  // The right that a refusal most probably is about: "OBJECT_CREATE".
  std::string_view permission = {};
};

struct OciResponse {
  HttpResponse http;
  std::optional<OciErrorResponse> error;  // of an answer that is not 2xx; none of a HEAD, which has no body

  bool ok() const { return http.status >= 200 && http.status < 300; }
  std::string_view code() const { return error ? std::string_view(error->code) : std::string_view(); }
};

// "/o/a%2Fb" and "/u/a%2Fb".
std::string oci_object_path(std::string_view key);
std::string oci_upload_path(std::string_view key);

// Any thread may send.
class OciConnection {
 public:
  // `clock` must outlive it.
  OciConnection(OciOptions options, std::unique_ptr<HttpClient> client,
                std::unique_ptr<OciCredentialsSource> credentials, const Clock& clock);

  // `invalid` names the setting that is wrong.
  static Result<void> check(const OciOptions& options);

  // Any answer is an OciAnswer. Errors are the HttpClient's and the credentials source's; a read whose answer
  // was lost is `retry`, as it changed nothing.
  Result<OciResponse> send(const OciCall& call, const Deadline& deadline);

  // DELETE of what `place` names. It is fine where nothing is there.
  Result<void> remove(OciCall place, const Deadline& deadline);

  // The Error for an answer that is not ok, for an operator: bucket, key, status, Oracle's code and request
  // ID, and what to look at. Kinds as store.h has them, for any call.
  Error error_of(const OciCall& call, const OciResponse& response) const;

  const OciOptions& options() const { return options_; }
  const std::string& bucket() const { return options_.bucket; }
  std::string description() const;
  std::string credentials_origin() const { return credentials_->origin(); }

 private:
  // Where calls go.
  struct Place {
    Url endpoint;
    std::string name_space;
  };

  Result<OciCredentials> credentials(const Deadline& deadline, const OciCall& call);
  Result<Url> endpoint_for(const OciCredentials& credentials) const;
  Result<Place> place(const OciCredentials& credentials, const Deadline& deadline);
  Result<std::string> ask_for_namespace(const Url& endpoint, const Deadline& deadline);
  // With all that is known; `name_space` is empty for Of::service.
  Result<OciResponse> exchange(const OciCall& call, const Url& endpoint, const std::string& name_space,
                               const Deadline& deadline);
  bool learn_clock(const OciResponse& response, int64_t signed_at);
  std::string place_of(const OciCall& call) const;
  std::string advice_for(const OciCall& call, const OciResponse& response) const;

  const OciOptions options_;
  const std::unique_ptr<HttpClient> client_;
  const std::unique_ptr<OciCredentialsSource> credentials_;
  const Clock& clock_;
  std::atomic<int64_t> clock_offset_nanoseconds_{0};  // the store's clock is ahead of ours by this

  mutable std::mutex mutex_;
  std::optional<Place> place_;
};

// A statement of an IAM policy that allows those who sign as `origin` has it (CredentialsSource::origin) to
// do `what` ("manage objects") in the bucket; for an error's text.
std::string oci_policy_statement(std::string_view origin, std::string_view what, std::string_view bucket);

}  // namespace rayhistory
