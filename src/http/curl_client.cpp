#include "http/curl_client.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <optional>
#include <utility>

#include <curl/curl.h>
#include <fmt/format.h>

namespace rayhistory {
namespace {

// Idle connections are closed by servers after some 5 s (S3) to 60 s (nginx) without a word; a request sent
// into one that has just been closed is lost. Older ones are not used again (curl's own limit is 118 s).
constexpr Seconds kIdleConnectionAge{20};
// More than any --upload-concurrency in use; what is above it is closed after its exchange.
constexpr size_t kIdleHandlesLimit = 64;
// How late a passed deadline may be noticed where the clock is not the system's. A stop wakes at once.
constexpr Milliseconds kDeadlineCheckInterval{100};
// In a hurry an exchange may be silent for this share of its stall_timeout, so that what a server holds back
// is asked for anew while there is time: 10 s for 60, of a drain's 25. Longer work of a server keeps longer.
constexpr int kHurriedStallShare = 6;
// All header lines of one answer. Real ones are below 2 KiB.
constexpr size_t kResponseHeadersLimitBytes = 64 * 1024;
// At the most, whatever an answer says of itself: a ranged read of either program is as long.
constexpr uint64_t kBodyRoomBytes = 4U << 20U;
// Read from the body's file at once; bounds memory per exchange. curl's default, and its measured optimum.
constexpr long kUploadBufferBytes = 64 * 1024;

struct FreeHeaders {
  void operator()(curl_slist* list) const { ::curl_slist_free_all(list); }
};
using HeaderList = std::unique_ptr<curl_slist, FreeHeaders>;

void initialise_curl_once() {
  static const CURLcode outcome = ::curl_global_init(CURL_GLOBAL_DEFAULT);
  CHECK(outcome == CURLE_OK);
}

template <typename Value>
void set_option(CURL* easy, CURLoption option, Value value) {
  // Fails for an option that this libcurl does not have or for a value out of range: both are our own
  // mistakes.
  CHECK(::curl_easy_setopt(easy, option, value) == CURLE_OK);
}

bool is_this_machine(const std::string& host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.") || host.ends_with(".localhost");
}

// Where clouds say who a machine is: nothing to be told to a proxy, and nothing that it could reach.
bool is_metadata_service(const std::string& host) {
  return host.starts_with("169.254.") || host.starts_with("fe80:") || host.starts_with("fd00:ec2:") ||
         host == "metadata.google.internal" || host == "100.100.100.200";
}

bool is_header_safe(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

Result<HeaderList> header_list(const Headers& headers) {
  HeaderList list;
  const auto append = [&list](const std::string& line) {
    curl_slist* longer = ::curl_slist_append(list.get(), line.c_str());
    CHECK(longer != nullptr);  // fails for want of memory only
    (void)list.release();
    list.reset(longer);
  };
  // Without these curl adds its own: Accept tells nothing, and "Expect: 100-continue" costs a second wherever
  // a server does not answer it.
  if (!headers.find("Accept")) append("Accept:");
  append("Expect:");
  for (const auto& [name, value] : headers.all()) {
    if (!is_header_safe(name) || !is_header_safe(value))
      return Error{ErrorKind::invalid, fmt::format("header {}: its value holds a line break or a NUL", name)};
    append(value.empty() ? name + ";" : fmt::format("{}: {}", name, value));
  }
  return list;
}

// One exchange under way: what curl's callbacks read and fill.
struct Exchange {
  const HttpRequest& request;
  const PeerRule* peers = nullptr;  // null: everyone
  HttpResponse response = {};
  uint64_t body_position = 0;
  size_t headers_bytes = 0;
  bool headers_complete = false;
  std::optional<Error> error = {};  // why a callback ended the exchange

  bool is_success() const { return response.status >= 200 && response.status < 300; }

  size_t fill(char* buffer, size_t capacity) {
    if (request.body == nullptr) return 0;
    const size_t size = static_cast<size_t>(
        std::min<uint64_t>(capacity, request.body->size() - std::min(body_position, request.body->size())));
    if (Result<void> read = request.body->read_at(body_position, {buffer, size}); !read) {
      error = std::move(read).error();
      return CURL_READFUNC_ABORT;
    }
    body_position += size;
    return size;
  }

  bool take_header(std::string_view line) {
    headers_bytes += line.size();
    if (headers_bytes > kResponseHeadersLimitBytes) {
      error = Error{ErrorKind::invalid, "the answer's headers are longer than " +
                                            std::to_string(kResponseHeadersLimitBytes) + " bytes"};
      return false;
    }
    if (line.starts_with("HTTP/")) {  // also after a "100 Continue"
      response = {};
      headers_complete = false;
      const size_t space = line.find(' ');
      if (space != std::string_view::npos)
        std::from_chars(line.data() + space + 1, line.data() + line.size(), response.status);
      return true;
    }
    if (line == "\r\n" || line == "\n") headers_complete = true;
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) return true;
    std::string_view value = line.substr(colon + 1);
    constexpr std::string_view kSpaces = " \t\r\n";
    value.remove_prefix(std::min(value.find_first_not_of(kSpaces), value.size()));
    value = value.substr(0, value.find_last_not_of(kSpaces) + 1);
    response.headers.add(line.substr(0, colon), value);
    return true;
  }

  bool take_body(std::string_view piece) {
    if (request.on_body && is_success()) {
      if (Result<void> taken = request.on_body(response, piece); !taken) {
        error = std::move(taken).error();
        return false;
      }
      return true;
    }
    if (piece.size() > request.response_limit_bytes - response.body.size()) {
      error = Error{ErrorKind::invalid,
                    fmt::format("the answer is longer than {} bytes", request.response_limit_bytes)};
      return false;
    }
    if (response.body.empty()) make_room(piece.size());
    response.body += piece;
    return true;
  }

  // For all of a body that says how long it is, so that it is not moved as it grows.
  void make_room(size_t first_piece) {
    const auto said = response.headers.find("Content-Length");
    uint64_t length = 0;
    if (said) std::from_chars(said->data(), said->data() + said->size(), length);
    length = std::min({length, uint64_t{request.response_limit_bytes}, kBodyRoomBytes});
    if (length > first_piece) response.body.reserve(length);
  }
};

// curl calls these; any other return value than the size ends the exchange.
size_t on_read(char* buffer, size_t size, size_t count, void* exchange) {
  return static_cast<Exchange*>(exchange)->fill(buffer, size * count);
}
int on_seek(void* exchange, curl_off_t offset, int origin) {
  if (origin != SEEK_SET) return CURL_SEEKFUNC_CANTSEEK;
  static_cast<Exchange*>(exchange)->body_position = static_cast<uint64_t>(offset);
  return CURL_SEEKFUNC_OK;
}
size_t on_header(char* line, size_t size, size_t count, void* exchange) {
  return static_cast<Exchange*>(exchange)->take_header({line, size * count}) ? size * count : 0;
}
size_t on_write(char* piece, size_t size, size_t count, void* exchange) {
  return static_cast<Exchange*>(exchange)->take_body({piece, size * count}) ? size * count : 0;
}

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

curl_socket_t open_socket(void* of_exchange, curlsocktype, curl_sockaddr* where) {
  auto& exchange = *static_cast<Exchange*>(of_exchange);
  if (exchange.peers != nullptr) {
    const auto address = IpAddress::of(where->addr);
    const auto refusal = address ? exchange.peers->refusal(*address) : std::nullopt;
    if (!address || refusal) {
      // curl tries the host's next address.
      exchange.error = Error{ErrorKind::denied,
                             fmt::format("the address {} is not allowed: {}", address ? address->str() : "",
                                         refusal.value_or("it is no IP address"))};
      return CURL_SOCKET_BAD;
    }
  }
  return ::socket(where->family, where->socktype | SOCK_CLOEXEC, where->protocol);
}

int limit_dead_connection(void* options, curl_socket_t socket, curlsocktype) {
  const Nanoseconds limit = static_cast<const CurlOptions*>(options)->dead_connection_timeout;
  const auto milliseconds = static_cast<unsigned>(std::chrono::ceil<Milliseconds>(limit).count());
  ::setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &milliseconds, sizeof(milliseconds));
  return CURL_SOCKOPT_OK;
}

curl_blob blob_of(const std::string& pem) {
  // curl copies what it is given, and so only reads it.
  return {const_cast<char*>(pem.data()), pem.size(), CURL_BLOB_COPY};  // NOLINT
}

// What curl's words leave out: which authorities were asked, and how to name another.
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

// An easy handle with a multi handle of its own, which keeps its connections and can be woken from another
// thread.
class CurlClient::Handle {
 public:
  // Of a transfer that is driven a step at a time.
  enum class Step { goes_on, is_over, was_stopped };

