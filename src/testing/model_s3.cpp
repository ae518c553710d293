#include "testing/model_s3.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "base/xml.h"
#include "http/url.h"

namespace rayhistory {
namespace {

ScriptedResponse xml(std::string body) {
  return {200, {{"Content-Type", "application/xml"}}, std::move(body)};
}

// `etag` with its quotes.
std::string etag_response(std::string_view root, std::string_view etag) {
  return fmt::format("<{0}><ETag>{1}</ETag></{0}>", root, etag);
}

ScriptedResponse refusal(int status, std::string_view code, std::string_view message) {
  return {status,
          {{"Content-Type", "application/xml"}},
          fmt::format("<Error><Code>{}</Code><Message>{}</Message></Error>", code, message)};
}

// "bytes=3-9" of `size` bytes; nothing where it begins behind them.
std::optional<std::pair<size_t, size_t>> range_of(std::string_view header, size_t size) {
  if (header.empty()) return std::pair<size_t, size_t>(0, size);
  uint64_t first = 0;
  uint64_t last = 0;
  const size_t dash = header.find('-');
  std::from_chars(header.data() + std::string_view("bytes=").size(), header.data() + dash, first);
  std::from_chars(header.data() + dash + 1, header.data() + header.size(), last);
  if (first >= size) return std::nullopt;
  return std::pair<size_t, size_t>(first, std::min<uint64_t>(last, size - 1) - first + 1);
}

bool is_copy(const ReceivedRequest& request) {
  return request.headers.find("x-amz-copy-source").has_value();
}
bool is_of_upload(const ReceivedRequest& request) {
  return !request.query_value("uploadId").empty();
}
bool is_begin(const ReceivedRequest& request) {
  return request.method == "POST" && request.has_query("uploads=");
}
bool is_upload_listing(const ReceivedRequest& request) {
  return request.method == "GET" && request.has_query("uploads=");
}
bool is_part(const ReceivedRequest& request) {
  return request.method == "PUT" && is_of_upload(request);
}
bool is_complete(const ReceivedRequest& request) {
  return request.method == "POST" && is_of_upload(request);
}
bool is_part_copy(const ReceivedRequest& request) {
  return is_part(request) && is_copy(request);
}
bool is_object_copy(const ReceivedRequest& request) {
  return !is_part(request) && is_copy(request);
}
bool is_object_put(const ReceivedRequest& request) {
  return request.method == "PUT" && !is_copy(request) && !is_part(request);
}
bool sends_bytes(const ReceivedRequest& request) {
  return request.method == "PUT" && !is_copy(request);
}
bool sends_bytes_without_md5(const ReceivedRequest& request) {
  return sends_bytes(request) && !request.headers.find("Content-MD5");
}
bool is_v2_listing(const ReceivedRequest& request) {
  return request.has_query("list-type=2");
}

// How a server that has `behaviour` refuses the requests that `refuses` picks.
struct Refusal {
  S3Behaviour behaviour;
  bool (*refuses)(const ReceivedRequest& request);
  int status;
  std::string_view code;
  std::string_view header = {};   // only requests with this header are refused; empty: all
  std::string_view message = {};  // empty: that of s3_error_response
};

}  // namespace

ScriptedResponse s3_error_response(int status, std::string_view code) {
  return {status,
          {{"Content-Type", "application/xml"}, {"x-amz-request-id", "REQUEST-ID"}},
          fmt::format("<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>{}</Code>"
                      "<Message>The message of {}</Message></Error>",
                      code, code)};
}

void ModelS3::fail_request(int n, S3Fault fault) {
  fault_ = fault;
  requests_until_fault_ = n;
  has_failed_ = false;
}

void ModelS3::set(const std::string& key, std::string content) {
  objects_[key] = {std::move(content), new_etag(), {}};
}

ScriptedResponse ModelS3::respond(const ReceivedRequest& request) {
  if (!fault_ || requests_until_fault_-- != 0) return respond_rightly(request);
  has_failed_ = true;
  S3Fault fault = *std::exchange(fault_, std::nullopt);
  // An object's own bytes come with a Content-Length; only what S3 answers in XML, or as a write's empty
  // body, can be an error or nothing under a 200.
  const bool is_read = request.method == "GET" || request.method == "HEAD";
  if (is_read && (fault == S3Fault::error_in_200 || fault == S3Fault::empty_response))
    fault = S3Fault::refused;
  switch (fault) {
    case S3Fault::refused:
      return s3_error_response(500, "InternalError");
    case S3Fault::slow_down: {
      ScriptedResponse response = s3_error_response(503, "SlowDown");
      response.headers.emplace_back("Retry-After", "1");
      return response;
    }
    case S3Fault::lost_request:
      return {.cut_after = 0};
    case S3Fault::lost_response: {
      ScriptedResponse response = respond_rightly(request);
      response.cut_after = 0;
      return response;
    }
    case S3Fault::half_response: {
      ScriptedResponse response = respond_rightly(request);
      response.cut_after = 30;
      return response;
    }
    case S3Fault::error_in_200: {
      ScriptedResponse response = s3_error_response(200, "InternalError");
      response.body.insert(0, "     \n");
      return response;
    }
    case S3Fault::empty_response: {
      ScriptedResponse response = respond_rightly(request);
      response.body.clear();
      return response;
    }
    case S3Fault::done_twice:
      respond_rightly(request);
      return respond_rightly(request);
  }
  UNREACHABLE("an S3Fault out of range");
}

std::optional<ScriptedResponse> ModelS3::refusal_of(const ReceivedRequest& request) const {
  using enum S3Behaviour;
  // The first row that fits decides.
  static constexpr Refusal kRefusals[] = {
      {upload_listing_501, is_upload_listing, 501, "NotImplemented"},
      {upload_listing_400, is_upload_listing, 400, "InvalidRequest"},
      {upload_listing_403, is_upload_listing, 403, "AccessDenied"},
      {multipart_501, is_begin, 501, "NotImplemented"},
      {multipart_405, is_begin, 405, "MethodNotAllowed"},
      {part_copy_501, is_part_copy, 501, "NotImplemented"},
      {part_copy_400, is_part_copy, 400, "InvalidRequest"},
      {part_copy_405, is_part_copy, 405, "MethodNotAllowed"},
      {copy_501, is_object_copy, 501, "NotImplemented"},
      {sized_complete_400, is_complete, 400, "InvalidArgument", "x-amz-mp-object-size",
       "Unsupported header 'x-amz-mp-object-size' received for this API call."},
      {conditional_complete_400, is_complete, 400, "InvalidRequest", "If-Match"},
      {metadata_400, is_begin, 400, "InvalidArgument", "x-amz-meta-ray-upload",
       "Unsupported header 'x-amz-meta-ray-upload' received for this API call."},
      {if_none_match_400, is_object_put, 400, "InvalidArgument", "If-None-Match",
       "Unsupported header 'if-none-match' received for this API call."},
      {if_match_400, is_object_put, 400, "InvalidRequest", "If-Match"},
      {if_match_refused_when_met, is_object_put, 412, "PreconditionFailed", "If-Match"},
      {checksum_required, sends_bytes_without_md5, 400, "InvalidRequest", "",
       "Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock "
       "parameters"},
      {list_v2_400, is_v2_listing, 400, "InvalidArgument", "", "Invalid query parameter list-type"},
  };
  for (const Refusal& row : kRefusals) {
    if (!does(row.behaviour) || !row.refuses(request)) continue;
    if (!row.header.empty() && !request.headers.find(row.header)) continue;
    if (row.message.empty()) return s3_error_response(row.status, row.code);
    return refusal(row.status, row.code, row.message);
  }
  if (does(body_limit) && sends_bytes(request) && request.body_size > body_limit_) {
    return ScriptedResponse{413,
                            {{"Content-Type", "text/html"}},
                            "<html><head><title>413 Request Entity Too Large</title></head></html>"};
  }
  return std::nullopt;
}

std::string ModelS3::shown(const std::string& etag) {
  if (does(S3Behaviour::weak_etags)) return "W/\"" + etag + "\"";
  return "\"" + (does(S3Behaviour::changing_etags) ? new_etag() : etag) + "\"";
}

// No weak ETag meets a condition (RFC 9110, section 13.1.1).
bool ModelS3::meets(const std::string& condition, const std::string& etag) const {
  if (condition.empty() || does(S3Behaviour::conditions_ignored)) return true;
  return !does(S3Behaviour::weak_etags) && condition == "\"" + etag + "\"";
}

ScriptedResponse ModelS3::respond_rightly(const ReceivedRequest& request) {
  const std::string bucket_path = "/" + bucket_;
  const std::string path = *decode_percent(request.path());
  if (!path.starts_with(bucket_path)) return s3_error_response(404, "NoSuchBucket");
  if (std::optional<ScriptedResponse> refused = refusal_of(request)) return *std::move(refused);
  if (path == bucket_path) return respond_for_bucket(request);
  const std::string key = path.substr(bucket_path.size() + 1);
  if (is_begin(request)) return begin_upload(key, request);
  if (is_of_upload(request)) return respond_for_upload(request);
  return respond_for_object(key, request);
}

ScriptedResponse ModelS3::respond_for_bucket(const ReceivedRequest& request) {
  if (request.method != "GET") return {};
  if (request.has_query("uploads=") && !does(S3Behaviour::upload_listing_gives_objects))
    return list_uploads(request.query_value("prefix"));
  if (!request.query_value("max-keys").empty() || request.has_query("uploads=")) return list_objects(request);
  return s3_error_response(501, "NotImplemented");  // how the bucket is set up
}

ScriptedResponse ModelS3::respond_for_upload(const ReceivedRequest& request) {
  const std::string id = request.query_value("uploadId");
  const auto upload = uploads_.find(id);
  if (upload == uploads_.end()) return s3_error_response(404, "NoSuchUpload");
  if (request.method == "PUT")
    return put_part(upload->second, std::stoi(request.query_value("partNumber")), request);
  if (request.method == "POST") return complete(id, request);
  if (request.method == "DELETE") {
    uploads_.erase(upload);
    return {204};
  }
  std::string parts;
  for (size_t i = 0; i < upload->second.parts.size(); ++i)
    parts += "<Part/>";
  return xml("<ListPartsResult>" + parts + "</ListPartsResult>");
}

ScriptedResponse ModelS3::respond_for_object(const std::string& key, const ReceivedRequest& request) {
  if (request.method == "PUT") return is_copy(request) ? copy_object(key, request) : put_object(key, request);
  if (request.method == "DELETE") {
    objects_.erase(key);
    return {204};
  }
  return get_object(key, request);
}

ScriptedResponse ModelS3::put_object(const std::string& key, const ReceivedRequest& request) {
  CHECK(request.body.size() == request.body_size);
  const auto present = objects_.find(key);
  const bool is_new_wanted = request.header("If-None-Match") == "*" && !does(S3Behaviour::conditions_ignored);
  if (is_new_wanted && present != objects_.end()) return s3_error_response(412, "PreconditionFailed");
  if (const std::string condition = request.header("If-Match"); !condition.empty()) {
    const bool is_obeyed = !does(S3Behaviour::conditions_ignored);
    if (present == objects_.end() && is_obeyed) return s3_error_response(404, "NoSuchKey");
    if (present != objects_.end() && !meets(condition, present->second.etag))
      return s3_error_response(412, "PreconditionFailed");
  }
  Object& object = objects_[key] = {request.body, new_etag(), request.headers};
  return {200, {{"ETag", shown(object.etag)}}};
}

ScriptedResponse ModelS3::copy_object(const std::string& key, const ReceivedRequest& request) {
  if (does(S3Behaviour::copy_stores_nothing)) return put_object(key, request);
  const std::string source = *decode_percent(request.header("x-amz-copy-source"));
  const auto found = objects_.find(source.substr(bucket_.size() + 2));
  if (found == objects_.end()) return s3_error_response(404, "NoSuchKey");
  if (!meets(request.header("x-amz-copy-source-if-match"), found->second.etag))
    return s3_error_response(412, "PreconditionFailed");
  const Object copied{found->second.content, new_etag(), found->second.headers};
  objects_[key] = copied;
  return xml(etag_response("CopyObjectResult", shown(copied.etag)));
}

ScriptedResponse ModelS3::get_object(const std::string& key, const ReceivedRequest& request) {
  const auto found = objects_.find(key);
  if (found == objects_.end()) return s3_error_response(404, "NoSuchKey");
  const Object& object = found->second;
  ScriptedResponse response{200, {{"ETag", shown(object.etag)}}, object.content};
  if (const auto token = object.headers.find("x-amz-meta-ray-upload"))
    response.headers.emplace_back("x-amz-meta-ray-upload", *token);
  const auto range = range_of(request.header("Range"), object.content.size());
  if (does(S3Behaviour::no_ranges)) return response;
  if (!range) return s3_error_response(416, "InvalidRange");
  if (request.headers.find("Range")) {
    response.status = 206;
    response.body = object.content.substr(range->first, range->second);
  }
  return response;
}

ScriptedResponse ModelS3::begin_upload(const std::string& key, const ReceivedRequest& request) {
  const std::string id = "upload" + std::to_string(++last_upload_);
  uploads_[id] = {key, request.headers, {}};
  return xml(fmt::format(
      "<InitiateMultipartUploadResult><UploadId>{}</UploadId></InitiateMultipartUploadResult>", id));
}

ScriptedResponse ModelS3::put_part(Upload& upload, int number, const ReceivedRequest& request) {
  CHECK(number >= 1 && number <= 10'000);
  const std::string source_header = request.header("x-amz-copy-source");
  if (source_header.empty() || does(S3Behaviour::part_copy_stores_nothing)) {
    CHECK(request.body.size() == request.body_size);
    upload.parts[number] = {request.body, new_etag(), {}};
    return {200, {{"ETag", "\"" + upload.parts[number].etag + "\""}}};
  }
  const auto source = objects_.find(decode_percent(source_header)->substr(bucket_.size() + 2));
  if (source == objects_.end()) return s3_error_response(404, "NoSuchKey");
  if (does(S3Behaviour::part_copy_of_small_400) && source->second.content.size() < least_part_bytes_)
    return refusal(400, "InvalidRequest", "Source object is too small (minimum part size is 5Mb)");
  const auto range = range_of(request.header("x-amz-copy-source-range"), source->second.content.size());
  if (!meets(request.header("x-amz-copy-source-if-match"), source->second.etag))
    return s3_error_response(412, "PreconditionFailed");
  if (!range) return s3_error_response(416, "InvalidRange");
  upload.parts[number] = {source->second.content.substr(range->first, range->second), new_etag(), {}};
  return xml(etag_response("CopyPartResult", "\"" + upload.parts[number].etag + "\""));
}

ScriptedResponse ModelS3::complete(const std::string& id, const ReceivedRequest& request) {
  const Upload& upload = uploads_.at(id);
  const std::string condition = request.header("If-Match");
  const auto present = objects_.find(upload.key);
  if (!condition.empty() && !does(S3Behaviour::conditions_ignored)) {
    const bool is_obeyed = !does(S3Behaviour::conditions_ignored);
    if (present == objects_.end() && is_obeyed) return s3_error_response(404, "NoSuchKey");
    if (present != objects_.end() && !meets(condition, present->second.etag))
      return s3_error_response(412, "PreconditionFailed");
  }
  if (does(S3Behaviour::equal_parts) && !upload.parts.empty()) {
    const size_t first = upload.parts.begin()->second.content.size();
    for (const auto& [number, part] : upload.parts) {
      const bool is_last = number == upload.parts.rbegin()->first;
      if (is_last ? part.content.size() > first : part.content.size() != first)
        return refusal(400, "InvalidPart", "All non-trailing parts must have the same length.");
    }
  }
  std::string content;
  for (const auto& [number, part] : upload.parts) {
    const std::string listed =
        fmt::format("<PartNumber>{}</PartNumber><ETag>\"{}\"</ETag>", number, part.etag);
    if (request.body.find(listed) == std::string::npos) return s3_error_response(400, "InvalidPart");
    if (number != upload.parts.rbegin()->first && part.content.size() < least_part_bytes_)
      return s3_error_response(400, "EntityTooSmall");
    content += part.content;
  }
  const std::string size = request.header("x-amz-mp-object-size");
  if (!size.empty() && size != std::to_string(content.size()))
    return s3_error_response(400, "InvalidRequest");
  const Object completed{std::move(content), new_etag(), upload.headers};
  objects_[upload.key] = completed;
  uploads_.erase(id);
  const bool says_etag = !does(S3Behaviour::completion_without_etag);
  return xml(etag_response("CompleteMultipartUploadResult", says_etag ? shown(completed.etag) : ""));
}

ScriptedResponse ModelS3::list_uploads(const std::string& prefix) const {
  const bool says_encoding = !does(S3Behaviour::upload_listing_encodes_quietly);
  std::string body = "<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>";
  if (says_encoding) body += "<EncodingType>url</EncodingType>";
  for (const auto& [id, upload] : uploads_) {
    if (lists_by_whole_keys_ ? upload.key != prefix : !upload.key.starts_with(prefix)) continue;
    body += fmt::format("<Upload><Key>{}</Key><UploadId>{}</UploadId></Upload>", encode_path(upload.key), id);
  }
  return xml(body + "</ListMultipartUploadsResult>");
}

// ListObjectsV2, and ListObjects without list-type=2.
ScriptedResponse ModelS3::list_objects(const ReceivedRequest& request) {
  using enum S3Behaviour;
  const bool is_v2 = request.has_query("list-type=2") && !does(list_v2_ignored);
  const std::string prefix = request.query_value("prefix");
  std::vector<std::string> keys;
  for (const auto& [key, object] : objects_)
    if (key.starts_with(prefix)) keys.push_back(key);
  if (does(unordered_keys)) std::reverse(keys.begin(), keys.end());

  // The token is the number of keys that were listed, behind a letter.
  const std::string token = request.query_value("continuation-token");
  const std::string marker = is_v2 ? request.query_value("start-after") : request.query_value("marker");
  size_t begin = 0;
  if (is_v2 && !token.empty() && !does(token_ignored)) {
    begin = std::stoul(token.substr(1));
  } else if (!marker.empty()) {
    while (begin < keys.size() && keys[begin] <= marker)
      ++begin;
  }
  const size_t end = std::min(keys.size(), begin + page_objects_);

  const bool says_encoding = request.has_query("encoding-type=url") && !does(keys_not_encoded);
  const bool is_encoded = says_encoding && !does(keys_said_to_be_encoded);
  std::string body = "<ListBucketResult>";
  if (says_encoding) body += "<EncodingType>url</EncodingType>";
  body += fmt::format("<IsTruncated>{}</IsTruncated>", end < keys.size());
  if (is_v2 && end < keys.size())
    body += fmt::format("<NextContinuationToken>t{}</NextContinuationToken>", end);
  for (size_t i = begin; i < end; ++i) {
    const Object& object = objects_.at(keys[i]);
    body += fmt::format("<Contents><Key>{}</Key><Size>{}</Size><ETag>{}</ETag></Contents>",
                        is_encoded ? encode_query_component(keys[i]) : escape_xml(keys[i]),
                        object.content.size(), shown(object.etag));
  }
  return xml(body + "</ListBucketResult>");
}

}  // namespace rayhistory
