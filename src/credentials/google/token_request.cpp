#include "credentials/google/token_request.h"

#include <utility>

#include <fmt/format.h>

#include "credentials/google/token_response.h"
#include "credentials/issuer_request.h"

namespace rayhistory {

Result<std::string> ask_token_service(HttpClient& client, HttpRequest request, std::string_view whom,
                                      const Deadline& deadline) {
  return ask_issuer(client, std::move(request), whom, read_token_refusal, deadline);
}

Result<std::string> post_token_form(HttpClient& client, const Url& url, const QueryParameters& form,
                                    Headers headers, const Deadline& deadline) {
  const MemoryBody body(encode_query(form));
  HttpRequest request;
  request.method = HttpMethod::post;
  request.url = url;
  request.headers = std::move(headers);
  request.headers.set("Content-Type", "application/x-www-form-urlencoded");
  request.body = &body;
  return ask_token_service(client, std::move(request), "token endpoint " + url.origin(), deadline);
}

Error no_token_in_response(std::string_view whom) {
  return Error{ErrorKind::retry, fmt::format("{}: its answer holds no token", whom)};
}

}  // namespace rayhistory