  Handle() : easy_(::curl_easy_init()), multi_(::curl_multi_init()) {
    CHECK(easy_ != nullptr && multi_ != nullptr);  // fails for want of memory only
  }
  ~Handle() {
    ::curl_easy_cleanup(easy_);
    ::curl_multi_cleanup(multi_);
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  // `failed_in_transport` becomes true when the connection is not to be used again.
  Result<HttpResponse> run(const HttpRequest& request, const CurlOptions& options, const Clock& clock,
                           const Deadline& deadline, bool& failed_in_transport);

  // A transfer in steps: begin, step until it is over, end.
  void begin(Exchange& exchange, const std::string& url, const HeaderList& headers,
             const CurlOptions& options, curl_write_callback on_piece, void* receiver);
  // Waits for something to happen, kDeadlineCheckInterval at the most. `code` when it is over.
  Step step(const Clock& clock, const Deadline& deadline, CURLcode& code);
  void resume() { CHECK(::curl_easy_pause(easy_, CURLPAUSE_CONT) == CURLE_OK); }
  void end();
  Error error_of(CURLcode code, const HttpRequest& request, const CurlOptions& options) const {
    return transport_error(code, request, options, detail_.data());
  }

 private:
  void prepare(Exchange& exchange, const std::string& url, const HeaderList& headers,
               const CurlOptions& options);
  // Nothing when the deadline came first.
  std::optional<CURLcode> perform(const Clock& clock, const Deadline& deadline, Nanoseconds stall_timeout);
  Error transport_error(CURLcode code, const HttpRequest& request, const CurlOptions& options,
                        const char* detail) const;

  CURL* const easy_;
  CURLM* const multi_;
  std::array<char, CURL_ERROR_SIZE> detail_{};  // of a transfer in steps
};

void CurlClient::Handle::prepare(Exchange& exchange, const std::string& url, const HeaderList& headers,
                                 const CurlOptions& options) {
  const HttpRequest& request = exchange.request;
  ::curl_easy_reset(easy_);
  set_option(easy_, CURLOPT_URL, url.c_str());
  set_option(easy_, CURLOPT_PATH_AS_IS, 1L);
  set_option(easy_, CURLOPT_PROTOCOLS_STR, "http,https");
  set_option(easy_, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set_option(easy_, CURLOPT_FOLLOWLOCATION, 0L);
  set_option(easy_, CURLOPT_USERAGENT, "rayhistory/" RAYHISTORY_VERSION);
  set_option(easy_, CURLOPT_HTTPHEADER, headers.get());

  set_option(easy_, CURLOPT_SSL_VERIFYPEER, 1L);
  set_option(easy_, CURLOPT_SSL_VERIFYHOST, 2L);
  if (!options.ca_pem.empty()) {
    const curl_blob authorities = blob_of(options.ca_pem);
    set_option(easy_, CURLOPT_CAINFO, static_cast<const char*>(nullptr));
    set_option(easy_, CURLOPT_CAPATH, static_cast<const char*>(nullptr));
    set_option(easy_, CURLOPT_CAINFO_BLOB, &authorities);
  } else if (!options.ca_file.empty() || !options.ca_folder.empty()) {
    // Null takes the system's away.
    set_option(easy_, CURLOPT_CAINFO, options.ca_file.empty() ? nullptr : options.ca_file.c_str());
    set_option(easy_, CURLOPT_CAPATH, options.ca_folder.empty() ? nullptr : options.ca_folder.c_str());
  }

  if (!options.client_certificate_pem.empty()) {
    const curl_blob certificate = blob_of(options.client_certificate_pem);
    const curl_blob key = blob_of(options.client_key_pem);
    set_option(easy_, CURLOPT_SSLCERT_BLOB, &certificate);
    set_option(easy_, CURLOPT_SSLKEY_BLOB, &key);
  }

  // Signals for name resolution's timeout would hit any thread; and a resolver that hangs must not hold up a
  // stop.
  set_option(easy_, CURLOPT_NOSIGNAL, 1L);
  set_option(easy_, CURLOPT_QUICK_EXIT, 1L);
  const std::string& proxy = request.url.scheme == Scheme::https ? options.https_proxy : options.http_proxy;
  const bool is_direct = is_this_machine(request.url.host) || is_metadata_service(request.url.host);
  // An empty one keeps curl from looking into the environment.
  set_option(easy_, CURLOPT_PROXY, is_direct ? "" : proxy.c_str());
  set_option(easy_, CURLOPT_NOPROXY, is_direct ? "*" : options.no_proxy.c_str());

  set_option(easy_, CURLOPT_CONNECTTIMEOUT_MS,
             static_cast<long>(std::chrono::ceil<Milliseconds>(options.connect_timeout).count()));
  exchange.peers = options.peers ? &*options.peers : nullptr;
  set_option(easy_, CURLOPT_OPENSOCKETFUNCTION, open_socket);
  set_option(easy_, CURLOPT_OPENSOCKETDATA, &exchange);
  set_option(easy_, CURLOPT_SOCKOPTFUNCTION, limit_dead_connection);
  set_option(easy_, CURLOPT_SOCKOPTDATA, &options);
  set_option(easy_, CURLOPT_LOW_SPEED_LIMIT, 1L);
  set_option(easy_, CURLOPT_LOW_SPEED_TIME,
             static_cast<long>(std::chrono::ceil<Seconds>(request.stall_timeout).count()));
  set_option(easy_, CURLOPT_TCP_KEEPALIVE, 1L);
  set_option(easy_, CURLOPT_MAXAGE_CONN, static_cast<long>(kIdleConnectionAge.count()));

  set_option(easy_, CURLOPT_HEADERFUNCTION, on_header);
  set_option(easy_, CURLOPT_HEADERDATA, &exchange);
  set_option(easy_, CURLOPT_WRITEFUNCTION, on_write);
  set_option(easy_, CURLOPT_WRITEDATA, &exchange);

  switch (request.method) {
    case HttpMethod::get:
      set_option(easy_, CURLOPT_HTTPGET, 1L);
      break;
    case HttpMethod::head:
      set_option(easy_, CURLOPT_NOBODY, 1L);
      break;
    case HttpMethod::del:
      set_option(easy_, CURLOPT_CUSTOMREQUEST, "DELETE");
      break;
    case HttpMethod::put:
    case HttpMethod::post:
      // Upload mode for both, also without a body: that sends "Content-Length: 0", which S3 asks for.
      set_option(easy_, CURLOPT_UPLOAD, 1L);
      set_option(easy_, CURLOPT_CUSTOMREQUEST, request.method == HttpMethod::put ? "PUT" : "POST");
      set_option(easy_, CURLOPT_INFILESIZE_LARGE,
                 static_cast<curl_off_t>(request.body == nullptr ? 0 : request.body->size()));
      set_option(easy_, CURLOPT_UPLOAD_BUFFERSIZE, kUploadBufferBytes);
      set_option(easy_, CURLOPT_READFUNCTION, on_read);
      set_option(easy_, CURLOPT_READDATA, &exchange);
      set_option(easy_, CURLOPT_SEEKFUNCTION, on_seek);
      set_option(easy_, CURLOPT_SEEKDATA, &exchange);
      break;
  }
}

std::optional<CURLcode> CurlClient::Handle::perform(const Clock& clock, const Deadline& deadline,
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
    const Nanoseconds wait = deadline.remaining(clock.steady_now(), kDeadlineCheckInterval);
    CHECK(::curl_multi_poll(multi_, nullptr, 0,
                            static_cast<int>(std::chrono::ceil<Milliseconds>(wait).count()),
                            nullptr) == CURLM_OK);
  }
  int left = 0;
  const CURLMsg* message = ::curl_multi_info_read(multi_, &left);
  CHECK(message != nullptr && message->msg == CURLMSG_DONE);
  return message->data.result;
}

void CurlClient::Handle::begin(Exchange& exchange, const std::string& url, const HeaderList& headers,
                               const CurlOptions& options, curl_write_callback on_piece, void* receiver) {
  prepare(exchange, url, headers, options);
  // Between two steps nothing is read for as long as the receiver likes, and a log may say a word a minute:
  // curl's own measure of speed would end both. The receiver measures silence.
  set_option(easy_, CURLOPT_LOW_SPEED_LIMIT, 0L);
  set_option(easy_, CURLOPT_WRITEFUNCTION, on_piece);
  set_option(easy_, CURLOPT_WRITEDATA, receiver);
  set_option(easy_, CURLOPT_ERRORBUFFER, detail_.data());
  CHECK(::curl_multi_add_handle(multi_, easy_) == CURLM_OK);
}

CurlClient::Handle::Step CurlClient::Handle::step(const Clock& clock, const Deadline& deadline,
                                                  CURLcode& code) {
  const std::stop_callback wake(deadline.stop(), [this] { ::curl_multi_wakeup(multi_); });
  if (deadline.expired(clock.steady_now())) return Step::was_stopped;
  const Nanoseconds wait = deadline.remaining(clock.steady_now(), kDeadlineCheckInterval);
  CHECK(::curl_multi_poll(multi_, nullptr, 0, static_cast<int>(std::chrono::ceil<Milliseconds>(wait).count()),
                          nullptr) == CURLM_OK);
  int running = 0;
  CHECK(::curl_multi_perform(multi_, &running) == CURLM_OK);
  if (running > 0) return Step::goes_on;
  int left = 0;
  const CURLMsg* message = ::curl_multi_info_read(multi_, &left);
  CHECK(message != nullptr && message->msg == CURLMSG_DONE);
  code = message->data.result;
  return Step::is_over;
}

void CurlClient::Handle::end() {
  CHECK(::curl_multi_remove_handle(multi_, easy_) == CURLM_OK);
  set_option(easy_, CURLOPT_ERRORBUFFER, static_cast<char*>(nullptr));
}

Error CurlClient::Handle::transport_error(CURLcode code, const HttpRequest& request,
                                          const CurlOptions& options, const char* detail) const {
  std::string text = fmt::format("{} {}: {}", name_of(request.method), request.url.origin(),
                                 *detail == '\0' ? ::curl_easy_strerror(code) : detail);
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

Result<HttpResponse> CurlClient::Handle::run(const HttpRequest& request, const CurlOptions& options,
                                             const Clock& clock, const Deadline& deadline,
                                             bool& failed_in_transport) {
  TRY_ASSIGN(const HeaderList headers, header_list(request.headers));
  Exchange exchange{.request = request};
  const std::string url = request.url.str();
  prepare(exchange, url, headers, options);
  std::array<char, CURL_ERROR_SIZE> detail{};
  set_option(easy_, CURLOPT_ERRORBUFFER, detail.data());

  CHECK(::curl_multi_add_handle(multi_, easy_) == CURLM_OK);
  std::optional<CURLcode> code = perform(clock, deadline, request.stall_timeout);
  CHECK(::curl_multi_remove_handle(multi_, easy_) == CURLM_OK);
  set_option(easy_, CURLOPT_ERRORBUFFER, static_cast<char*>(nullptr));

  if (code == CURLE_OK && exchange.headers_complete) return std::move(exchange.response);
  failed_in_transport = true;
  if (!code) {
    return Error{ErrorKind::cancelled,
                 fmt::format("{} {}: cancelled by {}", name_of(request.method), request.url.origin(),
                             deadline.stop().stop_requested() ? "a stop" : "its deadline")};
  }
  if (exchange.error) {
    return std::move(*exchange.error).in(fmt::format("{} {}", name_of(request.method), request.url.origin()));
  }
  // A connection that ends amid the headers is no error to curl.
  if (code == CURLE_OK) code = CURLE_PARTIAL_FILE;
  return transport_error(*code, request, options, detail.data());
}

class CurlClient::Response final : public HttpResponseStream {
 public:
  Response(CurlClient& client, HttpRequest request, HeaderList headers)
      : client_(client),
        request_(std::move(request)),
        url_(request_.url.str()),
        header_list_(std::move(headers)),
        handle_(client.take_handle()) {
    handle_->begin(exchange_, url_, header_list_, client_.options_, on_piece, this);
  }
  ~Response() override {
    // What has not come to its end is closed with its handle.
    if (handle_) handle_->end();
  }

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
    const SteadyTime began = client_.clock_.steady_now();
    if (held_.empty() && is_paused_) {
      is_paused_ = false;
      handle_->resume();
    }
    while (held_.empty() && !is_over_) {
      TRY(advance(deadline));
      if (held_.empty() && !is_over_ && client_.clock_.steady_now() - began > request_.stall_timeout)
        fail(Error{ErrorKind::unknown_outcome, place() + ": the answer has stopped to come"});
    }
    if (!held_.empty()) return std::exchange(held_, {});
    if (failure_) return *failure_;
    return std::string();
  }

 private:
  static size_t on_piece(char* piece, size_t size, size_t count, void* response) {
    return static_cast<Response*>(response)->take({piece, size * count});
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
    switch (handle_->step(client_.clock_, deadline, code)) {
      case Handle::Step::goes_on:
        return {};
      case Handle::Step::was_stopped:
        fail(Error{ErrorKind::cancelled,
                   fmt::format("{}: cancelled by {}", place(),
                               deadline.stop().stop_requested() ? "a stop" : "its deadline")});
        return *failure_;
      case Handle::Step::is_over:
        break;
    }
    if (code == CURLE_OK && exchange_.headers_complete) {
      is_over_ = true;
      handle_->end();
      client_.give_back(std::move(handle_));
      return {};
    }
    if (exchange_.error) {
      fail(std::move(*exchange_.error).in(place()));
      return {};
    }
    if (code == CURLE_OK) code = CURLE_PARTIAL_FILE;
    fail(handle_->error_of(code, request_, client_.options_));
    client_.drop_idle_handles();
    return {};
  }

  CurlClient& client_;
  const HttpRequest request_;
  const std::string url_;
  const HeaderList header_list_;
  Exchange exchange_{.request = request_};
  std::unique_ptr<Handle> handle_;  // null once it is over
  std::string held_;                // come and not asked for
  bool is_paused_ = false;
  bool is_over_ = false;
  std::optional<Error> failure_;
};

Result<void> check_authorities(const CurlOptions& options) {
  for (const std::string& path : {options.ca_file, options.ca_folder}) {
    if (path.empty() || ::access(path.c_str(), R_OK) == 0) continue;
    return Error{ErrorKind::invalid, error_from_errno(errno, path).message};
  }
  return {};
}

CurlClient::CurlClient(const Clock& clock, CurlOptions options)
    : clock_(clock), options_(std::move(options)) {
  initialise_curl_once();
}

CurlClient::~CurlClient() = default;

std::unique_ptr<CurlClient::Handle> CurlClient::take_handle() {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      // The one used last: its connection is the likeliest to be alive, and the others can grow old.
      std::unique_ptr<Handle> handle = std::move(idle_.back());
      idle_.pop_back();
      return handle;
    }
  }
  return std::make_unique<Handle>();
}

