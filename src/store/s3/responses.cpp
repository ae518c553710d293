#include "store/s3/responses.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "base/xml.h"
#include "http/url.h"
#include "store/modified_time.h"

namespace rayhistory {
namespace {

std::optional<uint64_t> read_size(std::string_view digits) {
  uint64_t size = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), size);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return size;
}

bool is_true(const char* text) {
  return std::string_view(text) == "true";
}

}  // namespace

std::optional<S3ErrorResponse> read_s3_error(std::string_view body) {
  const auto document = parse_xml(body);
  if (!document) return std::nullopt;
  const pugi::xml_node error = document->child("Error");
  if (!error) return std::nullopt;
  return S3ErrorResponse{error.child_value("Code"), error.child_value("Message"),
                         error.child_value("Region")};
}

// '+' is a space there, as in a form.
std::optional<std::string> decode_s3_key(std::string_view encoded) {
  std::string key(encoded);
  std::replace(key.begin(), key.end(), '+', ' ');
  Result<std::string> decoded = decode_percent(key);
  if (!decoded) return std::nullopt;
  return *std::move(decoded);
}

std::optional<S3ObjectPage> read_s3_objects(std::string_view body, S3KeyEncoding encoding) {
  const auto document = parse_xml(body);
  if (!document) return std::nullopt;
  const pugi::xml_node result = document->child("ListBucketResult");
  if (!result) return std::nullopt;
  S3ObjectPage page;
  page.says_encoding = !std::string_view(result.child_value("EncodingType")).empty();
  page.truncated = is_true(result.child_value("IsTruncated"));
  page.continuation = result.child_value("NextContinuationToken");
  const bool decodes = page.says_encoding && encoding == S3KeyEncoding::as_said;
  bool has_decoded = false;
  for (const pugi::xml_node content : result.children("Contents")) {
    std::string text = content.child_value("Key");
    const std::optional<uint64_t> size = read_size(content.child_value("Size"));
    if (text.empty() || !size) return std::nullopt;
    std::optional<std::string> decoded = decodes ? decode_s3_key(text) : text;
    if (!decoded || decoded->empty()) page.is_undecodable = true;
    std::string key = decoded ? *std::move(decoded) : text;
    has_decoded = has_decoded || key != text;
    page.undecoded.push_back(std::move(text));
    page.objects.push_back({std::move(key),
                            {*size, without_quotes(content.child_value("ETag")),
                             modified_time(content.child_value("LastModified"))}});
  }
  if (!has_decoded && !page.is_undecodable) page.undecoded.clear();
  return page;
}

std::optional<S3UploadPage> read_s3_uploads(std::string_view body) {
  const auto document = parse_xml(body);
  if (!document) return std::nullopt;
  const pugi::xml_node result = document->child("ListMultipartUploadsResult");
  if (!result) return std::nullopt;
  S3UploadPage page;
  page.truncated = is_true(result.child_value("IsTruncated"));
  page.next = {result.child_value("NextKeyMarker"), result.child_value("NextUploadIdMarker")};
  for (const pugi::xml_node upload : result.children("Upload")) {
    std::string key = upload.child_value("Key");
    std::string id = upload.child_value("UploadId");
    if (key.empty() || id.empty()) return std::nullopt;
    page.uploads.push_back({std::move(key), std::move(id)});
  }
  return page;
}

std::optional<std::string> read_s3_upload_id(std::string_view body) {
  const auto document = parse_xml(body);
  if (!document) return std::nullopt;
  const pugi::xml_node root = document->document_element();
  // rclone leaves out "Result".
  const bool is_response = std::string_view(root.name()).starts_with("InitiateMultipartUpload");
  std::string id = is_response ? root.child_value("UploadId") : "";
  if (id.empty()) return std::nullopt;
  return id;
}

std::optional<std::string> read_s3_etag(std::string_view body) {
  const auto document = parse_xml(body);
  if (!document) return std::nullopt;
  const std::string_view root = document->document_element().name();
  constexpr std::array<std::string_view, 3> kResults = {"CompleteMultipartUploadResult", "CopyObjectResult",
                                                        "CopyPartResult"};
  if (std::find(kResults.begin(), kResults.end(), root) == kResults.end()) return std::nullopt;
  std::string etag = without_quotes(document->document_element().child_value("ETag"));
  if (etag.empty()) return std::nullopt;
  return etag;
}

