// An easy handle of curl with a multi handle of its own, which keeps its connections and can be woken from
// another thread.
#pragma once

#include <array>
#include <optional>
#include <string>

#include <curl/curl.h>

#include "base/clock.h"
#include "base/result.h"
#include "http/client.h"
#include "http/curl_exchange.h"
#include "http/curl_options.h"
#include "http/curl_setup.h"

namespace rayhistory {

class CurlHandle {
 public:
  // How a step of a transfer ended.
  enum class Step { goes_on, is_over, was_stopped };

  CurlHandle();
  ~CurlHandle();
  CurlHandle(const CurlHandle&) = delete;
  CurlHandle& operator=(const CurlHandle&) = delete;

  // `failed_in_transport` becomes true when the connection is not to be used again.
  Result<HttpResponse> run(const HttpRequest& request, const CurlOptions& options, const Clock& clock,
                           const Deadline& deadline, bool& failed_in_transport);

  // A transfer in steps: begin, step until it is over, end.
  void begin(CurlExchange& exchange, const std::string& url, const CurlHeaderList& headers,
             const CurlOptions& options, curl_write_callback on_piece, void* receiver);
  // Waits for something to happen, at most for a tenth of a second. Sets `code` when the transfer is over.
  Step step(const Clock& clock, const Deadline& deadline, CURLcode& code);
  void resume();
  void end();
  // Why the last transfer failed, with curl's own words.
  Error error_of(CURLcode code, const HttpRequest& request, const CurlOptions& options) const;

 private:
  void attach();
  // Returns nothing when the deadline came first.
  std::optional<CURLcode> perform(const Clock& clock, const Deadline& deadline, Nanoseconds stall_timeout);
  // Blocks until something happens, the deadline comes or kDeadlineCheckInterval has passed.
  void wait(const Clock& clock, const Deadline& deadline);
  CURLcode code_of_finished();

  CURL* const easy_;
  CURLM* const multi_;
  std::array<char, CURL_ERROR_SIZE> detail_{};  // curl's words on the last transfer's failure
};

// The error of an exchange that a stop or its deadline ended.
Error cancelled_error(const HttpRequest& request, const Deadline& deadline);

}  // namespace rayhistory
