#include "http/curl_handle.h"

#include <chrono>
#include <stop_token>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"

namespace rayhistory {
namespace {

// How late a passed deadline may be noticed where the clock is not the system's. A stop wakes at once.
constexpr Milliseconds kDeadlineCheckInterval{100};
// In a hurry an exchange may be silent for this share of its stall_timeout, so that the client can ask again
// for what a server holds back: 10 s for 60, of a drain's 25. A call with a longer limit keeps more time.
constexpr int kHurriedStallShare = 6;

// How long nothing has come or gone, since it was first asked for.
class Silence {
 public:
  explicit Silence(CURL* easy) : easy_(easy) {}

  Nanoseconds lasted(SteadyTime now) {
    curl_off_t sent = 0;
    curl_off_t received = 0;
    ::curl_easy_getinfo(easy_, CURLINFO_SIZE_UPLOAD_T, &sent);
    ::curl_easy_getinfo(easy_, CURLINFO_SIZE_DOWNLOAD_T, &received);
    if (std::exchange(moved_, sent + received) != sent + received) began_ = now;
    return now - began_;
  }

 private:
  CURL* const easy_;
  curl_off_t moved_ = -1;
  SteadyTime began_{};
};

// curl's words leave out which authorities the certificate was held against, and how to name another.
std::string advice_on_certificate(CURL* easy, const CurlOptions& options) {
  // OpenSSL's outcome for the chain, X509_V_ERR_CERT_UNTRUSTED or the like; where only the host's name is
  // wrong, curl leaves it at X509_V_ERR_UNSPECIFIED.
  long verified = 0;
  constexpr long kUnspecified = 1;
  CHECK(::curl_easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &verified) == CURLE_OK);
  if (verified <= kUnspecified) return "; its certificate is another host's: check the endpoint's name";
  std::string trusted = options.ca_file.empty() ? options.ca_folder : options.ca_file;
  if (!options.ca_pem.empty()) trusted = "the authority that was given";
  if (trusted.empty()) trusted = "the system's authorities";
  return fmt::format("; its certificate was held against {}: {}", trusted, options.authority_advice);
}

// Whether any byte of the request has left: only then can the server have acted.
bool was_sent(CURL* easy) {
  long request_bytes = 0;
  CHECK(::curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &request_bytes) == CURLE_OK);
  return request_bytes > 0;
}

}  // namespace

CurlHandle::CurlHandle() : easy_(::curl_easy_init()), multi_(::curl_multi_init()) {
  CHECK(easy_ != nullptr && multi_ != nullptr);  // fails for want of memory only
}

CurlHandle::~CurlHandle() {
  ::curl_easy_cleanup(easy_);
  ::curl_multi_cleanup(multi_);
}

Result<HttpResponse> CurlHandle::run(const HttpRequest& request, const CurlOptions& options,
                                     const Clock& clock, const Deadline& deadline,
                                     bool& failed_in_transport) {
  TRY_ASSIGN(const CurlHeaderList headers, curl_header_list(request.headers));
  CurlExchange exchange{.request = request};
  const std::string url = request.url.str();
  set_up_curl(easy_, exchange, url, headers, options);
  attach();
  std::optional<CURLcode> code = perform(clock, deadline, request.stall_timeout);
  end();

  if (code == CURLE_OK && exchange.headers_complete) return std::move(exchange.response);
  failed_in_transport = true;
  if (!code) return cancelled_error(request, deadline);
  if (exchange.error) {
    return std::move(*exchange.error).in(fmt::format("{} {}", name_of(request.method), request.url.origin()));
  }
  // A connection that ends amid the headers is no error to curl.
  if (code == CURLE_OK) code = CURLE_PARTIAL_FILE;
  return error_of(*code, request, options);
}

