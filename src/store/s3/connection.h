// One signed exchange with S3 or a store of its protocol (s3/dialect.h), and what its answer means.
//
// What a signature needs is kept right here: a request that S3 refuses because of the region, the clock or
// expired credentials is signed anew with what the refusal says, once for each, and what was learned is kept.
// So is a request that is refused for a header that not all servers know, without that header, and one that
// is refused for want of a checksum, with one. That is all that is sent twice; waiting and repeating is
// retrying_store.h's.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "credentials/aws/aws_credentials_source.h"
#include "http/client.h"
#include "store/s3/dialect.h"
#include "store/s3/endpoint.h"
#include "store/s3/responses.h"
#include "store/store_abilities.h"

namespace rayhistory {

// A header that makes a call safer, and that some servers refuse.
struct S3OptionalHeader {
  std::string name;
  std::string value;
  StoreAbility ability;  // absent where the server refuses it
};

struct S3Call {
  HttpMethod method = HttpMethod::get;
  std::string key;  // empty: the bucket
  QueryParameters query;
  Headers headers;
  std::vector<S3OptionalHeader> optional_headers = {};
  const Body* body = nullptr;
  uint64_t response_limit_bytes = 4 * 1024 * 1024;
  Nanoseconds stall_timeout = Seconds(60);
  std::function<Result<void>(const HttpResponse& response, std::string_view piece)> on_body =
      {};  // as HttpRequest has it
};

struct S3Response {
  HttpResponse http;
  // Of any answer that is an <Error>, also where its status is 200.
  std::optional<S3ErrorResponse> error;

  bool ok() const { return http.status >= 200 && http.status < 300 && !error; }
  // "NoSuchKey"; empty for a HEAD, which has no body to say it in.
  std::string_view code() const { return error ? std::string_view(error->code) : std::string_view(); }
};

// Whether the refusal says that the server does not know such a call at all: 501 as S3 has it, 405, or a 400
// that is about nothing else. The caller uses another way.
bool is_lacking(const Error& error);
// Whether the server, or a proxy before it, takes no body of that size.
bool is_too_large(const S3Response& response);

// Any thread may send.
class S3Connection {
 public:
  // `dialect` and `clock` must outlive it.
  S3Connection(const S3Dialect& dialect, S3Place place, std::unique_ptr<HttpClient> client,
               std::unique_ptr<AwsCredentialsSource> credentials, const Clock& clock);

  // Any answer of S3 is an S3Answer. Errors are the HttpClient's and the credentials source's; a read whose
  // answer was lost is `retry`, as it changed nothing.
  Result<S3Response> send(const S3Call& call, const Deadline& deadline);

  // The Error for an answer that is not ok, for an operator: bucket, key, status, S3's code and request ID,
  // and what to look at. Kinds as store.h has them, for any call; a call that knows better decides by the
  // code itself.
  Error error_of(const S3Call& call, const S3Response& response) const;

  // The ETag of an object as a StoredObject has it: without quotes, and empty where it is no use.
  std::string usable_etag(std::string_view etag);

  const S3Dialect& dialect() const { return dialect_; }
  StoreAbilities& abilities() { return abilities_; }
  const StoreAbilities& abilities() const { return abilities_; }
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

  // How one call is sent, as its refusals have taught.
  struct Manner {
    std::vector<S3OptionalHeader> headers;  // of the optional ones
    std::vector<S3OptionalHeader> dropped;  // in this call
    bool has_checksum = false;
    bool had_no_checksum = false;  // when it was refused for it
  };

  std::optional<S3ErrorResponse> error_in(const HttpResponse& response) const;
  HttpRequest make_request(const S3Call& call, const std::string& region, const Manner& manner) const;
  Manner manner_of(const S3Call& call) const;
  // After a refusal that is_lacking: whether there is another manner that the server may take.
  bool adapt(Manner& manner, const S3Call& call, const S3Response& response) const;
  void remember(const Manner& manner, std::string_view evidence);
  // Whether the refusal taught something that makes it worth to sign anew.
  bool learn_from(const S3Response& response, const Signing& used, Lessons& lessons,
                  const Deadline& deadline);
  bool learn_region(const S3Response& response, const std::string& used_region);
  bool learn_clock(const S3Response& response, int64_t signed_at);

  const S3Dialect& dialect_;
  const std::string bucket_;
  const S3Endpoint endpoint_;
  const std::unique_ptr<HttpClient> client_;
  const std::unique_ptr<AwsCredentialsSource> credentials_;
  const Clock& clock_;
  StoreAbilities abilities_;

  mutable std::mutex mutex_;
  std::string region_;
  std::atomic<int64_t> clock_offset_nanoseconds_{0};  // the store's clock is ahead of ours by this
};

}  // namespace rayhistory
