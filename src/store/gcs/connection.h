// One exchange with Cloud Storage's JSON API, and what its answer means.
//
// An access token that is refused (401) is renewed and the request sent again, once. That is all that is sent
// twice; waiting and repeating is retrying_store.h's.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "credentials/access_token.h"
#include "http/client.h"
#include "store/gcs/responses.h"

namespace rayhistory {

struct GcsOptions {
  std::string bucket;
  // STORAGE_EMULATOR_HOST, "127.0.0.1:4443" or with a scheme: used in Google's place, and without a token.
  std::string emulator_host;
  // What temporary objects are put below: the folder of all keys (STORAGE_ROOT_DIR), for a permission that
  // ends there. May be empty.
  std::string root;
  // In which a missing bucket is made; empty: that of the credentials.
  std::string project;
};

struct GcsCall {
  HttpMethod method = HttpMethod::get;
  std::string encoded_path;  // after the host: gcs_bucket_path(), gcs_object_path(), …
  QueryParameters query;
  Headers headers;
  const Body* body = nullptr;
  uint64_t response_limit_bytes = 4 * 1024 * 1024;
  Nanoseconds stall_timeout = Seconds(60);
  std::string key;  // for error texts; empty: the bucket
  // The missing right that a 403 most probably is about: "storage.objects.create".
  std::string_view permission;
};

struct GcsResponse {
  HttpResponse http;
  std::optional<GcsErrorResponse> error;  // of an answer that is not 2xx

  bool ok() const { return http.status >= 200 && http.status < 300; }
  std::string_view reason() const { return error ? std::string_view(error->reason) : std::string_view(); }
};

// "/storage/v1/b/bucket", "/storage/v1/b/bucket/o/a%2Fb", "/upload/storage/v1/b/bucket/o"
std::string gcs_bucket_path(std::string_view bucket);
std::string gcs_object_path(std::string_view bucket, std::string_view key);
std::string gcs_upload_path(std::string_view bucket);

// Any thread may send.
class GcsConnection {
 public:
  // `credentials` may be null: an emulator takes none. Errors: `invalid` names the setting that is wrong.
  static Result<GcsConnection> open(GcsOptions options, std::unique_ptr<HttpClient> client,
                                    std::unique_ptr<AccessTokenSource> credentials);

  // Any answer is a GcsAnswer. Errors are the HttpClient's and the credentials source's; a read whose answer
  // was lost is `retry`, as it changed nothing.
  Result<GcsResponse> send(const GcsCall& call, const Deadline& deadline);
  // To a URL that Cloud Storage gave out for an upload, which needs no token and must not be shown: who knows
  // it may write. `call` without path and query.
  Result<GcsResponse> send_to(const Url& url, const GcsCall& call, const Deadline& deadline);

  // The Error for an answer that is not ok, for an operator: bucket, key, status, reason, and what to look
  // at. Kinds as store.h has them, for any call.
  Error error_of(const GcsCall& call, const GcsResponse& response) const;

  const GcsOptions& options() const { return options_; }
  const std::string& bucket() const { return options_.bucket; }
  const Url& endpoint() const { return endpoint_; }
  std::string description() const;
  std::string credentials_origin() const;

 private:
  GcsConnection(GcsOptions options, Url endpoint, std::unique_ptr<HttpClient> client,
                std::unique_ptr<AccessTokenSource> credentials);

  Result<GcsResponse> exchange(const HttpRequest& request, const GcsCall& call, const Deadline& deadline);
  std::string place_of(const GcsCall& call) const;
  std::string advice_for(const GcsCall& call, const GcsResponse& response) const;

  GcsOptions options_;
  Url endpoint_;
  std::unique_ptr<HttpClient> client_;
  std::unique_ptr<AccessTokenSource> credentials_;
};

}  // namespace rayhistory
