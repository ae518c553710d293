#include "store/s3_upload.h"

#include <algorithm>
#include <charconv>
#include <functional>
#include <utility>

#include <fmt/format.h>

#include "base/digest.h"
#include "store/retry_pace.h"

namespace rayhistory {
namespace {

constexpr std::string_view kTokenHeader = "meta-ray-upload";  // after the dialect's prefix
constexpr size_t kTokenBytes = 16;
// Aborting can race a part that is still on its way, so it is repeated until the store shows none
// (AbortMultipartUpload in S3's API reference).
constexpr int kAbortTries = 3;

bool is_passing(const Error& error) {
  return error.kind == ErrorKind::retry || error.kind == ErrorKind::unknown_outcome;
}

}  // namespace

uint64_t s3_part_size(uint64_t size, uint64_t parts_left, const S3Limits& limits) {
  CHECK(parts_left > 0);
  return std::max(limits.sent_part_bytes, (size + parts_left - 1) / parts_left);
}

S3MultipartUpload::S3MultipartUpload(S3Connection& connection, S3Abilities& abilities, const S3Limits& limits,
                                     const Clock& clock, std::string key,
                                     std::optional<StoredObject> replaces)
    : connection_(connection),
      abilities_(abilities),
      limits_(limits),
      clock_(clock),
      key_(std::move(key)),
      replaces_(std::move(replaces)),
      token_(random_hex(kTokenBytes)) {}

Result<S3MultipartUpload> S3MultipartUpload::begin(S3Connection& connection, S3Abilities& abilities,
                                                   const S3Limits& limits, const Clock& clock,
                                                   std::string key, std::string_view content_type,
                                                   std::optional<StoredObject> replaces,
                                                   const Deadline& deadline) {
  S3MultipartUpload upload(connection, abilities, limits, clock, std::move(key), std::move(replaces));
  // No checksum algorithm: MinIO then refuses copied parts, which have none.
  S3Call call;
  call.method = HttpMethod::post;
  call.key = upload.key_;
  call.query = {{"uploads", ""}};
  if (!content_type.empty()) call.headers.set("Content-Type", content_type);
  call.headers.set(connection.dialect().header(kTokenHeader), upload.token_);
  TRY_ASSIGN(const S3Answer answer, connection.send(call, deadline));
  if (!answer.ok()) return connection.error_of(call, answer);
  std::optional<std::string> id = read_s3_upload_id(answer.response.body);
  if (!id) {
    return Error{ErrorKind::unknown_outcome,
                 fmt::format("key \"{}\": the answer to a new upload has no upload ID", upload.key_)};
  }
  upload.id_ = *std::move(id);
  return upload;
}

S3Call S3MultipartUpload::call(HttpMethod method) const {
  S3Call call;
  call.method = method;
  call.key = key_;
  call.query = {{"uploadId", id_}};
  return call;
}

Result<void> S3MultipartUpload::copy_whole(const std::string& from, const StoredObject& source,
                                           const Deadline& deadline) {
  const uint64_t parts = (source.size + limits_.copied_part_bytes - 1) / limits_.copied_part_bytes;
  if (parts > limits_.most_parts - etags_.size()) {
    return Error{ErrorKind::invalid,
                 fmt::format("key \"{}\": larger than {} can hold", key_, connection_.dialect().provider)};
  }
  for (uint64_t part = 0; part < parts; ++part) {
    // Of nearly equal sizes, so that none is below S3's least.
    const uint64_t begin = source.size / parts * part + std::min(part, source.size % parts);
    const uint64_t end = source.size / parts * (part + 1) + std::min(part + 1, source.size % parts);
    TRY(copy_range(from, source, begin, end - begin, deadline));
  }
  return {};
}

Result<void> S3MultipartUpload::copy_range(const std::string& from, const StoredObject& source,
                                           uint64_t offset, uint64_t size, const Deadline& deadline) {
  const S3Dialect& dialect = connection_.dialect();
  S3Call part = call(HttpMethod::put);
  part.query.emplace_back("partNumber", std::to_string(etags_.size() + 1));
  part.headers.set(dialect.header("copy-source"),
                   fmt::format("/{}/{}", connection_.bucket(), encode_path(from)));
  part.headers.set(dialect.header("copy-source-range"),
                   fmt::format("bytes={}-{}", offset, offset + size - 1));
  if (!source.etag.empty())
    part.headers.set(dialect.header("copy-source-if-match"), with_quotes(source.etag));
  part.stall_timeout = kS3ServerWorkStallTimeout;
  TRY_ASSIGN(std::string etag, repeat_while_passing(clock_, deadline, [&]() -> Result<std::string> {
               TRY_ASSIGN(const S3Answer answer, connection_.send(part, deadline));
               if (!answer.ok()) {
                 Error error = connection_.error_of(part, answer);
                 // The source is gone, shorter than the range, or another.
                 if (answer.code() == "NoSuchKey" || answer.code() == "InvalidRange")
                   error.kind = ErrorKind::exists;
                 return error;
               }
               std::optional<std::string> etag_of_part = read_s3_etag(answer.response.body);
               if (!etag_of_part) {
                 return Error{ErrorKind::retry,
                              fmt::format("key \"{}\": the answer to a copied part was cut short", key_)};
               }
               return *std::move(etag_of_part);
             }));
  etags_.push_back(std::move(etag));
  size_ += size;
  return {};
}

Result<void> S3MultipartUpload::send_from(const Body& whole, uint64_t offset, const Deadline& deadline) {
  const uint64_t size = whole.size() - offset;
  const uint64_t parts_left = limits_.most_parts - etags_.size();
  const uint64_t part_size =
      size <= limits_.single_request_bytes ? size : s3_part_size(size, parts_left, limits_);
  while (offset < whole.size()) {
    const uint64_t piece = std::min(part_size, whole.size() - offset);
    TRY(send_range(whole, offset, piece, deadline));
    offset += piece;
  }
  return {};
}

Result<void> S3MultipartUpload::send_range(const Body& whole, uint64_t offset, uint64_t size,
                                           const Deadline& deadline) {
  const BodyRange range(whole, offset, size);
  S3Call part = call(HttpMethod::put);
  part.query.emplace_back("partNumber", std::to_string(etags_.size() + 1));
  part.body = &range;
  TRY_ASSIGN(
      std::string etag, repeat_while_passing(clock_, deadline, [&]() -> Result<std::string> {
        TRY_ASSIGN(const S3Answer answer, connection_.send(part, deadline));
        if (!answer.ok()) return connection_.error_of(part, answer);
        std::string etag_of_part = without_quotes(answer.response.headers.find("ETag").value_or(""));
        if (etag_of_part.empty())
          return Error{ErrorKind::retry, fmt::format("key \"{}\": the answer to a part has no ETag", key_)};
        return etag_of_part;
      }));
  etags_.push_back(std::move(etag));
  size_ += size;
  return {};
}

Result<StoredObject> S3MultipartUpload::complete(const Deadline& deadline) {
  const std::string body = write_s3_complete(etags_, connection_.dialect().xml_namespace);
  Result<StoredObject> outcome = complete_once(body, deadline);
  if (!outcome && outcome.error().kind == ErrorKind::unsupported &&
      abilities_.if_match_on_complete.exchange(false))
    outcome = complete_once(body, deadline);
  return outcome;
}

Result<StoredObject> S3MultipartUpload::complete_once(const std::string& body, const Deadline& deadline) {
  const MemoryBody body_bytes(body);
  S3Call completion = call(HttpMethod::post);
  completion.headers.set("Content-Type", "application/xml");
  const S3Dialect& dialect = connection_.dialect();
  if (dialect.checks_completion)
    completion.headers.set(dialect.header("mp-object-size"), std::to_string(size_));
  if (dialect.checks_completion && replaces_ && !replaces_->etag.empty() && abilities_.if_match_on_complete)
    completion.headers.set("If-Match", with_quotes(replaces_->etag));
  completion.body = &body_bytes;
  completion.stall_timeout = kS3ServerWorkStallTimeout;
  Result<S3Answer> answer = connection_.send(completion, deadline);
  if (!answer) {
    if (answer.error().kind != ErrorKind::unknown_outcome) return std::move(answer).error();
    return settle(std::move(answer).error(), deadline);
  }
  if (answer->ok()) {
    if (std::optional<std::string> etag = read_s3_etag(answer->response.body))
      return StoredObject{size_, *std::move(etag)};
    return settle(Error{ErrorKind::unknown_outcome,
                        fmt::format("key \"{}\": the answer to the completed upload was cut short", key_)},
                  deadline);
  }
  Error error = connection_.error_of(completion, *answer);
  if (answer->code() == "EntityTooSmall")
    error.kind = ErrorKind::exists;  // what was copied is less than a part
  // A 5xx may come after the work was done, and 404 and 412 from the second arrival of a completion that was
  // applied at the first (ClickHouse#114348).
  const bool may_be_done = answer->response.status >= 500 || answer->response.status == 200 ||
                           answer->response.status == 412 || answer->code() == "NoSuchUpload";
  if (!may_be_done || error.kind == ErrorKind::unsupported) return error;
  return settle(std::move(error), deadline);
}

Result<std::optional<StoredObject>> S3MultipartUpload::look(bool& is_ours, const Deadline& deadline) {
  const S3Dialect& dialect = connection_.dialect();
  S3Call head;
  head.method = HttpMethod::head;
  head.key = key_;
  is_ours = false;
  return repeat_while_passing(clock_, deadline, [&]() -> Result<std::optional<StoredObject>> {
    TRY_ASSIGN(const S3Answer answer, connection_.send(head, deadline));
    if (answer.response.status == 404) return std::optional<StoredObject>();
    if (!answer.ok()) return connection_.error_of(head, answer);
    std::optional<StoredObject> object = read_s3_object(answer.response.headers);
    if (!object) {
      return Error{ErrorKind::retry,
                   fmt::format("key \"{}\": the answer to HEAD has no Content-Length", key_)};
    }
    is_ours = object->size == size_ && answer.response.headers.find(dialect.header(kTokenHeader)) == token_;
    return object;
  });
}

Result<StoredObject> S3MultipartUpload::settle(Error why, const Deadline& deadline) {
  const auto not_found_out = [&why](Error error) {
    if (error.kind == ErrorKind::cancelled) return error;
    return Error{ErrorKind::unknown_outcome, fmt::format("{}; then {}", why.message, error.message)};
  };
  bool is_ours = false;
  Result<std::optional<StoredObject>> object = look(is_ours, deadline);
  if (!object) return not_found_out(std::move(object).error());
  if (is_ours) return **object;
  // The server may still be at it. After the abort it has either won or can't any more.
  abandon(deadline);
  object = look(is_ours, deadline);
  if (!object) return not_found_out(std::move(object).error());
  if (is_ours) return **object;
  const bool nothing_changed = !replaces_ || *object == replaces_;
  why.kind = nothing_changed ? ErrorKind::retry : ErrorKind::exists;
  return why;
}

void S3MultipartUpload::abandon(const Deadline& deadline) {
  for (int i = 0; i < kAbortTries; ++i) {
    const Result<S3Answer> aborted = connection_.send(call(HttpMethod::del), deadline);
    if (!aborted) {
      if (!is_passing(aborted.error())) return;
      continue;
    }
    if (aborted->code() == "NoSuchUpload") return;
    const Result<S3Answer> parts = connection_.send(call(HttpMethod::get), deadline);
    if (parts && parts->code() == "NoSuchUpload") return;
    if (parts && parts->ok() && read_s3_part_count(parts->response.body) == 0u) return;
  }
}

}  // namespace rayhistory
