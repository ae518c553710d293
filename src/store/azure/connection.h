// One authorized exchange with Azure Blob, and what its answer means.
//
// What authorization needs is kept right here: a request that is refused because of the clock or an expired
// token is sent anew, once for each, with what the refusal says. That is all that is sent twice; waiting and
// repeating is retrying_store.h's.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "http/client.h"
#include "store/azure/endpoint.h"
#include "store/azure/responses.h"
#include "store/azure/sign_in.h"

namespace rayhistory {

struct AzureCall {
  HttpMethod method = HttpMethod::get;
  std::string key;              // empty: the container
  bool is_for_account = false;  // and not for the container
  QueryParameters query;
  Headers headers;
  const Body* body = nullptr;
  uint64_t response_limit_bytes = 4 * 1024 * 1024;
  Nanoseconds stall_timeout = Seconds(60);
};

struct AzureResponse {
  HttpResponse http;
  // Of any answer that is no success. Its code comes from a header too, so that a HEAD has one.
  AzureErrorResponse error;

  bool ok() const { return http.status >= 200 && http.status < 300; }
  std::string_view code() const { return error.code; }
  std::string_view header(std::string_view name) const { return http.headers.find(name).value_or(""); }
};

// Any thread may send.
class AzureConnection {
 public:
  // `clock` must outlive it.
  AzureConnection(AzureEndpoint endpoint, AzureCredentials credentials, std::unique_ptr<HttpClient> client,
                  const Clock& clock);

  // Any answer of Azure's is an AzureAnswer. Errors are the HttpClient's and the credentials source's; a read
  // whose answer was lost is `retry`, as it changed nothing.
  Result<AzureResponse> send(const AzureCall& call, const Deadline& deadline);

  // The Error for an answer that is not ok, for an operator: container, key, status, Azure's code and request
  // ID, and what to look at. Kinds as store.h has them, for any call; a call that knows better decides by the
  // code itself.
  Error error_of(const AzureCall& call, const AzureResponse& response) const;

  // The URL of an object that is to be copied, as x-ms-copy-source has it. A secret where a shared access
  // signature is in use, which it then carries.
  std::string copy_source(std::string_view key) const;

  std::string description() const;
  std::string credentials_origin() const { return origin_of(credentials_); }
  // Whether an answer has told that the account keeps versions of what is written.
  bool has_seen_versions() const { return has_seen_versions_; }
  const std::string& container() const { return endpoint_.container(); }

 private:
  // What a request was authorized with.
  struct Used {
    std::optional<AccessToken> token;
    int64_t unix_nanoseconds = 0;
  };
  // What one call has already been sent anew for.
  struct Lessons {
    bool clock = false;
    bool token = false;
  };

  HttpRequest make_request(const AzureCall& call) const;
  Result<Used> authorize(HttpRequest& request, const Deadline& deadline);
  // Whether the refusal taught something that makes it worth to send it anew.
  bool learn_from(const AzureResponse& response, const Used& used, Lessons& lessons,
                  const Deadline& deadline);
  std::string advice_for(const AzureResponse& response) const;

  const AzureEndpoint endpoint_;
  const AzureCredentials credentials_;
  const std::unique_ptr<HttpClient> client_;
  const Clock& clock_;
  std::atomic<bool> has_seen_versions_{false};
  std::atomic<int64_t> clock_offset_nanoseconds_{0};  // the store's clock is ahead of ours by this
};

}  // namespace rayhistory
