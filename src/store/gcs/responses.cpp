#include "store/gcs/responses.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>
#include <simdjson.h>

#include "base/json_text.h"
#include "store/modified_time.h"

namespace rayhistory {
namespace {

using simdjson::SUCCESS;
using Object = simdjson::dom::object;

// A page of 1,000 objects, asked for with the fields that are read, is below 2 MiB.
constexpr size_t kLongestResponseBytes = 8 * 1024 * 1024;

bool parse(simdjson::dom::parser& parser, std::string_view body, Object& object) {
  return body.size() <= kLongestResponseBytes &&
         parser.parse(body.data(), body.size()).get(object) == SUCCESS;
}

std::string_view text_in(const Object& object, std::string_view name) {
  std::string_view text;
  return object[name].get(text) == SUCCESS ? text : std::string_view();
}

// 64-bit numbers come as text.
std::optional<uint64_t> number_in(const Object& object, std::string_view name) {
  const std::string_view text = text_in(object, name);
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<GcsObject> object_of(const Object& resource) {
  GcsObject object;
  object.name = text_in(resource, "name");
  object.stored.etag = text_in(resource, "generation");
  const std::optional<uint64_t> size = number_in(resource, "size");
  if (object.name.empty() || !size || !is_gcs_generation(object.stored.etag)) return std::nullopt;
  object.stored.size = *size;
  // Of the generation. What `updated` says changes with the metadata too.
  object.stored.modified_nanoseconds = modified_time(text_in(resource, "timeCreated"));
  Object metadata;
  if (resource["metadata"].get(metadata) == SUCCESS) object.extends = text_in(metadata, kGcsExtendsMetadata);
  return object;
}

// A lifecycle rule that deletes: what it means for the bucket.
void take_deletion(const Object& condition, GcsBucket& bucket) {
  bool is_live = true;
  int64_t number = 0;
  const bool is_about_old_versions = (condition["isLive"].get(is_live) == SUCCESS && !is_live) ||
                                     condition["numNewerVersions"].get(number) == SUCCESS ||
                                     condition["daysSinceNoncurrentTime"].get(number) == SUCCESS;
  if (is_about_old_versions) {
    bucket.removes_old_versions = true;
    return;
  }
  std::string when = condition["age"].get(number) == SUCCESS ? fmt::format("after {} days", number)
                                                             : std::string("under a condition");
  simdjson::dom::array prefixes;
  if (condition["matchesPrefix"].get(prefixes) == SUCCESS) {
    for (const simdjson::dom::element prefix : prefixes) {
      std::string_view text;
      if (prefix.get(text) == SUCCESS) when += fmt::format(" below \"{}\"", text);
    }
  }
  bucket.expirations.push_back(std::move(when));
}

void take_lifecycle(const Object& response, GcsBucket& bucket) {
  Object lifecycle;
  simdjson::dom::array rules;
  if (response["lifecycle"].get(lifecycle) != SUCCESS || lifecycle["rule"].get(rules) != SUCCESS) return;
  for (const simdjson::dom::element element : rules) {
    Object rule;
    Object action;
    Object condition;
    if (element.get(rule) != SUCCESS || rule["action"].get(action) != SUCCESS ||
        rule["condition"].get(condition) != SUCCESS)
      continue;
    if (text_in(action, "type") == "Delete") take_deletion(condition, bucket);
  }
}

}  // namespace

bool is_gcs_generation(std::string_view text) {
  constexpr size_t kMostDigits = 19;  // of a signed 64-bit number
  return !text.empty() && text.size() <= kMostDigits &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::optional<GcsErrorResponse> read_gcs_error(std::string_view body) {
  simdjson::dom::parser parser;
  Object object;
  Object error;
  if (!parse(parser, body, object) || object["error"].get(error) != SUCCESS) return std::nullopt;
  GcsErrorResponse response;
  response.message = text_in(error, "message");
  simdjson::dom::array errors;
  Object first;
  if (error["errors"].get(errors) == SUCCESS && errors.size() > 0 && errors.at(0).get(first) == SUCCESS)
    response.reason = text_in(first, "reason");
  return response;
}

std::optional<GcsObject> read_gcs_object(std::string_view body) {
  simdjson::dom::parser parser;
  Object object;
  if (!parse(parser, body, object)) return std::nullopt;
  return object_of(object);
}

std::optional<GcsObjectPage> read_gcs_objects(std::string_view body) {
  simdjson::dom::parser parser;
  Object response;
  // With `fields`, a page without an object is an empty JSON object.
  if (!parse(parser, body, response) || response["error"].error() == SUCCESS) return std::nullopt;
  GcsObjectPage page;
  page.next_page = text_in(response, "nextPageToken");
  simdjson::dom::element items;
  if (response["items"].get(items) != SUCCESS || items.is_null()) return page;
  simdjson::dom::array list;
  if (items.get(list) != SUCCESS) return std::nullopt;
  for (const simdjson::dom::element item : list) {
    Object resource;
    if (item.get(resource) != SUCCESS) return std::nullopt;
    std::optional<GcsObject> object = object_of(resource);
    if (!object) return std::nullopt;
    page.objects.push_back({std::move(object->name), std::move(object->stored)});
  }
  return page;
}

std::optional<GcsRewrite> read_gcs_rewrite(std::string_view body) {
  simdjson::dom::parser parser;
  Object response;
  bool done = false;
  if (!parse(parser, body, response) || response["done"].get(done) != SUCCESS) return std::nullopt;
  GcsRewrite rewrite;
  if (!done) {
    rewrite.token = text_in(response, "rewriteToken");
    if (rewrite.token.empty()) return std::nullopt;
    return rewrite;
  }
  Object resource;
  if (response["resource"].get(resource) != SUCCESS) return std::nullopt;
  rewrite.object = object_of(resource);
  if (!rewrite.object) return std::nullopt;
  return rewrite;
}

std::optional<GcsBucket> read_gcs_bucket(std::string_view body) {
  simdjson::dom::parser parser;
  Object response;
  if (!parse(parser, body, response) || text_in(response, "name").empty()) return std::nullopt;
  GcsBucket bucket;
  Object part;
  bool enabled = false;
  if (response["versioning"].get(part) == SUCCESS && part["enabled"].get(enabled) == SUCCESS)
    bucket.is_versioned = enabled;
  if (response["softDeletePolicy"].get(part) == SUCCESS)
    bucket.soft_delete_seconds = number_in(part, "retentionDurationSeconds").value_or(0);
  if (response["retentionPolicy"].get(part) == SUCCESS)
    bucket.retention_seconds = number_in(part, "retentionPeriod").value_or(0);
  if (response["defaultEventBasedHold"].get(enabled) == SUCCESS) bucket.holds_new_objects = enabled;
  take_lifecycle(response, bucket);
  return bucket;
}

std::string write_gcs_compose(std::string_view key, std::string_view generation, std::string_view tail,
                              std::string_view content_type) {
  return fmt::format(
      R"({{"sourceObjects":[{{"name":{0},"objectPreconditions":{{"ifGenerationMatch":"{1}"}}}},{{"name":{2}}}],)"
      R"("destination":{{"contentType":{3},"metadata":{{"{4}":"{1}"}}}}}})",
      json_string(key), generation, json_string(tail), json_string(content_type), kGcsExtendsMetadata);
}

std::string write_gcs_upload(std::string_view content_type) {
  return fmt::format(R"({{"contentType":{}}})", json_string(content_type));
}

std::string write_gcs_new_bucket(std::string_view name) {
  return fmt::format(
      R"({{"name":{},"iamConfiguration":{{"uniformBucketLevelAccess":{{"enabled":true}},)"
      R"("publicAccessPrevention":"enforced"}},"softDeletePolicy":{{"retentionDurationSeconds":"0"}}}})",
      json_string(name));
}

}  // namespace rayhistory
