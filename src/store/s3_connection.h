// One signed exchange with S3 or a store of its protocol (s3_dialect.h), and what its answer means.
//
// What a signature needs is kept right here: a request that S3 refuses because of the region, the clock or
// expired credentials is signed anew with what the refusal says, once for each, and what was learned is kept.
// That is all that is sent twice; waiting and repeating is retrying_store.h's.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "credentials/aws_credentials_source.h"
#include "http/client.h"
#include "store/s3_dialect.h"
#include "store/s3_endpoint.h"
#include "store/s3_replies.h"

namespace rayhistory {

struct S3Call {
  HttpMethod method = HttpMethod::get;
  std::string key;  // empty: the bucket
  QueryParameters query;
  Headers headers;
  const Body* body = nullptr;
  uint64_t response_limit_bytes = 4 * 1024 * 1024;
  Nanoseconds stall_timeout = Seconds(60);
};

struct S3Answer {
  HttpResponse response;
  // Of any answer that is an <Error>, also where its status is 200.
  std::optional<S3ErrorReply> error;

  bool ok() const { return response.status >= 200 && response.status < 300 && !error; }
  // "NoSuchKey"; empty for a HEAD, which has no body to say it in.
  std::string_view code() const { return error ? std::string_view(error->code) : std::string_view(); }
};

// Any thread may send.
class S3Connection {
 public:
  // `dialect` and `clock` must outlive it.
  S3Connection(const S3Dialect& dialect, S3Place place, std::unique_ptr<HttpClient> client,
               std::unique_ptr<AwsCredentialsSource> credentials, const Clock& clock);

  // Any answer of S3 is an S3Answer. Errors are the HttpClient's and the credentials source's; a read whose
  // answer was lost is `retry`, as it changed nothing.
  Result<S3Answer> send(const S3Call& call, const Deadline& deadline);

  // The Error for an answer that is not ok, for an operator: bucket, key, status, S3's code and request ID,
  // and what to look at. Kinds as store.h has them, for any call; a call that knows better decides by the
  // code itself.
  Error error_of(const S3Call& call, const S3Answer& answer) const;

  const S3Dialect& dialect() const { return dialect_; }
  const std::string& bucket() const { return bucket_; }
  std::string region() const;
  std::string description() const;
  std::string credentials_origin() const { return credentials_->origin(); }

 private:
  // What a request was signed with.
  struct Signing {
    AwsCredentials credentials;
    std::string region;
    int64_t unix_nanoseconds;
  };
  // What one call has already been signed anew for.
  struct Lessons {
    bool region = false;
    bool clock = false;
    bool credentials = false;
  };

  std::optional<S3ErrorReply> error_in(const HttpResponse& response) const;
  HttpRequest make_request(const S3Call& call, const std::string& region) const;
  // Whether the refusal taught something that makes it worth to sign anew.
  bool learn_from(const S3Answer& answer, const Signing& used, Lessons& lessons, const Deadline& deadline);
  bool learn_region(const S3Answer& answer, const std::string& used_region);
  bool learn_clock(const S3Answer& answer, int64_t signed_at);

  const S3Dialect& dialect_;
  const std::string bucket_;
  const S3Endpoint endpoint_;
  const std::unique_ptr<HttpClient> client_;
  const std::unique_ptr<AwsCredentialsSource> credentials_;
  const Clock& clock_;

  mutable std::mutex mutex_;
  std::string region_;
  std::atomic<int64_t> clock_offset_nanoseconds_{0};  // the store's clock is ahead of ours by this
};

}  // namespace rayhistory
