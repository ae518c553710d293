#include "store/gcs/resumable_upload.h"

#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "store/retry_pace.h"

namespace rayhistory {
namespace {

// In a row, without a byte more at the other side: as many as S3's parts get.
constexpr int kTries = 10;
// The answer to the last byte comes when the object is written.
constexpr Seconds kStallTimeout{120};
constexpr std::string_view kPermission = "storage.objects.create (and storage.objects.delete, to replace)";

bool is_passing(int status) {
  return status == 408 || status == 429 || status >= 500;
}

class Upload {
 public:
  Upload(GcsConnection& connection, const Clock& clock, const std::string& key, const Body& body,
         const Deadline& deadline)
      : connection_(connection), clock_(clock), key_(key), body_(body), deadline_(deadline) {}

  Result<StoredObject> run(std::string_view content_type, const std::string& generation) {
    TRY(begin(content_type, generation));
    Result<StoredObject> outcome = send_all();
    // So that nothing is kept for a week. As well as it can.
    if (!outcome && !is_gone_) (void)connection_.send_to(session_, call(HttpMethod::del), deadline_);
    return outcome;
  }

 private:
  GcsCall call(HttpMethod method) const {
    GcsCall call;
    call.method = method;
    call.key = key_;
    call.permission = kPermission;
    call.stall_timeout = kStallTimeout;
    return call;
  }

  Result<void> begin(std::string_view content_type, const std::string& generation) {
    const MemoryBody metadata(write_gcs_upload(content_type));
    GcsCall begin = call(HttpMethod::post);
    begin.encoded_path = gcs_upload_path(connection_.bucket());
    begin.query = {{"uploadType", "resumable"}, {"name", key_}};
    if (!generation.empty()) begin.query.emplace_back("ifGenerationMatch", generation);
    begin.headers.set("Content-Type", "application/json; charset=UTF-8");
    begin.headers.set("X-Upload-Content-Type", content_type);
    begin.headers.set("X-Upload-Content-Length", std::to_string(body_.size()));
    begin.body = &metadata;
    Result<GcsResponse> response = connection_.send(begin, deadline_);
    if (!response) {
      Error error = std::move(response).error();
      // One that was begun unheard is never seen.
      if (error.kind == ErrorKind::unknown_outcome) error.kind = ErrorKind::retry;
      return error;
    }
    if (!response->ok()) return connection_.error_of(begin, *response);
    Result<Url> session = parse_url(response->http.headers.find("Location").value_or(""), Scheme::https);
    const bool is_usable =
        session && (session->scheme == Scheme::https || session->origin() == connection_.endpoint().origin());
    if (!is_usable)
      return Error{ErrorKind::retry, fmt::format("key \"{}\": a new upload has no usable Location", key_)};
    session_ = *std::move(session);
    return {};
  }

  Result<StoredObject> send_all() {
    RetryPace pace(clock_);
    int tries_here = 0;
    while (true) {
      const uint64_t sent_from = offset_;
      Result<std::optional<StoredObject>> outcome = send_rest();
      if (outcome && *outcome) return **outcome;
      if (!outcome && outcome.error().kind == ErrorKind::unknown_outcome && !is_gone_) {
        const Error why = std::move(outcome).error();
        if (!pace.wait(why, deadline_)) return why;
        outcome = ask_what_is_there(why);
        if (outcome && *outcome) return **outcome;
      }
      if (!outcome && (outcome.error().kind != ErrorKind::unknown_outcome || is_gone_))
        return std::move(outcome).error();
      tries_here = offset_ > sent_from ? 0 : tries_here + 1;
      if (tries_here >= kTries) {
        if (!outcome) return std::move(outcome).error();
        return Error{ErrorKind::retry, fmt::format("key \"{}\": its upload does not go on", key_)};
      }
    }
  }

  // The object when it is whole; nothing when more is wanted; unknown_outcome when that must be asked for.
  Result<std::optional<StoredObject>> send_rest() {
    const BodyRange rest(body_, offset_, body_.size() - offset_);
    GcsCall put = call(HttpMethod::put);
    put.headers.set("Content-Range", fmt::format("bytes {}-{}/{}", offset_, body_.size() - 1, body_.size()));
    put.body = &rest;
    return read_response(put, connection_.send_to(session_, put, deadline_));
  }

  Result<std::optional<StoredObject>> ask_what_is_there(const Error& why) {
    GcsCall ask = call(HttpMethod::put);
    ask.headers.set("Content-Range", fmt::format("bytes */{}", body_.size()));
    Result<std::optional<StoredObject>> outcome =
        read_response(ask, connection_.send_to(session_, ask, deadline_));
    if (outcome || outcome.error().kind != ErrorKind::unknown_outcome) return outcome;
    return Error{ErrorKind::unknown_outcome,
                 fmt::format("{}; then {}", why.message, outcome.error().message)};
  }

  Result<std::optional<StoredObject>> read_response(const GcsCall& put, Result<GcsResponse> response) {
    if (!response) {
      Error error = std::move(response).error();
      // No connection for the moment: what is there can be asked for as well.
      if (error.kind == ErrorKind::retry) error.kind = ErrorKind::unknown_outcome;
      return error;
    }
    const int status = response->http.status;
    if (response->ok()) {
      const std::optional<GcsObject> object = read_gcs_object(response->http.body);
      if (!object) {
        return Error{ErrorKind::unknown_outcome,
                     fmt::format("key \"{}\": the answer to an upload was cut short", key_)};
      }
      if (object->stored.size == body_.size()) return std::optional(object->stored);
      is_gone_ = true;
      return Error{ErrorKind::retry, fmt::format("key \"{}\": {} bytes were kept of the {} sent", key_,
                                                 object->stored.size, body_.size())};
    }
    if (status == 308) {
      offset_ = kept_bytes(response->http.headers.find("Range").value_or(""));
      return std::optional<StoredObject>();
    }
    Error error = connection_.error_of(put, *response);
    if (status == 404 || status == 410) {
      is_gone_ = true;
      error.kind = ErrorKind::retry;
    } else if (is_passing(status)) {
      error.kind = ErrorKind::unknown_outcome;
    }
    return error;
  }

  // Of "bytes=0-41", 42; without a range nothing was kept.
  uint64_t kept_bytes(std::string_view range) const {
    constexpr std::string_view kBegin = "bytes=0-";
    uint64_t last = 0;
    if (!range.starts_with(kBegin)) return 0;
    range.remove_prefix(kBegin.size());
    const auto [end, error] = std::from_chars(range.data(), range.data() + range.size(), last);
    if (error != std::errc() || end != range.data() + range.size() || last >= body_.size() - 1) return 0;
    return last + 1;
  }

  GcsConnection& connection_;
  const Clock& clock_;
  const std::string& key_;
  const Body& body_;
  const Deadline& deadline_;
  Url session_;  // a secret: whoever has it may write
  uint64_t offset_ = 0;
  bool is_gone_ = false;  // the session
};

}  // namespace

Result<StoredObject> upload_to_gcs_resumably(GcsConnection& connection, const Clock& clock,
                                             const std::string& key, const Body& body,
                                             std::string_view content_type, const std::string& generation,
                                             const Deadline& deadline) {
  CHECK(body.size() > 0);
  return Upload(connection, clock, key, body, deadline).run(content_type, generation);
}

}  // namespace rayhistory
