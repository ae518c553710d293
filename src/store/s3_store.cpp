#include "store/s3_store.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "store/http_answer.h"
#include "store/retry_pace.h"
#include "store/s3_bucket_remarks.h"

namespace rayhistory {
namespace {

constexpr std::string_view kDefaultRegion = "us-east-1";
// A list may be truncated and yet show nothing (many deleted versions in between). So many in a row, at most.
constexpr int kEmptyPagesLimit = 1000;
// Headers and what little there is around the bytes that were asked for.
constexpr uint64_t kErrorReplyLimitBytes = 1024 * 1024;

Error cut_short(const S3Dialect& dialect, std::string_view what) {
  return Error{ErrorKind::retry,
               fmt::format("{}: the answer to {} was cut short or is not XML", dialect.backend, what)};
}

}  // namespace

Result<std::unique_ptr<S3Store>> S3Store::open(const S3Options& options, std::unique_ptr<HttpClient> client,
                                               std::unique_ptr<AwsCredentialsSource> credentials,
                                               const Clock& clock, const S3Limits& limits) {
  TRY_ASSIGN(S3Endpoint endpoint, S3Endpoint::from(options));
  S3Place place{options.bucket, options.region.empty() ? std::string(kDefaultRegion) : options.region,
                std::move(endpoint)};
  return std::make_unique<S3Store>(kAwsS3Dialect, std::move(place), std::move(client), std::move(credentials),
                                   clock, limits);
}

S3Store::S3Store(const S3Dialect& dialect, S3Place place, std::unique_ptr<HttpClient> client,
                 std::unique_ptr<AwsCredentialsSource> credentials, const Clock& clock,
                 const S3Limits& limits)
    : limits_(limits),
      clock_(clock),
      connection_(dialect, std::move(place), std::move(client), std::move(credentials), clock) {}

// Told here, because what servers answer to a longer one differs.
Result<void> S3Store::check_key(const std::string& key) const {
  if (key.empty()) return Error{ErrorKind::invalid, "an empty object key"};
  const S3Dialect& dialect = connection_.dialect();
  if (key.size() > dialect.key_limit_bytes) {
    return Error{ErrorKind::invalid, fmt::format("key \"{}\": {} bytes, and {} takes {} at most", key,
                                                 key.size(), dialect.provider, dialect.key_limit_bytes)};
  }
  return {};
}

std::string S3Store::description() const {
  return connection_.description();
}

std::string S3Store::credentials_origin() const {
  return connection_.credentials_origin();
}

Result<bool> S3Store::bucket_exists(const Deadline& deadline) {
  S3Call look;
  if (connection_.dialect().heads_buckets) {
    look.method = HttpMethod::head;
  } else {
    look.query = {{"list-type", "2"}, {"max-keys", "1"}};
  }
  TRY_ASSIGN(const S3Answer answer, connection_.send(look, deadline));
  if (answer.ok()) return true;
  if (answer.response.status == 404) return false;
  return connection_.error_of(look, answer);
}

Result<void> S3Store::ensure_bucket(const Deadline& deadline) {
  Result<bool> exists = bucket_exists(deadline);
  if (exists) return *exists ? Result<void>() : create_bucket(deadline);
  // 403: it is there and may only not be looked at. Creating it would be wrong, and using it will tell.
  if (exists.error().kind == ErrorKind::denied) return {};
  return std::move(exists).error();
}

Result<void> S3Store::create_bucket(const Deadline& deadline) {
  S3Call create;
  create.method = HttpMethod::put;
  const MemoryBody body(connection_.dialect().new_bucket(connection_.region()));
  create.body = &body;
  TRY_ASSIGN(const S3Answer answer, connection_.send(create, deadline));
  if (answer.ok() || answer.code() == "BucketAlreadyOwnedByYou") return {};
  if (answer.code() != "BucketAlreadyExists") {
    Error error = connection_.error_of(create, answer);
    // Creating is repeated without harm, and another collector may be at it.
    if (error.kind == ErrorKind::unknown_outcome || error.kind == ErrorKind::exists)
      error.kind = ErrorKind::retry;
    return error;
  }
  // Somebody was faster: another collector of ours, or a stranger who owns that name.
  TRY_ASSIGN(const bool is_ours, [&]() -> Result<bool> {
    Result<bool> exists = bucket_exists(deadline);
    if (!exists && exists.error().kind == ErrorKind::denied) return false;
    return exists;
  }());
  if (is_ours) return {};
  return Error{ErrorKind::exists, fmt::format("the bucket {} belongs to somebody else: choose another {}",
                                              connection_.bucket(), connection_.dialect().bucket_setting)};
}

Result<StoredObject> S3Store::put(const std::string& key, const Body& body, std::string_view content_type,
                                  const Deadline& deadline) {
  TRY(check_key(key));
  if (body.size() <= limits_.single_request_bytes)
    return put_at_once(key, body, content_type, nullptr, deadline);
  const auto fill = [&](S3MultipartUpload& upload) { return upload.send_from(body, 0, deadline); };
  return upload(key, content_type, std::nullopt, fill, deadline);
}

Result<StoredObject> S3Store::replace(const std::string& key, const StoredObject& before, const Body& body,
                                      std::string_view content_type, const Deadline& deadline) {
  TRY(check_key(key));
  const bool is_new = before == StoredObject{};
  // A PutObject that cannot say what it replaces would take the place of whatever is there when it arrives.
  // An upload is given up by the sender's successor before that one writes (abort_unfinished_uploads), and
  // its completion is then refused. It needs a part, which an empty object has not.
  const bool can_be_put = is_new || connection_.dialect().puts_if_match || body.size() == 0;
  if (can_be_put && body.size() <= limits_.single_request_bytes)
    return put_at_once(key, body, content_type, &before, deadline);
  const auto fill = [&](S3MultipartUpload& upload) { return upload.send_from(body, 0, deadline); };
  return upload(key, content_type, is_new ? std::nullopt : std::optional(before), fill, deadline);
}

bool S3Store::set_condition(Headers& headers, const StoredObject& before) const {
  const S3Dialect& dialect = connection_.dialect();
  if (!abilities_.conditional_put) return false;
  if (before == StoredObject{}) {
    headers.set(dialect.if_absent_header, dialect.if_absent_value);
  } else if (dialect.puts_if_match && !before.etag.empty()) {
    headers.set("If-Match", with_quotes(before.etag));
  } else {
    return false;
  }
  return true;
}

Result<StoredObject> S3Store::put_at_once(const std::string& key, const Body& body,
                                          std::string_view content_type, const StoredObject* before,
                                          const Deadline& deadline) {
  S3Call put;
  put.method = HttpMethod::put;
  put.key = key;
  put.headers.set("Content-Type", content_type);
  const bool has_condition = before != nullptr && set_condition(put.headers, *before);
  put.body = &body;
  TRY_ASSIGN(const S3Answer answer, connection_.send(put, deadline));
  if (!answer.ok()) {
    Error error = connection_.error_of(put, answer);
    if (error.kind == ErrorKind::unsupported && has_condition) {
      abilities_.conditional_put = false;
      return put_at_once(key, body, content_type, nullptr, deadline);
    }
    if (error.kind == ErrorKind::not_found && has_condition) error.kind = ErrorKind::exists;
    return error;
  }
  return StoredObject{body.size(), without_quotes(answer.response.headers.find("ETag").value_or(""))};
}

Result<StoredObject> S3Store::upload(const std::string& key, std::string_view content_type,
                                     std::optional<StoredObject> replaces, const FillUpload& fill,
                                     const Deadline& deadline) {
  Result<S3MultipartUpload> begun = S3MultipartUpload::begin(connection_, abilities_, limits_, clock_, key,
                                                             content_type, std::move(replaces), deadline);
  if (!begun) {
    // It may have been begun all the same, under an ID that never came. Nobody else writes this key.
    if (begun.error().kind == ErrorKind::unknown_outcome) abort_others(key, "", deadline);
    return std::move(begun).error();
  }
  S3MultipartUpload& upload = *begun;
  // curl sends a request again by itself when a connection that was used before ends without a byte of an
  // answer: there may be two by now, beside what a killed run left.
  if (!lists_uploads_by_prefix(key, upload.id(), deadline)) abort_others(key, upload.id(), deadline);
  Result<StoredObject> outcome = [&]() -> Result<StoredObject> {
    TRY(fill(upload));
    return upload.complete(deadline);
  }();
  if (!outcome) upload.abandon(deadline);
  return outcome;
}

Result<StoredObject> S3Store::extend(const std::string& key, const StoredObject& stored, const Body& whole,
                                     std::string_view content_type, const Deadline& deadline) {
  CHECK(0 < stored.size && stored.size <= whole.size());
  TRY(check_key(key));
  if (stored.size < limits_.least_part_bytes) return replace(key, stored, whole, content_type, deadline);
  const auto fill = [&](S3MultipartUpload& upload) -> Result<void> {
    TRY(upload.copy_whole(key, stored, deadline));
    return upload.send_from(whole, stored.size, deadline);
  };
  return upload(key, content_type, stored, fill, deadline);
}

Result<StoredObject> S3Store::copy(const std::string& from, const StoredObject& expected,
                                   const std::string& to, const Deadline& deadline) {
  TRY(check_key(from));
  TRY(check_key(to));
  // What is copied away is about to be replaced, as a rule by something small that needs no upload of its
  // own.
  if (expected.size >= limits_.least_part_bytes &&
      abilities_.upload_lists != S3Abilities::UploadLists::by_prefix)
    abort_others(from, "", deadline);
  if (expected.size <= connection_.dialect().copy_at_once_limit_bytes)
    return copy_at_once(from, expected, to, deadline);
  const auto fill = [&](S3MultipartUpload& upload) { return upload.copy_whole(from, expected, deadline); };
  return upload(to, kTextContent, std::nullopt, fill, deadline);
}

Result<StoredObject> S3Store::copy_at_once(const std::string& from, const StoredObject& expected,
                                           const std::string& to, const Deadline& deadline) {
  const S3Dialect& dialect = connection_.dialect();
  S3Call copy;
  copy.method = HttpMethod::put;
  copy.key = to;
  copy.headers.set(dialect.header("copy-source"),
                   fmt::format("/{}/{}", connection_.bucket(), encode_path(from)));
  if (!expected.etag.empty())
    copy.headers.set(dialect.header("copy-source-if-match"), with_quotes(expected.etag));
  copy.stall_timeout = kS3ServerWorkStallTimeout;
  TRY_ASSIGN(const S3Answer answer, connection_.send(copy, deadline));
  if (!answer.ok()) return connection_.error_of(copy, answer);
  std::optional<std::string> etag = read_s3_etag(answer.response.body);
  if (!etag) {
    return Error{ErrorKind::unknown_outcome,
                 fmt::format("key \"{}\": the answer to the copy was cut short", to)};
  }
  return StoredObject{expected.size, *std::move(etag)};
}

Result<std::optional<StoredObject>> S3Store::stat(const std::string& key, const Deadline& deadline) {
  TRY(check_key(key));
  S3Call head;
  head.method = HttpMethod::head;
  head.key = key;
  TRY_ASSIGN(const S3Answer answer, connection_.send(head, deadline));
  if (answer.response.status == 404) return std::optional<StoredObject>();
  if (!answer.ok()) return connection_.error_of(head, answer);
  std::optional<StoredObject> object = read_s3_object(answer.response.headers);
  if (!object)
    return Error{ErrorKind::retry, fmt::format("key \"{}\": the answer to HEAD has no Content-Length", key)};
  return object;
}

Result<ListPage> S3Store::list(const std::string& prefix, const std::string& after,
                               const Deadline& deadline) {
  S3Call list;
  // 1,000 is S3's page anyway, and OSS's largest; its own has 100.
  list.query = {{"list-type", "2"}, {"encoding-type", "url"}, {"max-keys", "1000"}, {"prefix", prefix}};
  if (!after.empty()) list.query.emplace_back("start-after", after);
  const QueryParameters first_query = list.query;
  for (int i = 0; i < kEmptyPagesLimit; ++i) {
    TRY_ASSIGN(const S3Answer answer, connection_.send(list, deadline));
    if (!answer.ok()) return connection_.error_of(list, answer);
    std::optional<S3ObjectPage> page = read_s3_objects(answer.response.body);
    if (!page) return cut_short(connection_.dialect(), "list objects");
    if (!page->objects.empty() || !page->truncated) {
      ListPage result;
      result.objects = std::move(page->objects);
      if (page->truncated) result.next = result.objects.back().key;
      return result;
    }
    list.query = first_query;
    list.query.emplace_back("continuation-token", page->continuation);
  }
  return Error{ErrorKind::retry, fmt::format("{}: {} pages of \"{}\" in a row list nothing",
                                             connection_.dialect().backend, kEmptyPagesLimit, prefix)};
}

Result<std::string> S3Store::get(const std::string& key, uint64_t offset, uint64_t length,
                                 const Deadline& deadline) {
  TRY(check_key(key));
  // A range can't be empty; one byte tells whether there is such an object.
  const uint64_t wanted = std::max<uint64_t>(length, 1);
  const uint64_t last = wanted - 1 > UINT64_MAX - offset ? UINT64_MAX : offset + wanted - 1;
  S3Call get;
  get.key = key;
  get.headers.set("Range", fmt::format("bytes={}-{}", offset, last));
  const S3Dialect& dialect = connection_.dialect();
  if (!dialect.range_header.empty()) get.headers.set(dialect.range_header, dialect.range_header_value);
  get.response_limit_bytes = std::max(wanted, kErrorReplyLimitBytes);
  TRY_ASSIGN(S3Answer answer, connection_.send(get, deadline));
  if (answer.response.status == 416) return std::string();  // begins at or after the end
  if (!answer.ok()) return connection_.error_of(get, answer);
  return content_of_range(std::move(answer.response), offset, length);
}

Result<void> S3Store::remove(const std::string& key, const Deadline& deadline) {
  TRY(check_key(key));
  S3Call remove;
  remove.method = HttpMethod::del;
  remove.key = key;
  TRY_ASSIGN(const S3Answer answer, connection_.send(remove, deadline));
  if (answer.ok() || answer.code() == "NoSuchKey") return {};
  return connection_.error_of(remove, answer);
}

Result<void> S3Store::abort_unfinished_uploads(const std::string& prefix, const Deadline& deadline) {
  return for_each_upload(
      prefix, [&](const S3Upload& unfinished) { return abort_upload(unfinished, deadline); }, deadline);
}

Result<void> S3Store::for_each_upload(const std::string& prefix,
                                      const std::function<Result<void>(const S3Upload&)>& visit,
                                      const Deadline& deadline) {
  const QueryParameters first_query = {{"uploads", ""}, {"encoding-type", "url"}, {"prefix", prefix}};
  S3Call list;
  list.query = first_query;
  while (true) {
    TRY_ASSIGN(const S3Answer answer, connection_.send(list, deadline));
    if (!answer.ok()) return connection_.error_of(list, answer);
    const std::optional<S3UploadPage> page = read_s3_uploads(answer.response.body);
    if (!page) return cut_short(connection_.dialect(), "list uploads");
    for (const S3Upload& unfinished : page->uploads) {
      // Not every server filters by prefix, and other people's uploads are none of ours.
      if (unfinished.key.starts_with(prefix)) TRY(visit(unfinished));
    }
    // A page that leads nowhere ends it too.
    if (!page->truncated || page->next.key.empty()) return {};
    list.query = first_query;
    list.query.emplace_back("key-marker", page->next.key);
    list.query.emplace_back("upload-id-marker", page->next.id);
  }
}

void S3Store::abort_others(const std::string& key, const std::string& own, const Deadline& deadline) {
  const auto abort_unless_own = [&](const S3Upload& unfinished) {
    const bool is_left = unfinished.key == key && unfinished.id != own;
    return is_left ? abort_upload(unfinished, deadline) : Result<void>();
  };
  // There may be no other chance: where uploads are listed by whole keys, nobody asks for this one again
  // until it grows. Who may not list them leaves them to the bucket's lifecycle rule.
  (void)repeat_while_passing(clock_, deadline,
                             [&] { return for_each_upload(key, abort_unless_own, deadline); });
}

bool S3Store::lists_uploads_by_prefix(const std::string& key, const std::string& known_id,
                                      const Deadline& deadline) {
  using enum S3Abilities::UploadLists;
  if (abilities_.upload_lists == not_known) {
    bool is_listed = false;
    const Result<void> listed = for_each_upload(
        key.substr(0, key.size() - 1),
        [&](const S3Upload& unfinished) {
          is_listed = is_listed || unfinished.id == known_id;
          return Result<void>();
        },
        deadline);
    if (listed) abilities_.upload_lists = is_listed ? by_prefix : by_key;
  }
  return abilities_.upload_lists == by_prefix;
}

Result<void> S3Store::abort_upload(const S3Upload& unfinished, const Deadline& deadline) {
  S3Call abort;
  abort.method = HttpMethod::del;
  abort.key = unfinished.key;
  abort.query = {{"uploadId", unfinished.id}};
  TRY_ASSIGN(const S3Answer answer, connection_.send(abort, deadline));
  if (answer.ok() || answer.code() == "NoSuchUpload") return {};
  return connection_.error_of(abort, answer);
}

Result<std::vector<std::string>> S3Store::remarks(const Deadline& deadline) {
  return s3_bucket_remarks(connection_, deadline);
}

}  // namespace rayhistory
