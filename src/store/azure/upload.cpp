#include "store/azure/upload.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/digest.h"
#include "store/retry_pace.h"

namespace rayhistory {
namespace {

// Lower case and without '_', which Azure's signature would sort in a way of its own.
constexpr std::string_view kTokenHeader = "x-ms-meta-raymadefrom";
constexpr size_t kTokenBytes = 16;
// What is hashed at once; memory per upload worker.
constexpr size_t kHashBufferBytes = 256 * 1024;
// 50,000 block IDs in XML.
constexpr Nanoseconds kCommitStallTimeout = std::chrono::minutes(2);

// Azure compares it with what came, so that a body which changed between two reads, or on its way, is
// refused.
Result<std::string> content_md5(const Body& body) {
  Md5 hash;
  std::string buffer(static_cast<size_t>(std::min<uint64_t>(body.size(), kHashBufferBytes)), '\0');
  for (uint64_t offset = 0; offset < body.size();) {
    const size_t piece = static_cast<size_t>(std::min<uint64_t>(buffer.size(), body.size() - offset));
    TRY(body.read_at(offset, std::span(buffer).first(piece)));
    hash.update(std::string_view(buffer).substr(0, piece));
    offset += piece;
  }
  return to_base64(as_text(hash.finish()));
}

// A write that replaces an object's state, and how it is known afterwards that it was done.
class Replacement {
 public:
  Replacement(AzureConnection& connection, std::string key, uint64_t size,
              const std::optional<StoredObject>& replaces)
      : connection_(connection),
        key_(std::move(key)),
        size_(size),
        replaces_(replaces),
        token_(replaces && !replaces->etag.empty() ? replaces->etag : random_hex(kTokenBytes)) {}

  // Its headers are completed, it is sent, and what became of it is found out. `call` has the condition where
  // there is no state that it replaces.
  Result<StoredObject> send(AzureCall call, std::string_view content_type, const Deadline& deadline) {
    call.headers.set("x-ms-blob-content-type", content_type);
    call.headers.set(kTokenHeader, token_);
    if (replaces_) set_azure_condition(call.headers, replaces_);
    Result<AzureResponse> response = connection_.send(call, deadline);
    if (!response) {
      if (response.error().kind != ErrorKind::unknown_outcome) return std::move(response).error();
      return settle(std::move(response).error(), deadline);
    }
    if (response->ok()) {
      const std::string etag = without_quotes(response->header("ETag"));
      if (!etag.empty()) return StoredObject{size_, etag};
      return settle(
          Error{ErrorKind::unknown_outcome, fmt::format("key \"{}\": an answer without ETag", key_)},
          deadline);
    }
    Error error = connection_.error_of(call, *response);
    if (response->code() == "InvalidBlockList" || response->code() == "BlobNotFound")
      error.kind = ErrorKind::exists;  // the object has other blocks, or is gone
    // A 5xx may come after the work was done; a condition or a list that does not fit, from the second
    // arrival of a write that was applied at the first.
    const bool may_be_done = response->http.status >= 500 || error.kind == ErrorKind::exists;
    if (!may_be_done) return error;
    return settle(std::move(error), deadline);
  }

 private:
  Result<StoredObject> settle(Error why, const Deadline& deadline) {
    AzureCall head;
    head.method = HttpMethod::head;
    head.key = key_;
    Result<AzureResponse> response = connection_.send(head, deadline);
    if (!response) return not_found_out(why, response.error());
    const bool is_gone = response->http.status == 404;
    if (!response->ok() && !is_gone) return not_found_out(why, connection_.error_of(head, *response));
    std::optional<StoredObject> object;
    if (!is_gone) object = read_azure_object(response->http.headers);
    if (object && object->size == size_ && response->header(kTokenHeader) == token_) return *object;
    if (replaces_) {
      if (object != replaces_) why.kind = ErrorKind::exists;
      if (why.kind == ErrorKind::unknown_outcome) why.kind = ErrorKind::retry;
    } else if (why.kind == ErrorKind::unknown_outcome || why.kind == ErrorKind::exists) {
      // Whatever it holds is to be replaced: once more, upon what is there now.
      why.kind = ErrorKind::retry;
    }
    return why;
  }

  static Error not_found_out(const Error& why, const Error& error) {
    if (error.kind == ErrorKind::cancelled) return error;
    return Error{ErrorKind::unknown_outcome, fmt::format("{}; then {}", why.message, error.message)};
  }