std::optional<size_t> read_s3_part_count(std::string_view body) {
  const auto document = parse_xml(body);
  if (!document) return std::nullopt;
  const pugi::xml_node result = document->child("ListPartsResult");
  if (!result) return std::nullopt;
  const auto parts = result.children("Part");
  return static_cast<size_t>(std::distance(parts.begin(), parts.end()));
}

std::optional<bool> read_s3_versioning(std::string_view body) {
  const auto document = parse_xml(body);
  if (!document) return std::nullopt;
  const pugi::xml_node configuration = document->child("VersioningConfiguration");
  if (!configuration) return std::nullopt;
  return std::string_view(configuration.child_value("Status")) == "Enabled";
}

std::optional<S3Lifecycle> read_s3_lifecycle(std::string_view body) {
  const auto document = parse_xml(body);
  if (!document) return std::nullopt;
  const pugi::xml_node configuration = document->child("LifecycleConfiguration");
  if (!configuration) return std::nullopt;
  S3Lifecycle lifecycle;
  for (const pugi::xml_node rule : configuration.children("Rule")) {
    const pugi::xml_node filter = rule.child("Filter");
    const pugi::xml_node both = filter.child("And");
    if (std::string_view(rule.child_value("Status")) != "Enabled") continue;
    if (rule.child("Tag") || filter.child("Tag") || both.child("Tag")) continue;
    if (rule.child("NoncurrentVersionExpiration")) lifecycle.removes_old_versions = true;
    const pugi::xml_node expiration = rule.child("Expiration");
    const std::string days = expiration.child_value("Days");
    std::string date = expiration.child_value("Date");
    if (date.empty()) date = expiration.child_value("CreatedBeforeDate");  // OSS: of what was stored before
    if (days.empty() && date.empty()) continue;  // it removes the markers of deleted objects only
    std::string prefix = rule.child_value("Prefix");
    if (prefix.empty()) prefix = filter.child_value("Prefix");
    if (prefix.empty()) prefix = both.child_value("Prefix");
    lifecycle.expirations.push_back({rule.child_value("ID"), std::move(prefix),
                                     days.empty() ? "on " + date : fmt::format("after {} days", days)});
  }
  return lifecycle;
}

std::optional<std::string> read_s3_default_retention(std::string_view body) {
  const auto document = parse_xml(body);
  if (!document) return std::nullopt;
  const pugi::xml_node retention =
      document->child("ObjectLockConfiguration").child("Rule").child("DefaultRetention");
  const std::string_view days = retention.child_value("Days");
  const std::string_view years = retention.child_value("Years");
  if (days.empty() && years.empty()) return std::nullopt;
  return days.empty() ? fmt::format("{} years", years) : fmt::format("{} days", days);
}

std::string write_s3_complete(const std::vector<std::string>& etags, std::string_view xml_namespace) {
  std::string body = xml_namespace.empty()
                         ? std::string("<CompleteMultipartUpload>")
                         : fmt::format("<CompleteMultipartUpload xmlns=\"{}\">", xml_namespace);
  for (size_t i = 0; i < etags.size(); ++i) {
    // An ETag is hex digits and '-' wherever we looked, but it is the server's to choose.
    body += fmt::format("<Part><PartNumber>{}</PartNumber><ETag>\"{}\"</ETag></Part>", i + 1,
                        escape_xml(etags[i]));
  }
  body += "</CompleteMultipartUpload>";
  return body;
}

std::optional<StoredObject> read_s3_object(const Headers& headers) {
  const std::optional<uint64_t> size = read_size(headers.find("Content-Length").value_or(""));
  if (!size) return std::nullopt;
  return StoredObject{*size, without_quotes(headers.find("ETag").value_or("")),
                      modified_time(headers.find("Last-Modified").value_or(""))};
}

}  // namespace rayhistory