void CurlClient::give_back(std::unique_ptr<Handle> handle) {
  const std::lock_guard lock(mutex_);
  if (idle_.size() < kIdleHandlesLimit) idle_.push_back(std::move(handle));
}

void CurlClient::drop_idle_handles() {
  std::vector<std::unique_ptr<Handle>> dropped;  // closed after the lock is released
  const std::lock_guard lock(mutex_);
  dropped.swap(idle_);
}

Result<HttpResponse> CurlClient::send(const HttpRequest& request, const Deadline& deadline) {
  CHECK(request.body == nullptr || request.method == HttpMethod::put || request.method == HttpMethod::post);
  std::unique_ptr<Handle> handle = take_handle();
  bool failed_in_transport = false;
  Result<HttpResponse> outcome = handle->run(request, options_, clock_, deadline, failed_in_transport);
  if (!failed_in_transport) {
    give_back(std::move(handle));
  } else if (outcome.error().kind != ErrorKind::cancelled) {
    // What broke this connection has probably broken its idle neighbours: whoever tries again gets a fresh
    // one.
    drop_idle_handles();
  }
  return outcome;
}

Result<std::unique_ptr<HttpResponseStream>> CurlClient::open(HttpRequest request, const Deadline& deadline) {
  CHECK(request.method == HttpMethod::get || request.method == HttpMethod::head);
  TRY_ASSIGN(HeaderList headers, header_list(request.headers));
  auto response = std::make_unique<Response>(*this, std::move(request), std::move(headers));
  TRY(response->wait_for_head(deadline));
  return std::unique_ptr<HttpResponseStream>(std::move(response));
}

}  // namespace rayhistory
