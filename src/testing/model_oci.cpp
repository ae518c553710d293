#include "testing/model_oci.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <utility>

#include <fmt/format.h>
#include <simdjson.h>

#include "base/ascii.h"
#include "base/check.h"
#include "base/digest.h"
#include "base/json_text.h"
#include "base/rfc3339.h"
#include "http/http_date.h"
#include "http/url.h"
#include "testing/rsa_test_key.h"

namespace rayhistory {
namespace {

constexpr std::chrono::minutes kClockTolerance{5};
constexpr std::string_view kNamespace = "axmodel";

ScriptedResponse json(std::string body) {
  return {200, {{"Content-Type", "application/json"}}, std::move(body)};
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

// The value of `name="…"` in an Authorization header.
std::string field(const std::string& authorization, std::string_view name) {
  const std::string mark = fmt::format("{}=\"", name);
  const size_t begin = authorization.find(mark);
  if (begin == std::string::npos) return "";
  const size_t end = authorization.find('"', begin + mark.size());
  return authorization.substr(begin + mark.size(), end - begin - mark.size());
}

simdjson::dom::element parsed(simdjson::dom::parser& parser, const std::string& body) {
  simdjson::dom::element element;
  CHECK(parser.parse(body).get(element) == simdjson::SUCCESS);
  return element;
}

std::string text_in(const simdjson::dom::element& element, std::string_view name) {
  std::string_view text;
  return element[name].get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

std::string md5_of(const std::string& content) {
  const Md5Digest digest = md5(content);
  return to_base64(as_text(digest));
}

std::optional<ScriptedResponse> refuse_digest(const ReceivedRequest& request) {
  const std::string told = request.header("Content-MD5");
  if (told.empty() || told == md5_of(request.body)) return std::nullopt;
  return oci_error_response(400, "UnmatchedContentMD5");
}

std::string shown_upload(const std::string& id, const std::string& key) {
  return fmt::format(R"({{"namespace":"{}","object":{},"uploadId":"{}"}})", kNamespace, json_string(key), id);
}

}  // namespace

ScriptedResponse oci_error_response(int status, std::string_view code, bool is_head) {
  return {status,
          {{"opc-request-id", "REQUEST-ID"}},
          is_head ? "" : fmt::format(R"({{"code":"{}","message":"The message of {}"}})", code, code)};
}

ModelOci::ModelOci(std::string bucket, const Clock& clock)
    : bucket_(std::move(bucket)), key_id_("ocid1.tenancy/ocid1.user/0a:1b"), clock_(clock) {}

std::string ModelOci::write_config(const TemporaryFolder& folder) const {
  const std::string key = folder.write("oci_key.pem", rsa_test_key_pem());
  const std::vector<std::string> parts = split(key_id_, '/');
  return folder.write("oci_config",
                      fmt::format("[DEFAULT]\ntenancy={}\nuser={}\nfingerprint={}\nkey_file={}\n", parts[0],
                                  parts[1], parts[2], key));
}

std::string ModelOci::new_id() {
  return fmt::format("{:08d}-0000-4000-8000-000000000000", ++last_id_);
}

ModelOci::Object ModelOci::new_object(std::string content) {
  Object object;
  object.content = std::move(content);
  object.etag = new_id();
  object.modified = clock_.unix_nanoseconds();
  return object;
}

void ModelOci::put(const std::string& key, std::string content) {
  objects_[key] = new_object(std::move(content));
}

ScriptedResponse ModelOci::respond(const ReceivedRequest& request) {
  std::optional<ScriptedResponse> refusal = refuse(request);
  ScriptedResponse response = refusal ? *std::move(refusal) : route(request);
  response.headers.emplace_back("Date", format_http_date(clock_.unix_nanoseconds()));
  return response;
}

std::optional<ScriptedResponse> ModelOci::refuse(const ReceivedRequest& request) const {
  const auto refusal = oci_error_response(401, "NotAuthenticated", request.method == "HEAD");
  const std::string authorization = request.header("Authorization");
  if (!authorization.starts_with("Signature ") || field(authorization, "version") != "1" ||
      field(authorization, "algorithm") != "rsa-sha256" || field(authorization, "keyId") != key_id_)
    return refusal;
  std::vector<std::string> wanted = {"date", "(request-target)", "host"};
  if (request.method == "POST")
    wanted.insert(wanted.end(), {"content-length", "content-type", "x-content-sha256"});
  const std::vector<std::string> names = split(field(authorization, "headers"), ' ');
  std::string text;
  for (const std::string& name : names) {
    if (!text.empty()) text += "\n";
    text += name + ": ";
    text +=
        name == "(request-target)" ? lower_case(request.method) + " " + request.target : request.header(name);
  }
  for (const std::string& name : wanted)
    if (std::find(names.begin(), names.end(), name) == names.end()) return refusal;
  const std::optional<std::string> signature = from_base64(field(authorization, "signature"));
  if (!signature || !is_rs256_signature(rsa_test_key_pem(), text, *signature)) return refusal;
  const std::optional<int64_t> date = parse_http_date(request.header("date"));
  if (!date || std::abs(*date - clock_.unix_nanoseconds()) > Nanoseconds(kClockTolerance).count())
    return refusal;
  if (request.method == "POST") {
    const Sha256Digest digest = sha256(request.body);
    if (request.header("x-content-sha256") != to_base64(as_text(digest))) return refusal;
  }
  return std::nullopt;
}

ScriptedResponse ModelOci::route(const ReceivedRequest& request) {
  const bool is_head = request.method == "HEAD";
  const std::string path = request.path();
  if (path == "/n") return json(fmt::format("\"{}\"", kNamespace));
  const std::string buckets = fmt::format("/n/{}/b", kNamespace);
  if (path == buckets) return create_bucket(request);
  const std::string bucket = buckets + "/" + bucket_;
  const bool is_bucket = path == bucket || path.starts_with(bucket + "/");
  if (!bucket_exists_ || !is_bucket) return oci_error_response(404, "BucketNotFound", is_head);
  const std::string rest = path.substr(bucket.size());
  if (rest == "/o") return list_objects(request);
  if (rest.starts_with("/o/")) return respond_for_object(request, *decode_percent(rest.substr(3)));
  if (rest.starts_with("/u/")) return respond_for_upload(request, *decode_percent(rest.substr(3)));
  if (rest == "/u" && request.method == "POST") return respond_for_uploads(request);
  if (!shows_bucket_) return oci_error_response(404, "BucketNotFound", is_head);
  if (rest == "/u") return respond_for_uploads(request);
  const std::string part = rest.empty() ? "" : rest.substr(1);
  if (const auto found = configuration_.find(part); found != configuration_.end()) return json(found->second);
  if (part.empty()) {
    return is_head ? ScriptedResponse{200, {{"etag", "bucket"}}, ""}
                   : json(fmt::format(R"({{"name":"{}","versioning":"Disabled"}})", bucket_));
  }
  return part == "retentionRules" ? json(R"({"items":[]})")
                                  : oci_error_response(404, "LifecyclePolicyNotFound");
}

ScriptedResponse ModelOci::create_bucket(const ReceivedRequest& request) {
  simdjson::dom::parser parser;
  const simdjson::dom::element details = parsed(parser, request.body);
  CHECK(text_in(details, "name") == bucket_);
  if (text_in(details, "compartmentId").find("forbidden") != std::string::npos)
    return oci_error_response(404, "NotAuthorizedOrNotFound");
  if (bucket_exists_) return oci_error_response(409, "BucketAlreadyExists");
  bucket_exists_ = true;
  return json("{}");
}

std::optional<ScriptedResponse> ModelOci::refuse_condition(const ReceivedRequest& request,
                                                           const std::string& key) const {
  const auto found = objects_.find(key);
  const std::string etag = found == objects_.end() ? "" : found->second.etag;
  if (request.header("If-None-Match") == "*" && !etag.empty())
    return oci_error_response(412, "IfNoneMatchFailed");
  const std::string wanted = request.header("If-Match");
  if (!wanted.empty() && wanted != etag) return oci_error_response(412, "IfMatchFailed");
  return std::nullopt;
}

ScriptedResponse ModelOci::put_object(const ReceivedRequest& request, const std::string& key) {
  if (key.size() > 1024) return oci_error_response(400, "InvalidObjectName");
  if (auto refusal = refuse_condition(request, key)) return *std::move(refusal);
  if (auto refusal = refuse_digest(request)) return *std::move(refusal);
  Object object = new_object(request.body);
  object.content_type = request.header("Content-Type");
  const std::string etag = object.etag;
  objects_[key] = std::move(object);
  return {200, {{"etag", etag}, {"opc-content-md5", md5_of(request.body)}}, ""};
}

ScriptedResponse ModelOci::respond_for_object(const ReceivedRequest& request, const std::string& key) {
  if (request.method == "PUT") return put_object(request, key);
  const auto found = objects_.find(key);
  if (found == objects_.end()) return oci_error_response(404, "ObjectNotFound", request.method == "HEAD");
  if (request.method == "DELETE") {
    objects_.erase(found);
    return {204, {}, ""};
  }
  const Object& object = found->second;
  ScriptedResponse response{
      200, {{"etag", object.etag}, {"last-modified", format_http_date(object.modified)}}, ""};
  if (!object.metadata_json.empty()) {
    simdjson::dom::parser parser;
    const simdjson::dom::object metadata = parsed(parser, object.metadata_json).get_object().value();
    for (const auto [name, value] : metadata)
      response.headers.emplace_back(name, value.get_string().value());
  }
  if (request.method == "HEAD") {
    response.headers.emplace_back("Content-Length", std::to_string(object.content.size()));
    return response;
  }
  const std::string range = request.header("Range");
  uint64_t first = 0;
  uint64_t last = 0;
  const size_t dash = range.find('-');
  CHECK(range.starts_with("bytes=") && dash != std::string::npos);
  std::from_chars(range.data() + 6, range.data() + dash, first);
  std::from_chars(range.data() + dash + 1, range.data() + range.size(), last);
  if (first >= object.content.size()) return oci_error_response(416, "InvalidRange");
  response.status = 206;
  response.body = object.content.substr(first, last - first + 1);
  return response;
}

ScriptedResponse ModelOci::list_objects(const ReceivedRequest& request) const {
  const std::string prefix = request.query_value("prefix");
  size_t limit = page_;
  if (const std::string told = request.query_value("limit"); !told.empty())
    limit = std::min<size_t>(limit, std::stoul(told));
  std::string list;
  std::string next;
  size_t listed = 0;
  for (auto i = objects_.lower_bound(std::max(prefix, request.query_value("start")));
       i != objects_.end() && i->first.starts_with(prefix); ++i) {
    if (listed++ == limit) {
      next = fmt::format(R"(,"nextStartWith":{})", json_string(i->first));
      break;
    }
    list += fmt::format(R"({}{{"name":{},"size":{},"etag":"{}","timeModified":"{}"}})",
                        list.empty() ? "" : ",", json_string(i->first), i->second.content.size(),
                        i->second.etag, format_rfc3339_milliseconds(i->second.modified));
  }
  return json(fmt::format(R"({{"objects":[{}],"prefixes":[]{}}})", list, next));
}

ScriptedResponse ModelOci::respond_for_uploads(const ReceivedRequest& request) {
  if (request.method == "GET") {
    std::string list;
    for (const auto& [id, upload] : uploads_)
      list += (list.empty() ? "" : ",") + shown_upload(id, upload.key);
    return json("[" + list + "]");
  }
  simdjson::dom::parser parser;
  const simdjson::dom::element details = parsed(parser, request.body);
  Upload upload;
  upload.key = text_in(details, "object");
  if (auto refusal = refuse_condition(request, upload.key)) return *std::move(refusal);
  upload.content_type = text_in(details, "contentType");
  upload.metadata_json = simdjson::minify(details["metadata"].value());
  const std::string id = new_id();
  const std::string shown = shown_upload(id, upload.key);
  uploads_[id] = std::move(upload);
  return json(shown);
}

ScriptedResponse ModelOci::respond_for_upload(const ReceivedRequest& request, const std::string& key) {
  const std::string id = request.query_value("uploadId");
  const auto found = uploads_.find(id);
  if (found == uploads_.end() || found->second.key != key) return oci_error_response(404, "NoSuchUpload");
  if (request.method == "POST") return commit(request, id);
  if (request.method == "DELETE") {
    uploads_.erase(found);
    return {204, {}, ""};
  }
  if (auto refusal = refuse_digest(request)) return *std::move(refusal);
  Object part = new_object(request.body);
  const std::string etag = part.etag;
  found->second.parts[std::stoi(request.query_value("uploadPartNum"))] = std::move(part);
  return {200, {{"etag", etag}}, ""};
}

ScriptedResponse ModelOci::commit(const ReceivedRequest& request, const std::string& id) {
  Upload& upload = uploads_[id];
  if (auto refusal = refuse_condition(request, upload.key)) return *std::move(refusal);
  simdjson::dom::parser parser;
  std::string content;
  size_t parts = 0;
  const simdjson::dom::array told = parsed(parser, request.body)["partsToCommit"].get_array().value();
  for (const simdjson::dom::element part : told) {
    const auto found = upload.parts.find(static_cast<int>(part["partNum"].get_int64().value()));
    if (found == upload.parts.end() || found->second.etag != text_in(part, "etag"))
      return oci_error_response(400, "InvalidUploadPart");
    content += found->second.content;
    ++parts;
  }
  if (parts == 0) return oci_error_response(400, "InvalidUploadPart");
  Object object = new_object(std::move(content));
  object.content_type = upload.content_type;
  object.metadata_json = upload.metadata_json;
  const std::string etag = object.etag;
  objects_[upload.key] = std::move(object);
  uploads_.erase(id);
  return {200, {{"etag", etag}}, ""};
}

}  // namespace rayhistory
