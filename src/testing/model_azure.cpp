#include "testing/model_azure.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "base/check.h"
#include "base/digest.h"
#include "http/url.h"

namespace rayhistory {
namespace {

std::string quoted(const std::string& etag) {
  return "\"" + etag + "\"";
}

// "bytes=3-9" of `size` bytes; nothing where it begins behind them.
std::optional<std::pair<size_t, size_t>> range_of(std::string_view header, size_t size) {
  uint64_t first = 0;
  uint64_t last = 0;
  const size_t dash = header.find('-');
  std::from_chars(header.data() + std::string_view("bytes=").size(), header.data() + dash, first);
  std::from_chars(header.data() + dash + 1, header.data() + header.size(), last);
  if (first >= size) return std::nullopt;
  return std::pair<size_t, size_t>(first, std::min<uint64_t>(last, size - 1) - first + 1);
}

bool is_whole(const ReceivedRequest& request) {
  CHECK(request.body.size() == request.body_size);
  const std::string digest = request.header("Content-MD5");
  return digest.empty() || digest == to_base64(as_text(md5(request.body)));
}

}  // namespace

std::string ModelAzure::Blob::content() const {
  std::string whole;
  for (const auto& [id, bytes] : blocks)
    whole += bytes;
  return whole;
}

ScriptedResponse azure_error_response(int status, std::string_view code) {
  return {status,
          {{"Content-Type", "application/xml"},
           {"x-ms-request-id", "REQUEST-ID"},
           {"x-ms-error-code", std::string(code)}},
          fmt::format("\xEF\xBB\xBF<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>{}</Code>"
                      "<Message>The message of {}\nRequestId:REQUEST-ID\nTime:2026-11-23</Message></Error>",
                      code, code)};
}

void ModelAzure::fail_request(int n, AzureFault fault) {
  fault_ = fault;
  requests_until_fault_ = n;
  has_failed_ = false;
}

size_t ModelAzure::uncommitted_blocks() const {
  size_t count = 0;
  for (const auto& [key, blocks] : uncommitted_)
    count += blocks.size();
  return count;
}

void ModelAzure::set(const std::string& key, std::string content) {
  blobs_[key] = {{{"", std::move(content)}}, new_etag(), {}, 0};
}

ScriptedResponse ModelAzure::respond(const ReceivedRequest& request) {
  const bool is_read = request.method == "GET" || request.method == "HEAD";
  if (!fault_ || requests_until_fault_-- != 0) {
    ScriptedResponse response = respond_rightly(request);
    if (!is_read && late_) respond_rightly(*std::exchange(late_, std::nullopt));
    return response;
  }
  has_failed_ = true;
  switch (*std::exchange(fault_, std::nullopt)) {
    case AzureFault::refused:
      return azure_error_response(500, "InternalError");
    case AzureFault::server_busy: {
      ScriptedResponse response = azure_error_response(503, "ServerBusy");
      response.headers.emplace_back("Retry-After", "1");
      return response;
    }
    case AzureFault::lost_request:
      return {.cut_after = 0};
    case AzureFault::lost_response: {
      ScriptedResponse response = respond_rightly(request);
      response.cut_after = 0;
      return response;
    }
    case AzureFault::half_response: {
      ScriptedResponse response = respond_rightly(request);
      response.cut_after = 30;
      return response;
    }
    case AzureFault::busy_but_done:
      respond_rightly(request);
      return azure_error_response(503, "ServerBusy");
    case AzureFault::done_twice:
      respond_rightly(request);
      return respond_rightly(request);
    case AzureFault::done_late:
      if (!is_read) late_ = request;
      return {.cut_after = 0};
  }
  UNREACHABLE("an AzureFault out of range");
}

ScriptedResponse ModelAzure::respond_rightly(const ReceivedRequest& request) {
  const std::string container_path = "/account/" + container_;
  const std::string path = *decode_percent(request.path());
  if (!path.starts_with(container_path)) return azure_error_response(404, "ContainerNotFound");
  if (path == container_path) return {};
  const std::string key = path.substr(container_path.size() + 1);
  if (request.method == "PUT" && !is_whole(request)) return azure_error_response(400, "Md5Mismatch");
  if (request.method == "PUT" && request.has_query("comp=block")) return put_block(key, request);
  if (request.method == "PUT" && request.has_query("comp=blocklist")) return put_block_list(key, request);
  if (request.method == "PUT" && request.headers.find("x-ms-copy-source")) return copy_blob(key, request);
  if (request.method == "PUT") return put_blob(key, request);
  if (request.method == "DELETE") {
    blobs_.erase(key);
    return {202};
  }
  return get_blob(key, request);
}

std::optional<ScriptedResponse> ModelAzure::check_condition(const std::string& key,
                                                            const ReceivedRequest& request) const {
  const auto present = blobs_.find(key);
  const std::string match = request.header("If-Match");
  if (!match.empty() && (present == blobs_.end() || match != quoted(present->second.etag)))
    return azure_error_response(412, "ConditionNotMet");
  if (request.header("If-None-Match") == "*" && present != blobs_.end())
    return azure_error_response(409, "BlobAlreadyExists");
  if (present != blobs_.end() && present->second.looks_until_copied > 0)
    return azure_error_response(409, "PendingCopyOperation");
  return std::nullopt;
}

ScriptedResponse ModelAzure::store(const std::string& key, Blob blob) {
  blob.etag = new_etag();
  uncommitted_.erase(key);
  const Blob& stored = blobs_[key] = std::move(blob);
  return {201, {{"ETag", quoted(stored.etag)}}};
}

ScriptedResponse ModelAzure::put_blob(const std::string& key, const ReceivedRequest& request) {
  if (auto refusal = check_condition(key, request)) return *refusal;
  return store(key, {{{"", request.body}}, "", request.headers, 0});
}

ScriptedResponse ModelAzure::put_block(const std::string& key, const ReceivedRequest& request) {
  const std::string id = request.query_value("blockid");
  auto& blocks = uncommitted_[key];
  if (!blocks.empty() && blocks.begin()->first.size() != id.size())
    return azure_error_response(400, "InvalidBlobOrBlock");
  blocks[id] = request.body;
  return {201};
}

ScriptedResponse ModelAzure::put_block_list(const std::string& key, const ReceivedRequest& request) {
  if (auto refusal = check_condition(key, request)) return *refusal;
  Blob blob;
  blob.headers = request.headers;
  std::string_view rest = request.body;
  const auto present = blobs_.find(key);
  while (true) {
    const size_t begin = std::min(rest.find("<Committed>"), rest.find("<Uncommitted>"));
    if (begin == std::string_view::npos) break;
    rest.remove_prefix(begin);
    const bool committed = rest.starts_with("<Committed>");
    rest.remove_prefix(rest.find('>') + 1);
    const std::string id(rest.substr(0, rest.find('<')));
    std::optional<std::string> bytes;
    if (committed && present != blobs_.end()) {
      for (const auto& [block_id, block] : present->second.blocks)
        if (block_id == id) bytes = block;
    }
    const auto& blocks = uncommitted_[key];
    if (const auto found = blocks.find(id); !committed && found != blocks.end()) bytes = found->second;
    if (!bytes) return azure_error_response(400, "InvalidBlockList");
    blob.blocks.emplace_back(id, *std::move(bytes));
  }
  return store(key, std::move(blob));
}

ScriptedResponse ModelAzure::copy_blob(const std::string& key, const ReceivedRequest& request) {
  if (auto refusal = check_condition(key, request)) return *refusal;
  const std::string source = *decode_percent(request.header("x-ms-copy-source"));
  const std::string place = "/account/" + container_ + "/";
  const auto found = blobs_.find(source.substr(source.find(place) + place.size()));
  if (found == blobs_.end()) return azure_error_response(404, "BlobNotFound");
  if (request.header("x-ms-source-if-match") != quoted(found->second.etag))
    return azure_error_response(412, "SourceConditionNotMet");
  Blob copied = found->second;
  copied.looks_until_copied = looks_of_copies_;
  ScriptedResponse response = store(key, std::move(copied));
  response.status = 202;
  response.headers.emplace_back("x-ms-copy-id", "copy-" + std::to_string(last_etag_));
  blobs_[key].headers.set("x-ms-copy-id", "copy-" + std::to_string(last_etag_));
  response.headers.emplace_back("x-ms-copy-status", looks_of_copies_ > 0 ? "pending" : "success");
  return response;
}

ScriptedResponse ModelAzure::get_blob(const std::string& key, const ReceivedRequest& request) {
  const auto found = blobs_.find(key);
  if (found == blobs_.end()) return azure_error_response(404, "BlobNotFound");
  Blob& blob = found->second;
  if (request.method == "HEAD" && blob.looks_until_copied > 0) --blob.looks_until_copied;
  ScriptedResponse response{200, {{"ETag", quoted(blob.etag)}}, blob.content()};
  for (const auto& [name, value] : blob.headers.all()) {
    const bool is_told = name.starts_with("x-ms-meta-") || name == "x-ms-copy-id";
    if (is_told) response.headers.emplace_back(name, value);
  }
  if (blob.headers.find("x-ms-copy-id"))
    response.headers.emplace_back("x-ms-copy-status", blob.looks_until_copied > 0 ? "pending" : "success");
  if (const auto header = request.headers.find("x-ms-range")) {
    const auto range = range_of(*header, response.body.size());
    if (!range) return azure_error_response(416, "InvalidRange");
    response.status = 206;
    response.body = response.body.substr(range->first, range->second);
  }
  return response;
}

}  // namespace rayhistory
