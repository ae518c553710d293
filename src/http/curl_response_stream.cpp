#include "http/curl_response_stream.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "http/curl_exchange.h"

namespace rayhistory {
namespace {

class CurlResponseStream final : public HttpResponseStream {
 public:
  CurlResponseStream(CurlHandlePool& handles, const CurlOptions& options, const Clock& clock,
                     HttpRequest request, CurlHeaderList headers)
      : handles_(handles),
        options_(options),
        clock_(clock),
        request_(std::move(request)),
        url_(request_.url.str()),
        header_list_(std::move(headers)),
        handle_(handles.take()) {
    handle_->begin(exchange_, url_, header_list_, options_, on_piece, this);
  }
  ~CurlResponseStream() override {
    // A response that has not come to its end is closed with its handle.
    if (handle_) handle_->end();
  }
  CurlResponseStream(const CurlResponseStream&) = delete;
  CurlResponseStream& operator=(const CurlResponseStream&) = delete;

  int status() const override { return exchange_.response.status; }
  const Headers& headers() const override { return exchange_.response.headers; }

  Result<void> wait_for_head(const Deadline& deadline) {
    while (!has_head() && !is_over_)
      TRY(advance(deadline));
    // A body that has broken off already is next()'s to tell.
    if (failure_ && !has_head()) return *failure_;
    return {};
  }

  Result<std::string> next(const Deadline& deadline) override {
    const SteadyTime began = clock_.steady_now();
    if (held_.empty() && is_paused_) {
      is_paused_ = false;
      handle_->resume();
    }
    while (held_.empty() && !is_over_) {
      TRY(advance(deadline));
      if (held_.empty() && !is_over_ && clock_.steady_now() - began > request_.stall_timeout)
        fail(Error{ErrorKind::unknown_outcome, place() + ": the answer has stopped to come"});
    }
    if (!held_.empty()) return std::exchange(held_, {});
    if (failure_) return *failure_;
    return std::string();
  }

 private:
  static size_t on_piece(char* piece, size_t size, size_t count, void* response) {
    return static_cast<CurlResponseStream*>(response)->take({piece, size * count});
  }

  size_t take(std::string_view piece) {
    if (held_.size() + piece.size() > kPieceBytes) {
      is_paused_ = true;
      return CURL_WRITEFUNC_PAUSE;  // curl keeps the piece, and reads no more
    }
    held_ += piece;
    return piece.size();
  }

  // Not that of a "103 Early Hints" before it.
  bool has_head() const { return exchange_.headers_complete && exchange_.response.status >= 200; }
  std::string place() const { return fmt::format("{} {}", name_of(request_.method), request_.url.origin()); }

  void fail(Error error) {
    is_over_ = true;
    failure_ = std::move(error);
    handle_->end();
    handle_.reset();
  }

  Result<void> advance(const Deadline& deadline) {
    CURLcode code = CURLE_OK;
    switch (handle_->step(clock_, deadline, code)) {
      case CurlHandle::Step::goes_on:
        return {};
      case CurlHandle::Step::was_stopped:
        fail(cancelled_error(request_, deadline));
        return *failure_;
      case CurlHandle::Step::is_over:
        break;
    }
    if (code == CURLE_OK && exchange_.headers_complete) {
      is_over_ = true;
      handle_->end();
      handles_.give_back(std::move(handle_));
      return {};
    }
    if (exchange_.error) {
      fail(std::move(*exchange_.error).in(place()));
      return {};
    }
    if (code == CURLE_OK) code = CURLE_PARTIAL_FILE;
    fail(handle_->error_of(code, request_, options_));
    handles_.drop_idle();
    return {};
  }

  CurlHandlePool& handles_;
  const CurlOptions& options_;
  const Clock& clock_;
  const HttpRequest request_;
  const std::string url_;
  const CurlHeaderList header_list_;
  CurlExchange exchange_{.request = request_};
  std::unique_ptr<CurlHandle> handle_;  // null once it is over
  std::string held_;                    // come and not asked for
  bool is_paused_ = false;
  bool is_over_ = false;
  std::optional<Error> failure_;
};

}  // namespace

Result<std::unique_ptr<HttpResponseStream>> open_curl_stream(CurlHandlePool& handles,
                                                             const CurlOptions& options, const Clock& clock,
                                                             HttpRequest request, const Deadline& deadline) {
  TRY_ASSIGN(CurlHeaderList headers, curl_header_list(request.headers));
  auto stream =
      std::make_unique<CurlResponseStream>(handles, options, clock, std::move(request), std::move(headers));
  TRY(stream->wait_for_head(deadline));
  return std::unique_ptr<HttpResponseStream>(std::move(stream));
}

}  // namespace rayhistory
