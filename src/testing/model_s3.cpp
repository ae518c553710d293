#include "testing/model_s3.h"

#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "http/url.h"

namespace rayhistory {
namespace {

ScriptedAnswer xml(std::string body) {
  return {200, {{"Content-Type", "application/xml"}}, std::move(body)};
}

std::string etag_reply(std::string_view root, std::string_view etag) {
  return fmt::format("<{0}><ETag>\"{1}\"</ETag></{0}>", root, etag);
}

bool matches(const std::string& condition, const std::string& etag) {
  return condition.empty() || condition == "\"" + etag + "\"";
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

}  // namespace

ScriptedAnswer s3_error_answer(int status, std::string_view code) {
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

ScriptedAnswer ModelS3::answer(const ReceivedRequest& request) {
  if (!fault_ || requests_until_fault_-- != 0) return answer_rightly(request);
  has_failed_ = true;
  S3Fault fault = *std::exchange(fault_, std::nullopt);
  // An object's own bytes come with a Content-Length; only what S3 answers in XML, or as a write's empty
  // body, can be an error or nothing under a 200.
  const bool is_read = request.method == "GET" || request.method == "HEAD";
  if (is_read && (fault == S3Fault::error_in_200 || fault == S3Fault::empty_answer)) fault = S3Fault::refused;
  switch (fault) {
    case S3Fault::refused:
      return s3_error_answer(500, "InternalError");
    case S3Fault::slow_down: {
      ScriptedAnswer answer = s3_error_answer(503, "SlowDown");
      answer.headers.emplace_back("Retry-After", "1");
      return answer;
    }
    case S3Fault::lost_request:
      return {.cut_after = 0};
    case S3Fault::lost_answer: {
      ScriptedAnswer answer = answer_rightly(request);
      answer.cut_after = 0;
      return answer;
    }
    case S3Fault::half_answer: {
      ScriptedAnswer answer = answer_rightly(request);
      answer.cut_after = 30;
      return answer;
    }
    case S3Fault::error_in_200: {
      ScriptedAnswer answer = s3_error_answer(200, "InternalError");
      answer.body.insert(0, "     \n");
      return answer;
    }
    case S3Fault::empty_answer: {
      ScriptedAnswer answer = answer_rightly(request);
      answer.body.clear();
      return answer;
    }
    case S3Fault::done_twice:
      answer_rightly(request);
      return answer_rightly(request);
  }
  UNREACHABLE("an S3Fault out of range");
}

ScriptedAnswer ModelS3::answer_rightly(const ReceivedRequest& request) {
  const std::string bucket_path = "/" + bucket_;
  const std::string path = *decode_percent(request.path());
  if (!path.starts_with(bucket_path)) return s3_error_answer(404, "NoSuchBucket");
  if (path == bucket_path && request.has_query("uploads="))
    return list_uploads(request.query_value("prefix"));
  if (path == bucket_path) return {};
  const std::string key = path.substr(bucket_path.size() + 1);
  if (request.method == "POST" && request.has_query("uploads=")) return begin_upload(key, request);

  const std::string id = request.query_value("uploadId");
  if (!id.empty()) {
    const auto upload = uploads_.find(id);
    if (upload == uploads_.end()) return s3_error_answer(404, "NoSuchUpload");
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
  if (request.method == "PUT" && request.headers.find("x-amz-copy-source")) return copy_object(key, request);
  if (request.method == "PUT") return put_object(key, request);
  if (request.method == "DELETE") {
    objects_.erase(key);
    return {204};
  }
  return get_object(key, request);
}

ScriptedAnswer ModelS3::put_object(const std::string& key, const ReceivedRequest& request) {
  CHECK(request.body.size() == request.body_size);
  const auto present = objects_.find(key);
  if (request.header("If-None-Match") == "*" && present != objects_.end())
    return s3_error_answer(412, "PreconditionFailed");
  if (const std::string condition = request.header("If-Match"); !condition.empty()) {
    if (present == objects_.end()) return s3_error_answer(404, "NoSuchKey");
    if (!matches(condition, present->second.etag)) return s3_error_answer(412, "PreconditionFailed");
  }
  Object& object = objects_[key] = {request.body, new_etag(), request.headers};
  return {200, {{"ETag", "\"" + object.etag + "\""}}};
}

ScriptedAnswer ModelS3::copy_object(const std::string& key, const ReceivedRequest& request) {
  const std::string source = *decode_percent(request.header("x-amz-copy-source"));
  const auto found = objects_.find(source.substr(bucket_.size() + 2));
  if (found == objects_.end()) return s3_error_answer(404, "NoSuchKey");
  if (!matches(request.header("x-amz-copy-source-if-match"), found->second.etag))
    return s3_error_answer(412, "PreconditionFailed");
  const Object copied{found->second.content, new_etag(), found->second.headers};
  objects_[key] = copied;
  return xml(etag_reply("CopyObjectResult", copied.etag));
}

ScriptedAnswer ModelS3::get_object(const std::string& key, const ReceivedRequest& request) {
  const auto found = objects_.find(key);
  if (found == objects_.end()) return s3_error_answer(404, "NoSuchKey");
  const Object& object = found->second;
  ScriptedAnswer answer{200, {{"ETag", "\"" + object.etag + "\""}}, object.content};
  if (const auto token = object.headers.find("x-amz-meta-ray-upload"))
    answer.headers.emplace_back("x-amz-meta-ray-upload", *token);
  const auto range = range_of(request.header("Range"), object.content.size());
  if (!range) return s3_error_answer(416, "InvalidRange");
  if (request.headers.find("Range")) {
    answer.status = 206;
    answer.body = object.content.substr(range->first, range->second);
  }
  return answer;
}

ScriptedAnswer ModelS3::begin_upload(const std::string& key, const ReceivedRequest& request) {
  const std::string id = "upload" + std::to_string(++last_upload_);
  uploads_[id] = {key, request.headers, {}};
  return xml(fmt::format(
      "<InitiateMultipartUploadResult><UploadId>{}</UploadId></InitiateMultipartUploadResult>", id));
}

ScriptedAnswer ModelS3::put_part(Upload& upload, int number, const ReceivedRequest& request) {
  CHECK(number >= 1 && number <= 10'000);
  const std::string source_header = request.header("x-amz-copy-source");
  if (source_header.empty()) {
    CHECK(request.body.size() == request.body_size);
    upload.parts[number] = {request.body, new_etag(), {}};
    return {200, {{"ETag", "\"" + upload.parts[number].etag + "\""}}};
  }
  const auto source = objects_.find(decode_percent(source_header)->substr(bucket_.size() + 2));
  if (source == objects_.end()) return s3_error_answer(404, "NoSuchKey");
  const auto range = range_of(request.header("x-amz-copy-source-range"), source->second.content.size());
  if (!matches(request.header("x-amz-copy-source-if-match"), source->second.etag))
    return s3_error_answer(412, "PreconditionFailed");
  if (!range) return s3_error_answer(416, "InvalidRange");
  upload.parts[number] = {source->second.content.substr(range->first, range->second), new_etag(), {}};
  return xml(etag_reply("CopyPartResult", upload.parts[number].etag));
}

ScriptedAnswer ModelS3::complete(const std::string& id, const ReceivedRequest& request) {
  const Upload& upload = uploads_.at(id);
  const std::string condition = request.header("If-Match");
  const auto present = objects_.find(upload.key);
  if (!condition.empty()) {
    if (present == objects_.end()) return s3_error_answer(404, "NoSuchKey");
    if (!matches(condition, present->second.etag)) return s3_error_answer(412, "PreconditionFailed");
  }
  std::string content;
  for (const auto& [number, part] : upload.parts) {
    const std::string listed =
        fmt::format("<PartNumber>{}</PartNumber><ETag>\"{}\"</ETag>", number, part.etag);
    if (request.body.find(listed) == std::string::npos) return s3_error_answer(400, "InvalidPart");
    if (number != upload.parts.rbegin()->first && part.content.size() < least_part_bytes_)
      return s3_error_answer(400, "EntityTooSmall");
    content += part.content;
  }
  const std::string size = request.header("x-amz-mp-object-size");
  if (!size.empty() && size != std::to_string(content.size())) return s3_error_answer(400, "InvalidRequest");
  const Object completed{std::move(content), new_etag(), upload.headers};
  objects_[upload.key] = completed;
  uploads_.erase(id);
  return xml(etag_reply("CompleteMultipartUploadResult", completed.etag));
}

ScriptedAnswer ModelS3::list_uploads(const std::string& prefix) const {
  std::string body = "<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>";
  for (const auto& [id, upload] : uploads_) {
    if (lists_by_whole_keys_ ? upload.key != prefix : !upload.key.starts_with(prefix)) continue;
    body += fmt::format("<Upload><Key>{}</Key><UploadId>{}</UploadId></Upload>", encode_path(upload.key), id);
  }
  return xml(body + "</ListMultipartUploadsResult>");
}

}  // namespace rayhistory
