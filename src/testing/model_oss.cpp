#include "testing/model_oss.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/ascii.h"
#include "base/check.h"
#include "base/digest.h"
#include "base/rfc3339.h"
#include "base/xml.h"
#include "http/http_date.h"
#include "http/url.h"

namespace rayhistory {
namespace {

// All parts but the last: "larger than 100 KB" (UploadPartCopy, "Usage notes").
constexpr size_t kLeastPartBytes = 100 * 1024;
constexpr size_t kCopyAtOnceLimitBytes = 1024ull * 1024 * 1024;
constexpr std::chrono::minutes kClockTolerance{15};
constexpr size_t kDefaultPageKeys = 100;
constexpr size_t kMostPageKeys = 1000;

ScriptedResponse xml(std::string_view body) {
  return {200,
          {{"Content-Type", "application/xml"}, {"x-oss-request-id", "REQUEST-ID"}},
          "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + std::string(body)};
}

std::string etag_response(std::string_view root, std::string_view etag) {
  return fmt::format("<{0}><ETag>\"{1}\"</ETag></{0}>", root, etag);
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (true) {
    const size_t end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::string raw_query(const ReceivedRequest& request) {
  const size_t mark = request.target.find('?');
  return mark == std::string::npos ? "" : request.target.substr(mark + 1);
}

// As a key of a list with encoding-type=url.
std::string encoded_key(std::string_view key) {
  return encode_query_component(key);
}

// "bytes=3-9" of `size` bytes; nothing where it is not wholly inside.
std::optional<std::pair<size_t, size_t>> range_inside(const std::string& header, size_t size) {
  const size_t dash = header.find('-');
  uint64_t first = 0;
  uint64_t last = 0;
  if (!header.starts_with("bytes=") || dash == std::string::npos) return std::nullopt;
  std::from_chars(header.data() + 6, header.data() + dash, first);
  std::from_chars(header.data() + dash + 1, header.data() + header.size(), last);
  if (first > last || last >= size) return std::nullopt;
  return std::pair<size_t, size_t>(first, last - first + 1);
}

// The same where "x-oss-range-behavior: standard" asks for HTTP's own meaning.
std::optional<std::pair<size_t, size_t>> standard_range(const std::string& header, size_t size) {
  const size_t dash = header.find('-');
  uint64_t first = 0;
  uint64_t last = 0;
  std::from_chars(header.data() + 6, header.data() + dash, first);
  std::from_chars(header.data() + dash + 1, header.data() + header.size(), last);
  if (first >= size) return std::nullopt;
  return std::pair<size_t, size_t>(first, std::min<uint64_t>(last, size - 1) - first + 1);
}

std::string hex_of(std::string_view bytes) {
  std::string text;
  for (const char c : bytes)
    text += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return text;
}

std::string hmac(const std::string& key, std::string_view data) {
  const Sha256Digest digest = hmac_sha256(key, data);
  return std::string(as_text(digest));
}

// The canonical request of the document "Include a V4 signature in the Authorization header".
std::string canonical_request(const ReceivedRequest& request, const std::string& bucket,
                              const std::string& key) {
  std::string text = request.method + "\n/" + bucket + "/";
  for (const char c : key) {
    const bool is_plain = (std::isalnum(static_cast<unsigned char>(c)) != 0) ||
                          std::string_view("-_.~/").find(c) != std::string_view::npos;
    text += is_plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  text += "\n";
  std::map<std::string, std::string> parameters;
  const std::string query = raw_query(request);
  if (!query.empty()) {
    for (const std::string& pair : split(query, '&')) {
      const size_t equals = std::min(pair.find('='), pair.size());
      parameters[pair.substr(0, equals)] = equals < pair.size() ? pair.substr(equals + 1) : "";
    }
  }
  const char* separator = "";
  for (const auto& [name, value] : parameters) {
    text += separator + name + (value.empty() ? "" : "=" + value);
    separator = "&";
  }
  text += "\n";
  std::map<std::string, std::string> headers;
  for (const auto& [name, value] : request.headers.all()) {
    const std::string lowered = lower_case(name);
    if (lowered.starts_with("x-oss-") || lowered == "content-type" || lowered == "content-md5")
      headers[lowered] = value;
  }
  for (const auto& [name, value] : headers)
    text.append(name).append(":").append(value).append("\n");
  return text + "\n\n" + request.header("x-oss-content-sha256");
}

}  // namespace

ScriptedResponse oss_error_response(int status, std::string_view code, bool is_head) {
  const std::string body = fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{}</Code><Message>The message of {}</Message>"
      "<RequestId>REQUEST-ID</RequestId><HostId>host</HostId></Error>",
      code, code);
  ScriptedResponse response{status, {{"x-oss-request-id", "REQUEST-ID"}}, body};
  if (is_head) {
    response.body.clear();
    response.headers.emplace_back("x-oss-err", to_base64(body));
  }
  return response;
}

ModelOss::ModelOss(std::string bucket, std::string region, AwsCredentials credentials, const Clock& clock)
    : bucket_(std::move(bucket)),
      region_(std::move(region)),
      credentials_(std::move(credentials)),
      clock_(clock) {}

std::string ModelOss::new_etag() {
  return fmt::format("{:032X}", ++last_etag_);
}

ScriptedResponse ModelOss::respond(const ReceivedRequest& request) {
  const bool is_head = request.method == "HEAD";
  const auto finished = [&](ScriptedResponse response) {
    response.headers.emplace_back("Date", format_http_date(clock_.unix_nanoseconds()));
    return response;
  };
  if (!request.header("Host").starts_with(bucket_ + "."))
    return finished(oss_error_response(403, "SecondLevelDomainForbidden", is_head));
  const std::string key = decode_percent(request.path())->substr(1);
  if (std::optional<ScriptedResponse> refusal = refuse(request, key)) return finished(*std::move(refusal));
  Query query;
  const std::string encoded = raw_query(request);
  if (!encoded.empty()) {
    for (const std::string& pair : split(encoded, '&')) {
      const size_t equals = std::min(pair.find('='), pair.size());
      query[pair.substr(0, equals)] = *decode_percent(pair.substr(std::min(equals + 1, pair.size())));
    }
  }
  if (key.empty()) return finished(respond_for_bucket(request, query));
  if (!bucket_exists_) return finished(oss_error_response(404, "NoSuchBucket", is_head));
  if (key.size() > 1023 || key.front() == '/' || key.front() == '\\')
    return finished(oss_error_response(400, "InvalidObjectName", is_head));
  return finished(respond_for_object(request, key, query));
}

std::optional<ScriptedResponse> ModelOss::refuse(const ReceivedRequest& request,
                                                 const std::string& key) const {
  const auto refusal = [&](int status, std::string_view code) {
    return oss_error_response(status, code, request.method == "HEAD");
  };
  const std::string time = request.header("x-oss-date");
  if (time.size() != 16) return refusal(403, "AccessDenied");
  const std::optional<int64_t> sent =
      parse_rfc3339(fmt::format("{}-{}-{}:{}:{}Z", time.substr(0, 4), time.substr(4, 2), time.substr(6, 5),
                                time.substr(11, 2), time.substr(13, 2)));
  if (!sent) return refusal(403, "AccessDenied");
  if (std::abs(*sent - clock_.unix_nanoseconds()) > Nanoseconds(kClockTolerance).count())
    return refusal(403, "RequestTimeTooSkewed");
  if (request.header("x-oss-content-sha256") != "UNSIGNED-PAYLOAD") return refusal(400, "InvalidArgument");
  if (request.header("x-oss-security-token") != credentials_.session_token)
    return refusal(403, "InvalidSecurityToken");

  const std::string date = time.substr(0, 8);
  const std::string scope = date + "/" + region_ + "/oss/aliyun_v4_request";
  const std::string authorization = request.header("Authorization");
  const std::string expected_id = "OSS4-HMAC-SHA256 Credential=" + credentials_.access_key_id + "/";
  if (!authorization.starts_with(expected_id)) return refusal(403, "InvalidAccessKeyId");
  if (!authorization.starts_with(expected_id + scope + ",")) {
    ScriptedResponse wrong_region = refusal(400, "InvalidArgument");
    wrong_region.headers.emplace_back("x-oss-ec", "0002-00000226");
    return wrong_region;
  }
  const Sha256Digest hash = sha256(canonical_request(request, bucket_, key));
  const std::string to_sign = "OSS4-HMAC-SHA256\n" + time + "\n" + scope + "\n" + hex_of(as_text(hash));
  const std::string signing_key =
      hmac(hmac(hmac(hmac("aliyun_v4" + credentials_.secret_access_key, date), region_), "oss"),
           "aliyun_v4_request");
  if (authorization != expected_id + scope + ",Signature=" + hex_of(hmac(signing_key, to_sign)))
    return refusal(403, "SignatureDoesNotMatch");

  const std::string promised = request.header("Content-MD5");
  if (request.body_size > 0) {
    CHECK(request.body.size() == request.body_size);
    const Md5Digest digest = md5(request.body);
    if (promised != to_base64(as_text(digest))) return refusal(400, "InvalidDigest");
  }
  return std::nullopt;
}

ScriptedResponse ModelOss::respond_for_bucket(const ReceivedRequest& request, const Query& query) {
  if (request.method == "PUT") {
    bucket_exists_ = true;
    return {200, {{"x-oss-request-id", "REQUEST-ID"}}};
  }
  if (!bucket_exists_) return oss_error_response(404, "NoSuchBucket", request.method == "HEAD");
  if (request.method != "GET") return oss_error_response(405, "MethodNotAllowed", request.method == "HEAD");
  if (query.contains("uploads")) return list_uploads(query);
  if (query.contains("list-type")) return list_objects(query);
  for (const auto& [part, body] : configuration_)
    if (query.contains(part)) return xml(body);
  if (query.contains("versioning")) return xml("<VersioningConfiguration></VersioningConfiguration>");
  if (query.contains("lifecycle")) return oss_error_response(404, "NoSuchLifecycle");
  return oss_error_response(400, "InvalidArgument");
}

ScriptedResponse ModelOss::respond_for_object(const ReceivedRequest& request, const std::string& key,
                                              const Query& query) {
  const auto id = query.find("uploadId");
  if (id != query.end()) return respond_for_upload(request, id->second, query);
  if (request.method == "POST" && query.contains("uploads")) {
    const std::string new_id = fmt::format("{:032X}", ++last_upload_);
    uploads_[new_id] = {key, request.headers, {}};
    return xml(
        fmt::format("<InitiateMultipartUploadResult><Bucket>{}</Bucket><UploadId>{}</UploadId>"
                    "</InitiateMultipartUploadResult>",
                    bucket_, new_id));
  }
  if (request.method == "PUT" && request.headers.find("x-oss-copy-source")) return copy_object(request, key);
  if (request.method == "PUT") return put_object(request, key);
  if (request.method == "DELETE") {
    objects_.erase(key);
    return {204};
  }
  return get_object(request, key);
}

ScriptedResponse ModelOss::respond_for_upload(const ReceivedRequest& request, const std::string& id,
                                              const Query& query) {
  const auto upload = uploads_.find(id);
  if (upload == uploads_.end()) return oss_error_response(404, "NoSuchUpload", request.method == "HEAD");
  if (request.method == "PUT") return put_part(request, upload->second, std::stoi(query.at("partNumber")));
  if (request.method == "POST") return complete(request, id);
  if (request.method == "DELETE") {
    uploads_.erase(upload);
    return {204};
  }
  std::string parts;
  for (const auto& [number, part] : upload->second.parts)
    parts += fmt::format("<Part><PartNumber>{}</PartNumber><ETag>\"{}\"</ETag></Part>", number, part.etag);
  return xml("<ListPartsResult>" + parts + "</ListPartsResult>");
}

ScriptedResponse ModelOss::put_object(const ReceivedRequest& request, const std::string& key) {
  if (request.header("x-oss-forbid-overwrite") == "true" && objects_.contains(key))
    return oss_error_response(409, "FileAlreadyExists");
  Object& object = objects_[key] = {request.body, new_etag(), request.headers, clock_.unix_nanoseconds()};
  return {200, {{"ETag", "\"" + object.etag + "\""}}};
}

const ModelOss::Object* ModelOss::copy_source(const ReceivedRequest& request,
                                              ScriptedResponse& refusal) const {
  const std::string source = *decode_percent(request.header("x-oss-copy-source"));
  const std::string in_bucket = "/" + bucket_ + "/";
  const auto found =
      source.starts_with(in_bucket) ? objects_.find(source.substr(in_bucket.size())) : objects_.end();
  if (found == objects_.end()) {
    refusal = oss_error_response(404, "NoSuchKey");
    return nullptr;
  }
  const std::string condition = request.header("x-oss-copy-source-if-match");
  if (!condition.empty() && condition != "\"" + found->second.etag + "\"") {
    refusal = oss_error_response(412, "PreconditionFailed");
    return nullptr;
  }
  return &found->second;
}

ScriptedResponse ModelOss::copy_object(const ReceivedRequest& request, const std::string& key) {
  ScriptedResponse refusal;
  const Object* source = copy_source(request, refusal);
  if (source == nullptr) return refusal;
  if (source->content.size() > kCopyAtOnceLimitBytes) return oss_error_response(400, "InvalidArgument");
  const Object copied{source->content, new_etag(), source->headers, clock_.unix_nanoseconds()};
  objects_[key] = copied;
  return xml(etag_response("CopyObjectResult", copied.etag));
}

ScriptedResponse ModelOss::get_object(const ReceivedRequest& request, const std::string& key) const {
  const bool is_head = request.method == "HEAD";
  const auto found = objects_.find(key);
  if (found == objects_.end()) return oss_error_response(404, "NoSuchKey", is_head);
  const Object& object = found->second;
  ScriptedResponse response{
      200,
      {{"ETag", "\"" + object.etag + "\""}, {"Last-Modified", format_http_date(object.modified)}},
      object.content};
  for (const char* name : {"Content-Type", "x-oss-meta-ray-upload"})
    if (const auto value = object.headers.find(name)) response.headers.emplace_back(name, *value);
  const std::string header = request.header("Range");
  if (header.empty()) return response;
  const bool is_standard = request.header("x-oss-range-behavior") == "standard";
  const auto range = is_standard ? standard_range(header, object.content.size())
                                 : range_inside(header, object.content.size());
  // A range that is not inside the object counts for nothing, but where HTTP's own rules are asked for.
  if (!range && is_standard) return oss_error_response(416, "InvalidRange", is_head);
  if (!range) return response;
  response.status = 206;
  response.body = object.content.substr(range->first, range->second);
  return response;
}

ScriptedResponse ModelOss::put_part(const ReceivedRequest& request, Upload& upload, int number) {
  if (number < 1 || number > 10'000) return oss_error_response(400, "InvalidArgument");
  if (!request.headers.find("x-oss-copy-source")) {
    const Object part = upload.parts[number] = {request.body, new_etag(), {}};
    return {200, {{"ETag", "\"" + part.etag + "\""}}};
  }
  ScriptedResponse refusal;
  const Object* source = copy_source(request, refusal);
  if (source == nullptr) return refusal;
  // "If the range is invalid, the entire source object is copied."
  const auto range = range_inside(request.header("x-oss-copy-source-range"), source->content.size());
  const std::string content = range ? source->content.substr(range->first, range->second) : source->content;
  const Object part = upload.parts[number] = {content, new_etag(), {}};
  return xml(etag_response("CopyPartResult", part.etag));
}

ScriptedResponse ModelOss::complete(const ReceivedRequest& request, const std::string& id) {
  const Upload& upload = uploads_.at(id);
  const auto present = objects_.find(upload.key);
  if (request.header("x-oss-forbid-overwrite") == "true" && present != objects_.end())
    return oss_error_response(409, "FileAlreadyExists");
  std::string content;
  for (const auto& [number, part] : upload.parts) {
    const std::string listed =
        fmt::format("<PartNumber>{}</PartNumber><ETag>\"{}\"</ETag>", number, part.etag);
    if (request.body.find(listed) == std::string::npos) return oss_error_response(400, "InvalidPart");
    if (number != upload.parts.rbegin()->first && part.content.size() < kLeastPartBytes)
      return oss_error_response(400, "EntityTooSmall");
    content += part.content;
  }
  const Object completed{std::move(content), new_etag() + "-" + std::to_string(upload.parts.size()),
                         upload.headers, clock_.unix_nanoseconds()};
  objects_[upload.key] = completed;
  uploads_.erase(id);
  return xml(etag_response("CompleteMultipartUploadResult", completed.etag));
}

ScriptedResponse ModelOss::list_objects(const Query& query) const {
  const auto value = [&query](const std::string& name) {
    const auto found = query.find(name);
    return found == query.end() ? std::string() : found->second;
  };
  const std::string prefix = value("prefix");
  const std::string after = std::max(value("start-after"), value("continuation-token"));
  const bool is_encoded = value("encoding-type") == "url";
  const auto shown_key = [is_encoded](const std::string& key) {
    return is_encoded ? encoded_key(key) : escape_xml(key);
  };
  const size_t most = value("max-keys").empty() ? kDefaultPageKeys : std::stoul(value("max-keys"));
  if (most > kMostPageKeys) return oss_error_response(400, "InvalidArgument");
  std::string contents;
  std::string last;
  size_t listed = 0;
  bool truncated = false;
  for (auto it = objects_.lower_bound(prefix); it != objects_.end() && it->first.starts_with(prefix); ++it) {
    if (it->first <= after) continue;
    if (listed == most) {
      truncated = true;
      break;
    }
    contents += fmt::format(
        "<Contents><Key>{}</Key><LastModified>{}</LastModified><ETag>\"{}\"</ETag><Size>{}</Size></Contents>",
        shown_key(it->first), format_rfc3339_milliseconds(it->second.modified), it->second.etag,
        it->second.content.size());
    last = it->first;
    ++listed;
  }
  return xml(fmt::format(
      "<ListBucketResult>{}<IsTruncated>{}</IsTruncated>{}<NextContinuationToken>{}"
      "</NextContinuationToken></ListBucketResult>",
      is_encoded ? "<EncodingType>url</EncodingType>" : "", truncated, contents, shown_key(last)));
}

ScriptedResponse ModelOss::list_uploads(const Query& query) const {
  const std::string prefix = query.contains("prefix") ? query.at("prefix") : "";
  std::string body =
      "<ListMultipartUploadsResult><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>";
  for (const auto& [id, upload] : uploads_) {
    if (!upload.key.starts_with(prefix)) continue;
    body += fmt::format("<Upload><Key>{}</Key><UploadId>{}</UploadId></Upload>", encoded_key(upload.key), id);
  }
  return xml(body + "</ListMultipartUploadsResult>");
}

}  // namespace rayhistory
