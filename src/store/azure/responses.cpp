#include "store/azure/responses.h"

#include <algorithm>
#include <charconv>
#include <utility>

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

// The object as the collector is to see it. What a copy has not filled yet, or never did, holds nothing that
// could be built upon: its size is the source's at once, its bytes come later.
StoredObject object_of(uint64_t size, std::string_view etag, std::string_view modified,
                       std::string_view copy_status) {
  const bool is_whole = copy_status.empty() || copy_status == "success";
  return StoredObject{is_whole ? size : 0, without_quotes(etag), modified_time(modified)};
}

// Names with characters that XML has none for come percent-encoded, since version 2021-02-12.
std::optional<std::string> name_of(const pugi::xml_node& blob) {
  const pugi::xml_node name = blob.child("Name");
  const std::string text = name.child_value();
  if (std::string_view(name.attribute("Encoded").value()) != "true") return text;
  Result<std::string> decoded = decode_percent(text);
  if (!decoded) return std::nullopt;
  return *std::move(decoded);
}

}  // namespace

std::optional<AzureErrorResponse> read_azure_error(std::string_view body) {
  // Azure's begin with a byte order mark.
  if (body.starts_with("\xEF\xBB\xBF")) body.remove_prefix(3);
  const auto document = parse_xml(body);
  if (!document) return std::nullopt;
  const pugi::xml_node error = document->child("Error");
  if (!error) return std::nullopt;
  AzureErrorResponse response{error.child_value("Code"), error.child_value("Message"), ""};
  response.message.resize(std::min(response.message.find_first_of("\r\n"), response.message.size()));
  const std::string_view detail = error.child_value("AuthenticationErrorDetail");
  for (const std::string_view about_time : {"Signature not valid in the specified", "Request date header"})
    if (detail.starts_with(about_time)) response.detail = detail.substr(0, detail.find_first_of("\r\n"));
  return response;
}

std::optional<AzureBlobPage> read_azure_blobs(std::string_view body) {
  if (body.starts_with("\xEF\xBB\xBF")) body.remove_prefix(3);
  const auto document = parse_xml(body);
  if (!document) return std::nullopt;
  const pugi::xml_node result = document->child("EnumerationResults");
  if (!result) return std::nullopt;
  AzureBlobPage page;
  page.marker = result.child_value("NextMarker");
  for (const pugi::xml_node blob : result.child("Blobs").children("Blob")) {
    const pugi::xml_node properties = blob.child("Properties");
    if (std::string_view(properties.child_value("ResourceType")) == "directory") continue;
    std::optional<std::string> name = name_of(blob);
    const std::optional<uint64_t> size = read_size(properties.child_value("Content-Length"));
    if (!name || name->empty() || !size) return std::nullopt;
    page.objects.push_back({*std::move(name), object_of(*size, properties.child_value("Etag"),
                                                        properties.child_value("Last-Modified"),
                                                        properties.child_value("CopyStatus"))});
  }
  return page;
}

std::optional<AzureSoftDelete> read_azure_soft_delete(std::string_view body) {
  if (body.starts_with("\xEF\xBB\xBF")) body.remove_prefix(3);
  const auto document = parse_xml(body);
  if (!document) return std::nullopt;
  const pugi::xml_node properties = document->child("StorageServiceProperties");
  if (!properties) return std::nullopt;
  const pugi::xml_node policy = properties.child("DeleteRetentionPolicy");
  return AzureSoftDelete{std::string_view(policy.child_value("Enabled")) == "true",
                         policy.child("Days").text().as_int()};
}

std::optional<StoredObject> read_azure_object(const Headers& headers) {
  const std::optional<uint64_t> size = read_size(headers.find("Content-Length").value_or(""));
  if (!size) return std::nullopt;
  return object_of(*size, headers.find("ETag").value_or(""), headers.find("Last-Modified").value_or(""),
                   headers.find("x-ms-copy-status").value_or(""));
}

std::string write_azure_block_list(const std::vector<std::string>& block_ids, size_t committed) {
  // IDs are base64: nothing in them has to be escaped.
  std::string body = "<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList>";
  for (size_t i = 0; i < block_ids.size(); ++i) {
    const char* kind = i < committed ? "Committed" : "Uncommitted";
    body.append("<").append(kind).append(">").append(block_ids[i]);
    body.append("</").append(kind).append(">");
  }
  body += "</BlockList>";
  return body;
}

}  // namespace rayhistory
