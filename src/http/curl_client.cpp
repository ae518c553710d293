#include "http/curl_client.h"

#include <utility>

#include "base/check.h"
#include "http/curl_handle_pool.h"
#include "http/curl_response_stream.h"

namespace rayhistory {

CurlClient::CurlClient(const Clock& clock, CurlOptions options)
    : clock_(clock), options_(std::move(options)), handles_(std::make_unique<CurlHandlePool>()) {}

CurlClient::~CurlClient() = default;

Result<HttpResponse> CurlClient::send(const HttpRequest& request, const Deadline& deadline) {
  CHECK(request.body == nullptr || request.method == HttpMethod::put || request.method == HttpMethod::post);
  std::unique_ptr<CurlHandle> handle = handles_->take();
  bool failed_in_transport = false;
  Result<HttpResponse> outcome = handle->run(request, options_, clock_, deadline, failed_in_transport);
  if (!failed_in_transport) {
    handles_->give_back(std::move(handle));
  } else if (outcome.error().kind != ErrorKind::cancelled) {
    handles_->drop_idle();
  }
  return outcome;
}

Result<std::unique_ptr<HttpResponseStream>> CurlClient::open(HttpRequest request, const Deadline& deadline) {
  CHECK(request.method == HttpMethod::get || request.method == HttpMethod::head);
  return open_curl_stream(*handles_, options_, clock_, std::move(request), deadline);
}

}  // namespace rayhistory
