#include "signing/aws_sigv4.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/ascii.h"
#include "base/digest.h"
#include "signing/basic_time.h"

namespace rayhistory {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";

// Changed or dropped by proxies, or by the client itself.
constexpr std::array<std::string_view, 5> kUnsignedHeaders = {"authorization", "user-agent", "expect",
                                                              "accept-encoding", "transfer-encoding"};

// Without spaces at its ends, and one where there were several.
std::string folded(std::string_view value) {
  std::string result;
  for (const char c : value) {
    const bool is_space = c == ' ' || c == '\t';
    if (is_space && (result.empty() || result.back() == ' ')) continue;
    result += is_space ? ' ' : c;
  }
  if (result.ends_with(' ')) result.pop_back();
  return result;
}

using Pairs = std::vector<std::pair<std::string, std::string>>;

Pairs signed_headers(const Headers& headers) {
  Pairs pairs;
  for (const auto& [name, value] : headers.all()) {
    std::string lowered = lower_case(name);
    if (std::find(kUnsignedHeaders.begin(), kUnsignedHeaders.end(), lowered) != kUnsignedHeaders.end())
      continue;
    pairs.emplace_back(std::move(lowered), folded(value));
  }
  std::sort(pairs.begin(), pairs.end());
  return pairs;
}

std::string canonical_query(std::string_view encoded_query) {
  Pairs pairs;
  while (!encoded_query.empty()) {
    const size_t end = std::min(encoded_query.find('&'), encoded_query.size());
    const std::string_view parameter = encoded_query.substr(0, end);
    const size_t equals = std::min(parameter.find('='), parameter.size());
    if (!parameter.empty()) {
      pairs.emplace_back(parameter.substr(0, equals),
                         parameter.substr(std::min(equals + 1, parameter.size())));
    }
    encoded_query.remove_prefix(std::min(end + 1, encoded_query.size()));
  }
  std::sort(pairs.begin(), pairs.end());
  std::string query;
  for (const auto& [name, value] : pairs) {
    query.append(query.empty() ? "" : "&").append(name).append("=").append(value);
  }
  return query;
}

std::string signing_key(const AwsCredentials& credentials, const AwsSigningScope& scope,
                        std::string_view date) {
  std::string key = "AWS4" + credentials.secret_access_key;
  for (const std::string_view step : {date, std::string_view(scope.region), std::string_view(scope.service),
                                      std::string_view("aws4_request")}) {
    const Sha256Digest digest = hmac_sha256(key, step);
    key = as_text(digest);
  }
  return key;
}

}  // namespace

void sign_aws_v4(HttpRequest& request, const AwsCredentials& credentials, const AwsSigningScope& scope,
                 std::string_view payload_hash) {
  const std::string time = basic_time(scope.unix_nanoseconds);
  const std::string date = time.substr(0, time.find('T'));
  request.headers.set("Host", request.url.host_header());
  request.headers.set("X-Amz-Date", time);
  request.headers.set("X-Amz-Content-Sha256", payload_hash);
  if (credentials.session_token.empty()) {
    request.headers.remove("X-Amz-Security-Token");
  } else {
    request.headers.set("X-Amz-Security-Token", credentials.session_token);
  }

  std::string header_lines;
  std::string header_names;
  for (const auto& [name, value] : signed_headers(request.headers)) {
    header_lines.append(name).append(":").append(value).append("\n");
    header_names.append(header_names.empty() ? "" : ";").append(name);
  }
  const std::string canonical_request =
      fmt::format("{}\n{}\n{}\n{}\n{}\n{}", name_of(request.method), request.url.encoded_path,
                  canonical_query(request.url.encoded_query), header_lines, header_names, payload_hash);
  const std::string scope_text = fmt::format("{}/{}/{}/aws4_request", date, scope.region, scope.service);
  const std::string to_sign =
      fmt::format("{}\n{}\n{}\n{}", kAlgorithm, time, scope_text, to_hex(sha256(canonical_request)));
  const std::string signature = to_hex(hmac_sha256(signing_key(credentials, scope, date), to_sign));
  request.headers.set("Authorization",
                      fmt::format("{} Credential={}/{}, SignedHeaders={}, Signature={}", kAlgorithm,
                                  credentials.access_key_id, scope_text, header_names, signature));
}

}  // namespace rayhistory
