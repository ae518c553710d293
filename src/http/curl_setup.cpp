#include "http/curl_setup.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string_view>

#include <fmt/format.h>

#include "http/ip_network.h"

namespace rayhistory {
namespace {

// Idle connections are closed by servers after some 5 s (S3) to 60 s (nginx) without a word; a request sent
// into one that has just been closed is lost. Older ones are not used again (curl's own limit is 118 s).
constexpr Seconds kIdleConnectionAge{20};
// Read from the body's file at once; bounds memory per exchange. curl's default, and its measured optimum.
constexpr long kUploadBufferBytes = 64 * 1024;

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

// curl calls these; any other return value than the size ends the exchange.
size_t on_read(char* buffer, size_t size, size_t count, void* exchange) {
  return static_cast<CurlExchange*>(exchange)->fill(buffer, size * count);
}
int on_seek(void* exchange, curl_off_t offset, int origin) {
  if (origin != SEEK_SET) return CURL_SEEKFUNC_CANTSEEK;
  static_cast<CurlExchange*>(exchange)->body_position = static_cast<uint64_t>(offset);
  return CURL_SEEKFUNC_OK;
}
size_t on_header(char* line, size_t size, size_t count, void* exchange) {
  return static_cast<CurlExchange*>(exchange)->take_header({line, size * count}) ? size * count : 0;
}
size_t on_write(char* piece, size_t size, size_t count, void* exchange) {
  return static_cast<CurlExchange*>(exchange)->take_body({piece, size * count}) ? size * count : 0;
}

curl_socket_t open_socket(void* of_exchange, curlsocktype, curl_sockaddr* where) {
  auto& exchange = *static_cast<CurlExchange*>(of_exchange);
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

void set_protocol(CURL* easy) {
  set_option(easy, CURLOPT_PATH_AS_IS, 1L);
  set_option(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  set_option(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set_option(easy, CURLOPT_FOLLOWLOCATION, 0L);
  set_option(easy, CURLOPT_USERAGENT, "rayhistory/" RAYHISTORY_VERSION);
  // Signals for name resolution's timeout would hit any thread; and a resolver that hangs must not hold up a
  // stop.
  set_option(easy, CURLOPT_NOSIGNAL, 1L);
  set_option(easy, CURLOPT_QUICK_EXIT, 1L);
}

void set_certificates(CURL* easy, const CurlOptions& options) {
  set_option(easy, CURLOPT_SSL_VERIFYPEER, 1L);
  set_option(easy, CURLOPT_SSL_VERIFYHOST, 2L);
  if (!options.ca_pem.empty()) {
    const curl_blob authorities = blob_of(options.ca_pem);
    set_option(easy, CURLOPT_CAINFO, static_cast<const char*>(nullptr));
    set_option(easy, CURLOPT_CAPATH, static_cast<const char*>(nullptr));
    set_option(easy, CURLOPT_CAINFO_BLOB, &authorities);
  } else if (!options.ca_file.empty() || !options.ca_folder.empty()) {
    // Null takes the system's away.
    set_option(easy, CURLOPT_CAINFO, options.ca_file.empty() ? nullptr : options.ca_file.c_str());
    set_option(easy, CURLOPT_CAPATH, options.ca_folder.empty() ? nullptr : options.ca_folder.c_str());
  }

  if (!options.client_certificate_pem.empty()) {
    const curl_blob certificate = blob_of(options.client_certificate_pem);
    const curl_blob key = blob_of(options.client_key_pem);
    set_option(easy, CURLOPT_SSLCERT_BLOB, &certificate);
    set_option(easy, CURLOPT_SSLKEY_BLOB, &key);
  }
}

void set_proxy(CURL* easy, const Url& url, const CurlOptions& options) {
  const std::string& proxy = url.scheme == Scheme::https ? options.https_proxy : options.http_proxy;
  const bool is_direct = is_this_machine(url.host) || is_metadata_service(url.host);
  // An empty one keeps curl from looking into the environment.
  set_option(easy, CURLOPT_PROXY, is_direct ? "" : proxy.c_str());
  set_option(easy, CURLOPT_NOPROXY, is_direct ? "*" : options.no_proxy.c_str());
}

void set_connection(CURL* easy, CurlExchange& exchange, const CurlOptions& options) {
  exchange.peers = options.peers ? &*options.peers : nullptr;
  set_option(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
  set_option(easy, CURLOPT_OPENSOCKETDATA, &exchange);
  set_option(easy, CURLOPT_SOCKOPTFUNCTION, limit_dead_connection);
  set_option(easy, CURLOPT_SOCKOPTDATA, &options);
  set_option(easy, CURLOPT_CONNECTTIMEOUT_MS,
             static_cast<long>(std::chrono::ceil<Milliseconds>(options.connect_timeout).count()));
  set_option(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
  set_option(easy, CURLOPT_LOW_SPEED_TIME,
             static_cast<long>(std::chrono::ceil<Seconds>(exchange.request.stall_timeout).count()));
  set_option(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  set_option(easy, CURLOPT_MAXAGE_CONN, static_cast<long>(kIdleConnectionAge.count()));
}

void set_response(CURL* easy, CurlExchange& exchange) {
  set_option(easy, CURLOPT_HEADERFUNCTION, on_header);
  set_option(easy, CURLOPT_HEADERDATA, &exchange);
  set_option(easy, CURLOPT_WRITEFUNCTION, on_write);
  set_option(easy, CURLOPT_WRITEDATA, &exchange);
}

void set_method_and_body(CURL* easy, CurlExchange& exchange) {
  const HttpRequest& request = exchange.request;
  switch (request.method) {
    case HttpMethod::get:
      set_option(easy, CURLOPT_HTTPGET, 1L);
      break;
    case HttpMethod::head:
      set_option(easy, CURLOPT_NOBODY, 1L);
      break;
    case HttpMethod::del:
      set_option(easy, CURLOPT_CUSTOMREQUEST, "DELETE");
      break;
    case HttpMethod::put:
    case HttpMethod::post:
      // Upload mode for both, also without a body: that sends "Content-Length: 0", which S3 asks for.
      set_option(easy, CURLOPT_UPLOAD, 1L);
      set_option(easy, CURLOPT_CUSTOMREQUEST, request.method == HttpMethod::put ? "PUT" : "POST");
      set_option(easy, CURLOPT_INFILESIZE_LARGE,
                 static_cast<curl_off_t>(request.body == nullptr ? 0 : request.body->size()));
      set_option(easy, CURLOPT_UPLOAD_BUFFERSIZE, kUploadBufferBytes);
      set_option(easy, CURLOPT_READFUNCTION, on_read);
      set_option(easy, CURLOPT_READDATA, &exchange);
      set_option(easy, CURLOPT_SEEKFUNCTION, on_seek);
      set_option(easy, CURLOPT_SEEKDATA, &exchange);
      break;
  }
}

}  // namespace

Result<CurlHeaderList> curl_header_list(const Headers& headers) {
  CurlHeaderList list;
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

void set_up_curl(CURL* easy, CurlExchange& exchange, const std::string& url, const CurlHeaderList& headers,
                 const CurlOptions& options) {
  ::curl_easy_reset(easy);
  set_protocol(easy);
  set_option(easy, CURLOPT_URL, url.c_str());
  set_option(easy, CURLOPT_HTTPHEADER, headers.get());
  set_certificates(easy, options);
  set_proxy(easy, exchange.request.url, options);
  set_connection(easy, exchange, options);
  set_response(easy, exchange);
  set_method_and_body(easy, exchange);
}

}  // namespace rayhistory