  AzureConnection& connection_;
  const std::string key_;
  const uint64_t size_;
  const std::optional<StoredObject> replaces_;
  const std::string token_;
};

Result<void> send_block(AzureConnection& connection, const Clock& clock, const std::string& key,
                        const BodyRange& block, const std::string& id, const Deadline& deadline) {
  AzureCall call;
  call.method = HttpMethod::put;
  call.key = key;
  call.query = {{"comp", "block"}, {"blockid", id}};
  TRY_ASSIGN(const std::string md5, content_md5(block));
  call.headers.set("Content-MD5", md5);
  call.body = &block;
  return repeat_while_passing(clock, deadline, [&]() -> Result<void> {
    TRY_ASSIGN(const AzureResponse response, connection.send(call, deadline));
    if (response.ok()) return {};
    Error error = connection.error_of(call, response);
    // The key has blocks with IDs of another length, or holds no block blob: somebody else's, who wrote it
    // before us.
    if (response.code() == "InvalidBlobOrBlock" || response.code() == "InvalidBlobType")
      error.kind = ErrorKind::exists;
    return error;
  });
}

}  // namespace

std::string azure_block_id(uint64_t begin, uint64_t end) {
  // 12 digits hold 256 TiB. Base64 of hex digits has neither '+' nor '/' nor '='.
  return to_base64(fmt::format("{:012x}{:012x}", begin, end));
}

void set_azure_condition(Headers& headers, const std::optional<StoredObject>& state) {
  if (!state) {
    headers.set("If-None-Match", "*");
  } else if (!state->etag.empty()) {
    headers.set("If-Match", with_quotes(state->etag));
  }
}

Result<std::optional<StoredObject>> look_at_azure_blob(AzureConnection& connection, const std::string& key,
                                                       const Deadline& deadline) {
  AzureCall head;
  head.method = HttpMethod::head;
  head.key = key;
  TRY_ASSIGN(const AzureResponse response, connection.send(head, deadline));
  if (response.http.status == 404 && response.code() != "ContainerNotFound")
    return std::optional<StoredObject>();
  if (!response.ok()) return connection.error_of(head, response);
  std::optional<StoredObject> object = read_azure_object(response.http.headers);
  if (!object)
    return Error{ErrorKind::retry, fmt::format("key \"{}\": the answer to HEAD has no Content-Length", key)};
  return object;
}

Result<StoredObject> put_azure_blob(AzureConnection& connection, const std::string& key, const Body& whole,
                                    std::string_view content_type,
                                    const std::optional<StoredObject>& replaces, const Deadline& deadline) {
  AzureCall call;
  call.method = HttpMethod::put;
  call.key = key;
  call.headers.set("x-ms-blob-type", "BlockBlob");
  if (!replaces) {
    TRY_ASSIGN(const std::optional<StoredObject> present, look_at_azure_blob(connection, key, deadline));
    set_azure_condition(call.headers, present);
  }
  TRY_ASSIGN(const std::string md5, content_md5(whole));
  call.headers.set("Content-MD5", md5);
  call.body = &whole;
  return Replacement(connection, key, whole.size(), replaces).send(std::move(call), content_type, deadline);
}

Result<StoredObject> put_azure_blocks(AzureConnection& connection, const AzureLimits& limits,
                                      const Clock& clock, const std::string& key, const Body& whole,
                                      std::string_view content_type,
                                      const std::optional<StoredObject>& replaces, const Deadline& deadline) {
  const uint64_t count = (whole.size() + limits.block_bytes - 1) / limits.block_bytes;
  if (count > limits.most_blocks) {
    return Error{ErrorKind::invalid,
                 fmt::format("key \"{}\": {} bytes, and Azure holds {} at most in {} blocks of {}; what is "
                             "stored of it stays",
                             key, whole.size(), limits.most_blocks * limits.block_bytes, limits.most_blocks,
                             limits.block_bytes)};
  }
  const size_t committed = replaces ? static_cast<size_t>(replaces->size / limits.block_bytes) : 0;
  std::vector<std::string> ids;
  ids.reserve(static_cast<size_t>(count));
  for (uint64_t begin = 0; begin < whole.size(); begin += limits.block_bytes) {
    const uint64_t end = std::min(begin + limits.block_bytes, whole.size());
    ids.push_back(azure_block_id(begin, end));
    if (ids.size() <= committed) continue;
    TRY(send_block(connection, clock, key, BodyRange(whole, begin, end - begin), ids.back(), deadline));
  }
  const MemoryBody list(write_azure_block_list(ids, committed));
  AzureCall commit;
  commit.method = HttpMethod::put;
  commit.key = key;
  commit.query = {{"comp", "blocklist"}};
  commit.headers.set("Content-Type", "application/xml");
  commit.body = &list;
  commit.stall_timeout = kCommitStallTimeout;
  return Replacement(connection, key, whole.size(), replaces).send(std::move(commit), content_type, deadline);
}

}  // namespace rayhistory
