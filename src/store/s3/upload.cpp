#include "store/s3/upload.h"

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
// So many answers to a copied part that name no copy show that the server knows no copies.
constexpr int kResponsesWithoutEtag = 2;

// An ETag to be given back, in the form that write_s3_complete gives it.
std::string part_etag(std::string_view etag) {
  constexpr std::string_view kWeak = "W/";
  if (etag.starts_with(kWeak)) etag.remove_prefix(kWeak.size());
  return without_quotes(etag);
}

bool is_passing(const Error& error) {
  return error.kind == ErrorKind::retry || error.kind == ErrorKind::unknown_outcome;
}

// Whether a refused completion may have been carried out. A 5xx may come after the work was done, and 404 and
// 412 from the second arrival of a completion that was applied at the first (ClickHouse#114348).
bool may_be_completed(const S3Response& refusal) {
  const int status = refusal.http.status;
  return status >= 500 || status == 200 || status == 412 || refusal.code() == "NoSuchUpload";
}

}  // namespace

S3MultipartUpload::S3MultipartUpload(const S3Peer& peer, std::string key,
                                     std::optional<StoredObject> replaces)
    : peer_(peer), key_(std::move(key)), replaces_(std::move(replaces)), token_(random_hex(kTokenBytes)) {}

Result<S3MultipartUpload> S3MultipartUpload::begin(const S3Peer& peer, std::string key,
                                                   std::string_view content_type,
                                                   std::optional<StoredObject> replaces,
                                                   const Deadline& deadline) {
  S3MultipartUpload upload(peer, std::move(key), std::move(replaces));
  S3Connection& connection = peer.connection;
  // No checksum algorithm: MinIO then refuses copied parts, which have none.
  S3Call call;
  call.method = HttpMethod::post;
  call.key = upload.key_;
  call.query = {{"uploads", ""}};
  if (!content_type.empty()) call.headers.set("Content-Type", content_type);
  call.optional_headers = {
      {connection.dialect().header(kTokenHeader), upload.token_, StoreAbility::metadata}};
  TRY_ASSIGN(const S3Response response, connection.send(call, deadline));
  if (!response.ok()) {
    Error error = connection.error_of(call, response);
    return is_lacking(error) ? upload.lacks(StoreAbility::multipart, std::move(error)) : error;
  }
  std::optional<std::string> id = read_s3_upload_id(response.http.body);
  if (!id) {
    Error error{ErrorKind::unknown_outcome,
                fmt::format("key \"{}\": the answer to a new upload has no upload ID", upload.key_)};
    error.is_refusal = true;
    return error;
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

Result<void> S3MultipartUpload::fill(const std::vector<S3Part>& plan, const std::optional<Source>& source,
                                     const Body* whole, const Deadline& deadline) {
  for (const S3Part& part : plan) {
    if (part.from == S3Part::From::object) {
      TRY(copy_part(*source, part, deadline));
    } else {
      TRY(send_part(*whole, part, deadline));
    }
  }
  return {};
}

Result<void> S3MultipartUpload::copy_part(const Source& source, const S3Part& part,
                                          const Deadline& deadline) {
  const S3Dialect& dialect = connection().dialect();
  S3Call copy = call(HttpMethod::put);
  copy.query.emplace_back("partNumber", std::to_string(etags_.size() + 1));
  copy.headers.set(dialect.header("copy-source"),
                   fmt::format("/{}/{}", connection().bucket(), encode_path(source.key)));
  copy.headers.set(dialect.header("copy-source-range"),
                   fmt::format("bytes={}-{}", part.offset, part.offset + part.size - 1));
  if (!source.object.etag.empty())
    copy.headers.set(dialect.header("copy-source-if-match"), with_quotes(source.object.etag));
  copy.stall_timeout = kS3ServerWorkStallTimeout;
  // A server that does not know the header of the source stores an empty part, and says nothing of a copy.
  // An answer that is cut short looks the same, but not twice.
  int responses_without_etag = 0;
  TRY_ASSIGN(std::string etag, repeat_while_passing(peer_.clock, deadline, [&]() -> Result<std::string> {
               TRY_ASSIGN(const S3Response response, connection().send(copy, deadline));
               if (!response.ok()) {
                 Error error = connection().error_of(copy, response);
                 // The source is gone, shorter than the range, or another.
                 const bool is_bare_404 = response.http.status == 404 && response.code().empty();
                 if (response.code() == "NoSuchKey" || response.code() == "InvalidRange" || is_bare_404)
                   error.kind = ErrorKind::exists;
                 return is_lacking(error) ? lacks(StoreAbility::part_copy, std::move(error)) : error;
               }
               std::optional<std::string> etag_of_part = read_s3_etag(response.http.body);
               if (etag_of_part) return *std::move(etag_of_part);
               Error error{ErrorKind::retry,
                           fmt::format("key \"{}\": the answer to a copied part has no ETag", key_)};
               if (++responses_without_etag < kResponsesWithoutEtag) return error;
               return lacks(StoreAbility::part_copy, std::move(error));
             }));
  connection().abilities().confirm(StoreAbility::part_copy);
  add(part, std::move(etag));
  return {};
}

Result<void> S3MultipartUpload::send_part(const Body& whole, const S3Part& part, const Deadline& deadline) {
  const BodyRange range(whole, part.offset, part.size);
  S3Call send = call(HttpMethod::put);
  send.query.emplace_back("partNumber", std::to_string(etags_.size() + 1));
  send.body = &range;
  TRY_ASSIGN(
      std::string etag, repeat_while_passing(peer_.clock, deadline, [&]() -> Result<std::string> {
        TRY_ASSIGN(const S3Response response, connection().send(send, deadline));
        if (!response.ok()) {
          Error error = connection().error_of(send, response);
          const bool may_be_smaller =
              is_too_large(response) && peer_.server.refused_body(part.size, peer_.limits.least_part_bytes);
          return may_be_smaller ? lacks(StoreAbility::large_bodies, std::move(error)) : error;
        }
        std::string etag_of_part = part_etag(response.http.headers.find("ETag").value_or(""));
        if (etag_of_part.empty())
          return Error{ErrorKind::retry, fmt::format("key \"{}\": the answer to a part has no ETag", key_)};
        return etag_of_part;
      }));
  add(part, std::move(etag));
  return {};
}

Error S3MultipartUpload::lacks(StoreAbility ability, Error error) const {
  // That was not it, or not all. Of bodies a lower limit is tried each time.
  if (ability != StoreAbility::large_bodies && is_lacking_ability(ability)) return error;
  peer_.lacks.emplace_back(ability, error.message);
  error.kind = ErrorKind::unsupported;
  return error;
}

bool S3MultipartUpload::is_lacking_ability(StoreAbility ability) const {
  return std::any_of(peer_.lacks.begin(), peer_.lacks.end(),
                     [&](const auto& lack) { return lack.first == ability; });
}

void S3MultipartUpload::add(const S3Part& part, std::string etag) {
  parts_.push_back(part);
  etags_.push_back(std::move(etag));
  size_ += part.size;
}

bool S3MultipartUpload::is_completed_on_condition() const {
  return connection().dialect().checks_completion && replaces_ && !replaces_->etag.empty() &&
         !is_lacking_ability(StoreAbility::conditional_complete);
}

S3Call S3MultipartUpload::completion_of(const Body& part_list) const {
  const S3Dialect& dialect = connection().dialect();
  S3Call completion = call(HttpMethod::post);
  completion.headers.set("Content-Type", "application/xml");
  if (dialect.checks_completion) {
    completion.optional_headers.push_back(
        {dialect.header("mp-object-size"), std::to_string(size_), StoreAbility::sized_complete});
  }
  if (is_completed_on_condition()) {
    completion.optional_headers.push_back(
        {"If-Match", with_quotes(replaces_->etag), StoreAbility::conditional_complete});
  }
  completion.body = &part_list;
  completion.stall_timeout = kS3ServerWorkStallTimeout;
  return completion;
}

Result<StoredObject> S3MultipartUpload::complete(const Deadline& deadline) {
  const MemoryBody part_list(write_s3_complete(etags_, connection().dialect().xml_namespace));
  const S3Call completion = completion_of(part_list);
  Result<S3Response> response = connection().send(completion, deadline);
  if (!response) {
    if (response.error().kind != ErrorKind::unknown_outcome) return std::move(response).error();
    return settle(std::move(response).error(), deadline);
  }
  if (response->ok()) return read_completed(*response, deadline);
  return judge_refusal(completion, *response, deadline);
}

Result<StoredObject> S3MultipartUpload::read_completed(const S3Response& response, const Deadline& deadline) {
  if (!are_equal_parts(parts_)) connection().abilities().confirm(StoreAbility::uneven_parts);
  if (std::optional<std::string> etag = read_s3_etag(response.http.body))
    return StoredObject{size_, connection().usable_etag(*etag)};
  return settle(Error{ErrorKind::unknown_outcome,
                      fmt::format("key \"{}\": the answer to the completed upload was cut short", key_)},
                deadline);
}

Result<StoredObject> S3MultipartUpload::judge_refusal(const S3Call& completion, const S3Response& response,
                                                      const Deadline& deadline) {
  Error error = connection().error_of(completion, response);
  if (response.code() == "EntityTooSmall")
    error.kind = ErrorKind::exists;  // what was copied is less than a part
  if (response.code() == "InvalidPart" && !are_equal_parts(parts_))
    return lacks(StoreAbility::uneven_parts, std::move(error));
  if (!may_be_completed(response) || error.kind == ErrorKind::unsupported) return error;
  const bool is_condition_refused = response.http.status == 412 && is_completed_on_condition() &&
                                    connection().abilities().may(StoreAbility::conditional_complete);
  Result<StoredObject> settled = settle(std::move(error), deadline);
  // Nothing has changed, so the condition was met.
  if (!settled && settled.error().kind == ErrorKind::retry && is_condition_refused)
    return lacks(StoreAbility::conditional_complete, std::move(settled).error());
  return settled;
}

Result<std::optional<StoredObject>> S3MultipartUpload::look(bool& is_ours, const Deadline& deadline) {
  const S3Dialect& dialect = connection().dialect();
  S3Call head;
  head.method = HttpMethod::head;
  head.key = key_;
  is_ours = false;
  return repeat_while_passing(peer_.clock, deadline, [&]() -> Result<std::optional<StoredObject>> {
    TRY_ASSIGN(const S3Response response, connection().send(head, deadline));
    if (response.http.status == 404) return std::optional<StoredObject>();
    if (!response.ok()) return connection().error_of(head, response);
    std::optional<StoredObject> object = read_s3_object(response.http.headers);
    if (!object) {
      return Error{ErrorKind::retry,
                   fmt::format("key \"{}\": the answer to HEAD has no Content-Length", key_)};
    }
    object->etag = connection().usable_etag(object->etag);
    const bool is_other = !replaces_ || *object != *replaces_;
    const bool carries_token = connection().abilities().may(StoreAbility::metadata)
                                   ? response.http.headers.find(dialect.header(kTokenHeader)) == token_
                                   : is_other;
    is_ours = object->size == size_ && carries_token;
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
    const Result<S3Response> aborted = connection().send(call(HttpMethod::del), deadline);
    if (!aborted) {
      if (!is_passing(aborted.error())) return;
      continue;
    }
    if (aborted->code() == "NoSuchUpload") return;
    const Result<S3Response> parts = connection().send(call(HttpMethod::get), deadline);
    if (parts && parts->code() == "NoSuchUpload") return;
    if (parts && parts->ok() && read_s3_part_count(parts->http.body) == 0u) return;
  }
}

}  // namespace rayhistory
