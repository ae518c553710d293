#include "store/oci/responses.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>
#include <simdjson.h>

#include "base/json_text.h"
#include "store/etag.h"
#include "store/modified_time.h"

namespace rayhistory {
namespace {

using simdjson::SUCCESS;
using Array = simdjson::dom::array;
using Element = simdjson::dom::element;
using Object = simdjson::dom::object;

// A page of 1,000 objects with names of 1,024 bytes, each escaped as six, is below 7 MiB.
constexpr size_t kLongestResponseBytes = 8 * 1024 * 1024;
constexpr size_t kLongestEtagBytes = 256;
constexpr size_t kLongestNamespaceBytes = 256;

template <typename Value>
bool parse(simdjson::dom::parser& parser, std::string_view body, Value& value) {
  return body.size() <= kLongestResponseBytes && parser.parse(body.data(), body.size()).get(value) == SUCCESS;
}

std::string_view text_in(const Object& object, std::string_view name) {
  std::string_view text;
  return object[name].get(text) == SUCCESS ? text : std::string_view();
}

bool truth_in(const Object& object, std::string_view name) {
  bool value = false;
  return object[name].get(value) == SUCCESS && value;
}

bool is_visible(char c) {
  return c > ' ' && c < 0x7f && c != '"';
}

// The list that an object has under `name`; nothing where there is none.
std::optional<Array> list_in(const Object& object, std::string_view name) {
  Array list;
  if (object[name].get(list) != SUCCESS) return std::nullopt;
  return list;
}

}  // namespace

bool is_oci_etag(std::string_view text) {
  return !text.empty() && text.size() <= kLongestEtagBytes &&
         std::all_of(text.begin(), text.end(), is_visible);
}

std::optional<std::string> read_oci_namespace(std::string_view body) {
  simdjson::dom::parser parser;
  std::string_view name;
  if (!parse(parser, body, name)) return std::nullopt;
  const bool is_name = !name.empty() && name.size() <= kLongestNamespaceBytes &&
                       std::all_of(name.begin(), name.end(), [](char c) {
                         return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                                c == '-' || c == '_';
                       });
  if (!is_name) return std::nullopt;
  return std::string(name);
}

std::optional<OciObjectPage> read_oci_objects(std::string_view body) {
  simdjson::dom::parser parser;
  Object response;
  if (!parse(parser, body, response)) return std::nullopt;
  const std::optional<Array> list = list_in(response, "objects");
  if (!list) return std::nullopt;
  OciObjectPage page;
  page.next_start = text_in(response, "nextStartWith");
  for (const Element element : *list) {
    Object entry;
    uint64_t size = 0;
    if (element.get(entry) != SUCCESS || entry["size"].get(size) != SUCCESS) return std::nullopt;
    ListedObject listed;
    listed.key = text_in(entry, "name");
    listed.object.size = size;
    listed.object.etag = without_quotes(text_in(entry, "etag"));
    listed.object.modified_nanoseconds = modified_time(text_in(entry, "timeModified"));
    if (listed.key.empty() || !is_oci_etag(listed.object.etag)) return std::nullopt;
    page.objects.push_back(std::move(listed));
  }
  return page;
}

std::optional<StoredObject> read_oci_object(const Headers& headers) {
  const std::string_view length = headers.find("Content-Length").value_or("");
  StoredObject object;
  const auto [end, error] = std::from_chars(length.data(), length.data() + length.size(), object.size);
  if (length.empty() || error != std::errc() || end != length.data() + length.size()) return std::nullopt;
  object.etag = without_quotes(headers.find("ETag").value_or(""));
  if (!is_oci_etag(object.etag)) return std::nullopt;
  object.modified_nanoseconds = modified_time(headers.find("Last-Modified").value_or(""));
  return object;
}

std::optional<std::string> read_oci_upload_id(std::string_view body) {
  simdjson::dom::parser parser;
  Object response;
  if (!parse(parser, body, response)) return std::nullopt;
  const std::string_view id = text_in(response, "uploadId");
  if (id.empty()) return std::nullopt;
  return std::string(id);
}

std::optional<std::vector<OciUnfinishedUpload>> read_oci_uploads(std::string_view body) {
  simdjson::dom::parser parser;
  Array list;
  if (!parse(parser, body, list)) return std::nullopt;
  std::vector<OciUnfinishedUpload> uploads;
  for (const Element element : list) {
    Object entry;
    if (element.get(entry) != SUCCESS) return std::nullopt;
    OciUnfinishedUpload upload{std::string(text_in(entry, "object")),
                               std::string(text_in(entry, "uploadId"))};
    if (upload.key.empty() || upload.id.empty()) return std::nullopt;
    uploads.push_back(std::move(upload));
  }
  return uploads;
}

std::optional<OciBucket> read_oci_bucket(std::string_view body) {
  simdjson::dom::parser parser;
  Object response;
  if (!parse(parser, body, response) || text_in(response, "name").empty()) return std::nullopt;
  return OciBucket{.is_versioned = text_in(response, "versioning") == "Enabled",
                   .is_read_only = truth_in(response, "isReadOnly"),
                   .is_archive = text_in(response, "storageTier") == "Archive"};
}

std::optional<std::vector<OciLifecycleRule>> read_oci_lifecycle(std::string_view body) {
  simdjson::dom::parser parser;
  Object response;
  if (!parse(parser, body, response)) return std::nullopt;
  std::vector<OciLifecycleRule> rules;
  Element items;
  if (response["items"].get(items) != SUCCESS || items.is_null()) return rules;
  Array list;
  if (items.get(list) != SUCCESS) return std::nullopt;
  for (const Element element : list) {
    Object entry;
    if (element.get(entry) != SUCCESS) return std::nullopt;
    if (!truth_in(entry, "isEnabled")) continue;
    int64_t amount = 0;
    if (entry["timeAmount"].get(amount) != SUCCESS) amount = 0;
    rules.push_back({.name = std::string(text_in(entry, "name")),
                     .action = std::string(text_in(entry, "action")),
                     .target = std::string(text_in(entry, "target")),
                     .after = fmt::format("{} {}", amount, text_in(entry, "timeUnit"))});
  }
  return rules;
}

std::optional<size_t> read_oci_retention_rules(std::string_view body) {
  simdjson::dom::parser parser;
  Object response;
  if (!parse(parser, body, response)) return std::nullopt;
  const std::optional<Array> items = list_in(response, "items");
  if (!items) return std::nullopt;
  return items->size();
}

std::string write_oci_new_bucket(std::string_view name, std::string_view compartment) {
  return fmt::format(
      R"({{"name":{},"compartmentId":{},"publicAccessType":"NoPublicAccess","versioning":"Disabled"}})",
      json_string(name), json_string(compartment));
}

std::string write_oci_new_upload(std::string_view key, std::string_view content_type,
                                 std::string_view token) {
  std::string json = fmt::format(R"({{"object":{},"metadata":{{"{}":{}}})", json_string(key),
                                 kOciUploadMetadata, json_string(token));
  if (!content_type.empty()) json += fmt::format(R"(,"contentType":{})", json_string(content_type));
  return json + "}";
}

std::string write_oci_commit(const std::vector<std::string>& etags) {
  std::string json = R"({"partsToCommit":[)";
  for (size_t i = 0; i < etags.size(); ++i)
    json += fmt::format(R"({}{{"partNum":{},"etag":{}}})", i == 0 ? "" : ",", i + 1, json_string(etags[i]));
  return json + "]}";
}

}  // namespace rayhistory
