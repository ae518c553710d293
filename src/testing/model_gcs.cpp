#include "testing/model_gcs.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>
#include <simdjson.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/json_text.h"
#include "base/rfc3339.h"
#include "http/url.h"

namespace rayhistory {
namespace {

uint64_t number(std::string_view text) {
  uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

ScriptedResponse json(std::string body) {
  return {200, {{"Content-Type", "application/json; charset=UTF-8"}}, std::move(body)};
}

ScriptedResponse no_bucket() {
  return gcs_error_response(404, "notFound", "The specified bucket does not exist.");
}

ScriptedResponse no_object() {
  return gcs_error_response(404, "notFound", "No such object: bucket/key");
}

std::string resource(const std::string& key, const ModelGcs::Object& object) {
  std::string text =
      fmt::format(R"({{"kind":"storage#object","name":{},"size":"{}","generation":"{}","timeCreated":"{}")",
                  json_string(key), object.content.size(), object.generation, object.created);
  if (!object.extends.empty()) text += fmt::format(R"(,"metadata":{{"ray-extends":"{}"}})", object.extends);
  return text + "}";
}

// "/b/bucket/o/key" → its segments, decoded.
std::vector<std::string> segments(std::string_view path) {
  std::vector<std::string> found;
  while (!path.empty()) {
    path.remove_prefix(1);
    const size_t end = std::min(path.find('/'), path.size());
    found.push_back(*decode_percent(path.substr(0, end)));
    path.remove_prefix(end);
  }
  return found;
}

}  // namespace

ScriptedResponse gcs_error_response(int status, std::string_view reason, std::string_view message) {
  return {status,
          {{"Content-Type", "application/json; charset=UTF-8"}, {"X-GUploader-UploadID", "SECRET-UPLOAD-ID"}},
          fmt::format(R"({{"error":{{"code":{},"message":"{}","errors":[{{"message":"{}","domain":"global",)"
                      R"("reason":"{}"}}]}}}})",
                      status, message, message, reason)};
}

void ModelGcs::fail_request(int n, GcsFault fault) {
  fault_ = fault;
  requests_until_fault_ = n;
  has_failed_ = false;
}

void ModelGcs::set(const std::string& key, std::string content) {
  objects_[key] = Object{std::move(content), ++last_generation_, "", "", std::nullopt, ""};
}

ScriptedResponse ModelGcs::respond(const ReceivedRequest& request) {
  if (!fault_ || requests_until_fault_-- != 0) return respond_rightly(request);
  has_failed_ = true;
  const GcsFault fault = *std::exchange(fault_, std::nullopt);
  const bool is_read = request.method == "GET";
  switch (fault) {
    case GcsFault::refused:
      return gcs_error_response(503, "backendError");
    case GcsFault::throttled:
      return gcs_error_response(429, "rateLimitExceeded");
    case GcsFault::lost_request:
      return {.cut_after = 0};
    case GcsFault::half_received:
      if (request.method == "PUT") respond_rightly(request, true);
      return gcs_error_response(503, "backendError");
    case GcsFault::lost_response: {
      ScriptedResponse response = respond_rightly(request);
      response.cut_after = 0;
      return response;
    }
    case GcsFault::half_response: {
      ScriptedResponse response = respond_rightly(request);
      response.cut_after = 30;
      return response;
    }
    case GcsFault::empty_response: {
      // An object's own bytes come with a Content-Length.
      if (is_read && request.query_value("alt") == "media") return gcs_error_response(503, "backendError");
      ScriptedResponse response = respond_rightly(request);
      response.body.clear();
      return response;
    }
    case GcsFault::done_twice:
      respond_rightly(request);
      return respond_rightly(request);
  }
  UNREACHABLE("a GcsFault out of range");
}

ScriptedResponse ModelGcs::respond_rightly(const ReceivedRequest& request, bool half) {
  const std::string path = request.path();
  constexpr std::string_view kUpload = "/upload/storage/v1";
  constexpr std::string_view kApi = "/storage/v1";
  const bool is_upload = path.starts_with(kUpload);
  CHECK(is_upload || path.starts_with(kApi));
  const auto parts = segments(std::string_view(path).substr(is_upload ? kUpload.size() : kApi.size()));
  CHECK(!parts.empty() && parts[0] == "b");
  if (parts.size() <= 2) return about_bucket(request);
  if (!exists_ || parts[1] != bucket_) return no_bucket();
  if (is_upload) return request.method == "POST" ? upload(request) : go_on(request, half);
  if (parts.size() == 3) return list(request);
  const std::string& key = parts[3];
  if (request.method == "POST" && parts.size() == 5 && parts[4] == "compose") return compose(key, request);
  if (request.method == "POST" && parts.size() == 9 && parts[4] == "rewriteTo")
    return rewrite(key, parts[8], request);
  CHECK(parts.size() == 4);
  if (request.method == "DELETE") return objects_.erase(key) == 1 ? ScriptedResponse{204} : no_object();
  return get(key, request);
}

ScriptedResponse ModelGcs::about_bucket(const ReceivedRequest& request) {
  if (request.method == "POST") {
    if (exists_) return gcs_error_response(409, "conflict");
    if (request.query_value("project").empty()) return gcs_error_response(400, "required");
    exists_ = true;
  }
  return exists_ ? json(fmt::format(R"({{"name":"{}"}})", bucket_)) : no_bucket();
}

ScriptedResponse ModelGcs::told(const std::string& key) const {
  return json(resource(key, objects_.at(key)));
}

ScriptedResponse ModelGcs::write(const std::string& key, Object object) {
  if (pace_ != nullptr) {
    const auto present = objects_.find(key);
    const SteadyTime now = pace_->steady_now();
    if (present != objects_.end() && present->second.written && now - *present->second.written < Seconds(1))
      return gcs_error_response(429, "rateLimitExceeded");
    object.written = now;
  }
  object.generation = ++last_generation_;
  object.created = format_rfc3339_milliseconds(system_clock().unix_nanoseconds());
  objects_[key] = std::move(object);
  return told(key);
}

ScriptedResponse ModelGcs::upload(const ReceivedRequest& request) {
  const std::string key = request.query_value("name");
  CHECK(!key.empty());
  // Of a resumable upload it is asked for again at the end, which none of these tests needs.
  const auto present = objects_.find(key);
  const std::string condition = request.query_value("ifGenerationMatch");
  const std::string generation = present == objects_.end() ? "0" : std::to_string(present->second.generation);
  if (!condition.empty() && condition != generation) return gcs_error_response(412, "conditionNotMet");
  if (request.query_value("uploadType") == "media") {
    CHECK(request.body.size() == request.body_size);
    return write(key, Object{request.body, 0, request.header("Content-Type"), "", std::nullopt, ""});
  }
  const std::string id = "session" + std::to_string(++last_session_);
  sessions_[id] = {key, request.header("X-Upload-Content-Type"), "",
                   number(request.header("X-Upload-Content-Length"))};
  return {200,
          {{"Location", fmt::format("http://{}/upload/storage/v1/b/{}/o?uploadType=resumable&upload_id={}",
                                    request.header("Host"), bucket_, id)}}};
}

ScriptedResponse ModelGcs::go_on(const ReceivedRequest& request, bool half) {
  CHECK(request.headers.find("Authorization") == std::nullopt);
  const auto found = sessions_.find(request.query_value("upload_id"));
  if (found == sessions_.end()) return gcs_error_response(410, "gone");
  if (request.method == "DELETE") {
    sessions_.erase(found);
    return {499};
  }
  Session& session = found->second;
  const std::string range = request.header("Content-Range");
  if (!range.starts_with("bytes */")) {
    const uint64_t first = number(std::string_view(range).substr(std::string_view("bytes ").size()));
    CHECK(range.ends_with("/" + std::to_string(session.size)) && request.body.size() == request.body_size);
    if (first > session.received.size()) return gcs_error_response(503, "backendError");
    session.received.resize(first);
    session.received.append(request.body, 0, half ? request.body.size() / 2 : request.body.size());
  }
  if (session.received.size() == session.size) {
    // The session goes on telling that it is done.
    const auto present = objects_.find(session.key);
    if (present != objects_.end() && present->second.content == session.received) return told(session.key);
    return write(session.key, Object{session.received, 0, session.content_type, "", std::nullopt, ""});
  }
  ScriptedResponse response{308};
  if (!session.received.empty())
    response.headers.emplace_back("Range", fmt::format("bytes=0-{}", session.received.size() - 1));
  return response;
}

ScriptedResponse ModelGcs::list(const ReceivedRequest& request) const {
  const std::string prefix = request.query_value("prefix");
  const std::string token = request.query_value("pageToken");
  const size_t most = std::min<uint64_t>(number(request.query_value("maxResults")), 1000);
  std::string items;
  size_t count = 0;
  for (auto entry = objects_.lower_bound(token.empty() ? request.query_value("startOffset") : token);
       entry != objects_.end(); ++entry) {
    if (!entry->first.starts_with(prefix)) continue;
    if (count == most)
      return json(fmt::format(R"({{"nextPageToken":{},"items":[{}]}})", json_string(entry->first), items));
    items += (count++ == 0 ? "" : ",") + resource(entry->first, entry->second);
  }
  return json(count == 0 ? "{}" : fmt::format(R"({{"items":[{}]}})", items));
}

ScriptedResponse ModelGcs::compose(const std::string& key, const ReceivedRequest& request) {
  simdjson::dom::parser parser;
  const simdjson::dom::element body = parser.parse(request.body);
  const auto present = objects_.find(key);
  const std::string condition = request.query_value("ifGenerationMatch");
  const std::string generation = present == objects_.end() ? "0" : std::to_string(present->second.generation);
  if (!condition.empty() && condition != generation) return gcs_error_response(412, "conditionNotMet");
  Object composed;
  for (const simdjson::dom::element source : body["sourceObjects"].get_array()) {
    const auto found = objects_.find(std::string(std::string_view(source["name"])));
    if (found == objects_.end()) return no_object();
    std::string_view wanted;
    if (source["objectPreconditions"]["ifGenerationMatch"].get(wanted) == simdjson::SUCCESS &&
        wanted != std::to_string(found->second.generation))
      return gcs_error_response(412, "conditionNotMet");
    composed.content += found->second.content;
  }
  composed.content_type = std::string_view(body["destination"]["contentType"]);
  composed.extends = std::string_view(body["destination"]["metadata"]["ray-extends"]);
  return write(key, std::move(composed));
}

ScriptedResponse ModelGcs::rewrite(const std::string& from, const std::string& to,
                                   const ReceivedRequest& request) {
  const auto source = objects_.find(from);
  if (source == objects_.end()) return no_object();
  const std::string condition = request.query_value("ifSourceGenerationMatch");
  if (!condition.empty() && condition != std::to_string(source->second.generation))
    return gcs_error_response(412, "conditionNotMet");
  if (rewrites_in_steps_ && request.query_value("rewriteToken").empty())
    return json(R"({"kind":"storage#rewriteResponse","done":false,"rewriteToken":"go/on+"})");
  ScriptedResponse written = write(to, source->second);
  if (written.status != 200) return written;
  return json(fmt::format(R"({{"kind":"storage#rewriteResponse","done":true,"resource":{}}})", written.body));
}

ScriptedResponse ModelGcs::get(const std::string& key, const ReceivedRequest& request) const {
  const auto found = objects_.find(key);
  if (found == objects_.end()) return no_object();
  if (request.query_value("alt") != "media") return told(key);
  const std::string& content = found->second.content;
  const std::string range = request.header("Range");
  if (range.empty()) return {200, {}, content};
  const uint64_t first = number(std::string_view(range).substr(std::string_view("bytes=").size()));
  const uint64_t last = number(std::string_view(range).substr(range.find('-') + 1));
  if (first >= content.size()) return gcs_error_response(416, "requestedRangeNotSatisfiable");
  return {206, {}, content.substr(first, std::min<uint64_t>(last, content.size() - 1) - first + 1)};
}

}  // namespace rayhistory
