#include "store/oci/upload.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/digest.h"
#include "store/etag.h"
#include "store/oci/responses.h"
#include "store/retry_pace.h"

namespace rayhistory {
namespace {

constexpr size_t kTokenBytes = 16;
constexpr int kAbortTries = 3;
// The service puts the parts together before it answers.
constexpr std::chrono::minutes kCommitStallTimeout{10};

class Upload {
 public:
  Upload(OciConnection& connection, const Clock& clock, std::string key, const OciCondition& condition,
         const Deadline& deadline)
      : connection_(connection),
        clock_(clock),
        key_(std::move(key)),
        condition_(condition),
        deadline_(deadline),
        token_(random_hex(kTokenBytes)) {}

  Result<void> begin(std::string_view content_type) {
    const MemoryBody body(write_oci_new_upload(key_, content_type, token_));
    OciCall call;
    call.method = HttpMethod::post;
    call.path = "/u";
    call.key = key_;
    call.permission = "OBJECT_CREATE and OBJECT_OVERWRITE";
    call.body = &body;
    call.is_json = true;
    condition_.set_on(call.headers);
    TRY_ASSIGN(const OciResponse response, connection_.send(call, deadline_));
    if (!response.ok()) return connection_.error_of(call, response);
    std::optional<std::string> id = read_oci_upload_id(response.http.body);
    if (!id) {
      return Error{ErrorKind::unknown_outcome,
                   fmt::format("key \"{}\": the answer to a new upload has no upload ID", key_)};
    }
    id_ = *std::move(id);
    return {};
  }

  Result<void> send_part(const Body& whole, uint64_t offset, uint64_t size, OciBodyCheck check) {
    const BodyRange range(whole, offset, size);
    OciCall call = this->call(HttpMethod::put);
    call.query.emplace_back("uploadPartNum", std::to_string(etags_.size() + 1));
    call.headers.set("Content-Type", "application/octet-stream");
    call.body = &range;
    call.body_check = check;
    TRY_ASSIGN(
        std::string etag, repeat_while_passing(clock_, deadline_, [&]() -> Result<std::string> {
          TRY_ASSIGN(const OciResponse response, connection_.send(call, deadline_));
          if (!response.ok()) {
            Error error = connection_.error_of(call, response);
            // The upload is gone: given up by a lifecycle rule, or by a collector that took over.
            if (error.kind == ErrorKind::not_found) error.kind = ErrorKind::exists;
            return error;
          }
          std::string etag_of_part = without_quotes(response.http.headers.find("ETag").value_or(""));
          if (!is_oci_etag(etag_of_part)) {
            return Error{ErrorKind::retry, fmt::format("key \"{}\": the answer to a part has no ETag", key_)};
          }
          return etag_of_part;
        }));
    etags_.push_back(std::move(etag));
    size_ += size;
    return {};
  }

  Result<StoredObject> commit() {
    const MemoryBody body(write_oci_commit(etags_));
    OciCall call = this->call(HttpMethod::post);
    call.body = &body;
    call.is_json = true;
    call.stall_timeout = kCommitStallTimeout;
    condition_.set_on(call.headers);
    Result<OciResponse> response = connection_.send(call, deadline_);
    if (!response) {
      if (response.error().kind != ErrorKind::unknown_outcome) return std::move(response).error();
      return settle(std::move(response).error());
    }
    if (response->ok()) {
      std::string etag = without_quotes(response->http.headers.find("ETag").value_or(""));
      if (is_oci_etag(etag)) return StoredObject{size_, std::move(etag)};
      return settle(Error{ErrorKind::unknown_outcome,
                          fmt::format("key \"{}\": the answer to a commit has no ETag", key_)});
    }
    Error error = connection_.error_of(call, *response);
    // A 5xx may come after the work was done, and 404, 409 and 412 from the second arrival of a commit that
    // was applied at the first.
    const int status = response->http.status;
    const bool may_be_done = status >= 500 || status == 404 || status == 409 || status == 412;
    return may_be_done && error.kind != ErrorKind::denied ? settle(std::move(error)) : error;
  }

  void abandon() {
    for (int i = 0; i < kAbortTries; ++i) {
      const Result<void> aborted = abort_oci_upload(connection_, key_, id_, deadline_);
      if (aborted) return;
      const ErrorKind kind = aborted.error().kind;
      if (kind != ErrorKind::retry && kind != ErrorKind::unknown_outcome) return;
    }
  }