void CurlHandle::begin(CurlExchange& exchange, const std::string& url, const CurlHeaderList& headers,
                       const CurlOptions& options, curl_write_callback on_piece, void* receiver) {
  set_up_curl(easy_, exchange, url, headers, options);
  // Between two steps nothing is read for as long as the receiver likes, and a log may say a word a minute:
  // curl's own measure of speed would end both. The receiver measures silence.
  set_option(easy_, CURLOPT_LOW_SPEED_LIMIT, 0L);
  set_option(easy_, CURLOPT_WRITEFUNCTION, on_piece);
  set_option(easy_, CURLOPT_WRITEDATA, receiver);
  attach();
}

CurlHandle::Step CurlHandle::step(const Clock& clock, const Deadline& deadline, CURLcode& code) {
  const std::stop_callback wake(deadline.stop(), [this] { ::curl_multi_wakeup(multi_); });
  if (deadline.expired(clock.steady_now())) return Step::was_stopped;
  wait(clock, deadline);
  int running = 0;
  CHECK(::curl_multi_perform(multi_, &running) == CURLM_OK);
  if (running > 0) return Step::goes_on;
  code = code_of_finished();
  return Step::is_over;
}

void CurlHandle::resume() {
  CHECK(::curl_easy_pause(easy_, CURLPAUSE_CONT) == CURLE_OK);
}

void CurlHandle::end() {
  CHECK(::curl_multi_remove_handle(multi_, easy_) == CURLM_OK);
  set_option(easy_, CURLOPT_ERRORBUFFER, static_cast<char*>(nullptr));
}

Error CurlHandle::error_of(CURLcode code, const HttpRequest& request, const CurlOptions& options) const {
  const bool has_detail = detail_.front() != '\0';
  std::string text = fmt::format("{} {}: {}", name_of(request.method), request.url.origin(),
                                 has_detail ? detail_.data() : ::curl_easy_strerror(code));
  if (code == CURLE_PEER_FAILED_VERIFICATION) text += advice_on_certificate(easy_, options);
  switch (code) {
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
      return Error{ErrorKind::invalid, text};
    default:
      return Error{was_sent(easy_) ? ErrorKind::unknown_outcome : ErrorKind::retry, text};
  }
}

void CurlHandle::attach() {
  detail_.front() = '\0';
  set_option(easy_, CURLOPT_ERRORBUFFER, detail_.data());
  CHECK(::curl_multi_add_handle(multi_, easy_) == CURLM_OK);
}

std::optional<CURLcode> CurlHandle::perform(const Clock& clock, const Deadline& deadline,
                                            Nanoseconds stall_timeout) {
  const std::stop_callback wake(deadline.stop(), [this] { ::curl_multi_wakeup(multi_); });
  Silence silence(easy_);
  while (true) {
    if (deadline.expired(clock.steady_now())) return std::nullopt;
    int running = 0;
    CHECK(::curl_multi_perform(multi_, &running) == CURLM_OK);
    if (running == 0) break;
    const bool in_a_hurry = deadline.hurry().stop_requested();
    if (in_a_hurry && silence.lasted(clock.steady_now()) > stall_timeout / kHurriedStallShare)
      return CURLE_OPERATION_TIMEDOUT;
    wait(clock, deadline);
  }
  return code_of_finished();
}

void CurlHandle::wait(const Clock& clock, const Deadline& deadline) {
  const Nanoseconds limit = deadline.remaining(clock.steady_now(), kDeadlineCheckInterval);
  const auto milliseconds = static_cast<int>(std::chrono::ceil<Milliseconds>(limit).count());
  CHECK(::curl_multi_poll(multi_, nullptr, 0, milliseconds, nullptr) == CURLM_OK);
}

CURLcode CurlHandle::code_of_finished() {
  int left = 0;
  const CURLMsg* message = ::curl_multi_info_read(multi_, &left);
  CHECK(message != nullptr && message->msg == CURLMSG_DONE);
  return message->data.result;
}

Error cancelled_error(const HttpRequest& request, const Deadline& deadline) {
  return Error{ErrorKind::cancelled,
               fmt::format("{} {}: cancelled by {}", name_of(request.method), request.url.origin(),
                           deadline.stop().stop_requested() ? "a stop" : "its deadline")};
}

}  // namespace rayhistory
