#include "signing/oss_v4.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/ascii.h"
#include "base/digest.h"
#include "http/http_date.h"
#include "signing/basic_time.h"

namespace rayhistory {
namespace {

constexpr std::string_view kAlgorithm = "OSS4-HMAC-SHA256";
constexpr std::string_view kUnsignedPayload = "UNSIGNED-PAYLOAD";
constexpr std::string_view kTerminator = "aliyun_v4_request";

using Pairs = std::vector<std::pair<std::string, std::string>>;

bool is_signed(std::string_view lower_name) {
  return lower_name.starts_with("x-oss-") || lower_name == "content-type" || lower_name == "content-md5";
}

std::string canonical_headers(const Headers& headers) {
  Pairs pairs;
  for (const auto& [name, value] : headers.all()) {
    std::string lowered = lower_case(name);
    if (is_signed(lowered)) pairs.emplace_back(std::move(lowered), value);
  }
  std::sort(pairs.begin(), pairs.end());
  std::string lines;
  for (const auto& [name, value] : pairs)
    lines.append(name).append(":").append(value).append("\n");
  return lines;
}

// Unlike AWS's, a parameter without a value has no '=', however it is sent.
std::string canonical_query(std::string_view encoded_query) {
  Pairs pairs;
  while (!encoded_query.empty()) {
    const size_t end = std::min(encoded_query.find('&'), encoded_query.size());
    const std::string_view parameter = encoded_query.substr(0, end);
    const size_t equals = std::min(parameter.find('='), parameter.size());
    pairs.emplace_back(parameter.substr(0, equals), parameter.substr(std::min(equals + 1, parameter.size())));
    encoded_query.remove_prefix(std::min(end + 1, encoded_query.size()));
  }
  std::sort(pairs.begin(), pairs.end());
  std::string query;
  for (const auto& [name, value] : pairs) {
    query.append(query.empty() ? "" : "&").append(name);
    if (!value.empty()) query.append("=").append(value);
  }
  return query;
}

std::string signing_key(const AwsCredentials& credentials, std::string_view date, std::string_view region) {
  std::string key = "aliyun_v4" + credentials.secret_access_key;
  for (const std::string_view step : {date, region, std::string_view("oss"), kTerminator}) {
    const Sha256Digest digest = hmac_sha256(key, step);
    key = as_text(digest);
  }
  return key;
}

}  // namespace

void sign_oss_v4(HttpRequest& request, const AwsCredentials& credentials, const OssSigningScope& scope,
                 const OssResource& resource) {
  const std::string time = basic_time(scope.unix_nanoseconds);
  const std::string date = time.substr(0, time.find('T'));
  request.headers.set("x-oss-date", time);
  request.headers.set("Date", format_http_date(scope.unix_nanoseconds));
  request.headers.set("x-oss-content-sha256", kUnsignedPayload);
  if (credentials.session_token.empty()) {
    request.headers.remove("x-oss-security-token");
  } else {
    request.headers.set("x-oss-security-token", credentials.session_token);
  }

  const std::string_view no_additional_headers;
  const std::string canonical_request =
      fmt::format("{}\n/{}/{}\n{}\n{}\n{}\n{}", name_of(request.method), encode_path(resource.bucket),
                  encode_path(resource.key), canonical_query(request.url.encoded_query),
                  canonical_headers(request.headers), no_additional_headers, kUnsignedPayload);
  const std::string scope_text = fmt::format("{}/{}/oss/{}", date, scope.region, kTerminator);
  const std::string to_sign =
      fmt::format("{}\n{}\n{}\n{}", kAlgorithm, time, scope_text, to_hex(sha256(canonical_request)));
  const std::string signature = to_hex(hmac_sha256(signing_key(credentials, date, scope.region), to_sign));
  request.headers.set("Authorization", fmt::format("{} Credential={}/{},Signature={}", kAlgorithm,
                                                   credentials.access_key_id, scope_text, signature));
}

}  // namespace rayhistory