 private:
  OciCall call(HttpMethod method) const {
    OciCall call;
    call.method = method;
    call.path = oci_upload_path(key_);
    call.query = {{"uploadId", id_}};
    call.key = key_;
    call.permission = "OBJECT_CREATE and OBJECT_OVERWRITE";
    return call;
  }

  struct Look {
    std::optional<StoredObject> object;
    bool is_ours = false;
  };
  Result<Look> look() {
    OciCall head;
    head.method = HttpMethod::head;
    head.path = oci_object_path(key_);
    head.key = key_;
    head.permission = "OBJECT_READ";
    return repeat_while_passing(clock_, deadline_, [&]() -> Result<Look> {
      TRY_ASSIGN(const OciResponse response, connection_.send(head, deadline_));
      if (response.http.status == 404) return Look{};
      if (!response.ok()) return connection_.error_of(head, response);
      Look found{read_oci_object(response.http.headers), false};
      if (!found.object) {
        return Error{ErrorKind::retry,
                     fmt::format("key \"{}\": the answer to HEAD has no Content-Length or no ETag", key_)};
      }
      found.is_ours = found.object->size == size_ && response.http.headers.find(kOciUploadMetadata) == token_;
      return found;
    });
  }

  Result<StoredObject> settle(Error why) {
    const auto not_found_out = [&why](Error error) {
      if (error.kind == ErrorKind::cancelled) return error;
      return Error{ErrorKind::unknown_outcome, fmt::format("{}; then {}", why.message, error.message)};
    };
    Result<Look> seen = look();
    if (!seen) return not_found_out(std::move(seen).error());
    if (seen->is_ours) return *seen->object;
    // The service may still be at it. After the abort it has either won or can't any more.
    abandon();
    seen = look();
    if (!seen) return not_found_out(std::move(seen).error());
    if (seen->is_ours) return *seen->object;
    const bool is_as_before = condition_.etag.empty() ? !condition_.must_be_absent || !seen->object
                                                      : seen->object && seen->object->etag == condition_.etag;
    why.kind = is_as_before ? ErrorKind::retry : ErrorKind::exists;
    return why;
  }

  OciConnection& connection_;
  const Clock& clock_;
  const std::string key_;
  const OciCondition& condition_;
  const Deadline& deadline_;
  const std::string token_;
  std::string id_;
  std::vector<std::string> etags_;  // of the parts, from part 1 on
  uint64_t size_ = 0;               // of all parts
};

}  // namespace

void OciCondition::set_on(Headers& headers) const {
  if (must_be_absent) headers.set("If-None-Match", "*");
  if (!etag.empty()) headers.set("If-Match", etag);
}

OciCondition oci_condition(const std::optional<StoredObject>& before) {
  if (!before) return {.must_be_absent = true};
  return {.must_be_absent = false, .etag = is_oci_etag(before->etag) ? before->etag : std::string()};
}

Result<StoredObject> upload_to_oci_in_parts(OciConnection& connection, const Clock& clock,
                                            const OciLimits& limits, const std::string& key, const Body& body,
                                            std::string_view content_type, const OciCondition& condition,
                                            OciBodyCheck check, const Deadline& deadline) {
  CHECK(body.size() > 0);  // an upload without a part cannot be committed (rclone#9903)
  const uint64_t least = (body.size() + limits.most_parts - 1) / limits.most_parts;
  const uint64_t part_bytes = std::max(limits.least_part_bytes, least);
  Upload upload(connection, clock, key, condition, deadline);
  TRY(upload.begin(content_type));
  Result<StoredObject> outcome = [&]() -> Result<StoredObject> {
    for (uint64_t offset = 0; offset < body.size(); offset += part_bytes)
      TRY(upload.send_part(body, offset, std::min(part_bytes, body.size() - offset), check));
    return upload.commit();
  }();
  if (!outcome) upload.abandon();
  return outcome;
}

Result<void> abort_oci_upload(OciConnection& connection, const std::string& key, const std::string& id,
                              const Deadline& deadline) {
  OciCall upload;
  upload.path = oci_upload_path(key);
  upload.query = {{"uploadId", id}};
  upload.key = key;
  return connection.remove(std::move(upload), deadline);
}

}  // namespace rayhistory
