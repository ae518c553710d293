#include "store/oci/oci_store.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/utf8.h"
#include "store/etag.h"
#include "store/http_response.h"
#include "store/oci/bucket_warnings.h"
#include "store/oci/responses.h"
#include "store/stored_body.h"

namespace rayhistory {
namespace {

// "Object Names": up to 1,024 characters of UTF-8, without carriage return, line feed and NUL.
constexpr size_t kKeyLimitBytes = 1024;
constexpr int kPageObjects = 1000;
// An error comes in place of the bytes that were asked for, and may be longer.
constexpr uint64_t kErrorResponseLimitBytes = 1024 * 1024;
constexpr std::string_view kObjectFields = "name,size,etag,timeModified";
constexpr std::string_view kWrite = "OBJECT_CREATE and OBJECT_OVERWRITE";
constexpr std::string_view kRead = "OBJECT_READ";
constexpr std::string_view kInspect = "OBJECT_INSPECT";
// A page may be empty and yet not the last. So many in a row, at most.
constexpr int kEmptyPagesLimit = 1000;
// A bucket with a million unfinished uploads is none that a collector can clear.
constexpr int kUploadPagesLimit = 1000;

Result<void> check_key(const std::string& key) {
  const auto invalid = [&key](std::string_view why) {
    return Error{ErrorKind::invalid, fmt::format("key \"{}\": {}", key, why)};
  };
  if (key.empty()) return invalid("is empty");
  if (key.size() > kKeyLimitBytes)
    return invalid(fmt::format("{} bytes, and Object Storage takes {} at most", key.size(), kKeyLimitBytes));
  if (!is_utf8(key)) return invalid("is not UTF-8, and Object Storage takes nothing else");
  if (key.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos)
    return invalid("has a line break or a NUL, which Object Storage takes in no name");
  if (key == "." || key == "..") return invalid("is a name that a path does not keep");
  return {};
}

}  // namespace

Result<std::unique_ptr<OciStore>> OciStore::open(const OciOptions& options,
                                                 std::unique_ptr<HttpClient> client,
                                                 std::unique_ptr<OciCredentialsSource> credentials,
                                                 const Clock& clock, const OciLimits& limits) {
  TRY(OciConnection::check(options));
  return std::unique_ptr<OciStore>(
      new OciStore(options, std::move(client), std::move(credentials), clock, limits));
}

OciStore::OciStore(OciOptions options, std::unique_ptr<HttpClient> client,
                   std::unique_ptr<OciCredentialsSource> credentials, const Clock& clock,
                   const OciLimits& limits)
    : limits_(limits),
      clock_(clock),
      connection_(std::move(options), std::move(client), std::move(credentials), clock) {}

std::string OciStore::description() const {
  return connection_.description();
}

std::string OciStore::credentials_origin() const {
  return connection_.credentials_origin();
}

Result<std::optional<Error>> OciStore::why_missing(const Deadline& deadline) {
  OciCall head;
  head.method = HttpMethod::head;
  head.permission = "BUCKET_INSPECT";
  TRY_ASSIGN(const OciResponse response, connection_.send(head, deadline));
  if (response.ok()) return std::optional<Error>();
  if (response.http.status != 404 && response.http.status != 403) return connection_.error_of(head, response);
  // A policy for the objects alone does not show the bucket.
  OciCall list;
  list.path = "/o";
  list.query = {{"limit", "1"}};
  list.permission = kInspect;
  TRY_ASSIGN(const OciResponse listed, connection_.send(list, deadline));
  if (listed.ok()) return std::optional<Error>();
  Error error = connection_.error_of(list, listed);
  if (listed.http.status == 404) return std::optional(std::move(error));
  return error;
}

Result<void> OciStore::ensure_bucket(const Deadline& deadline) {
  TRY_ASSIGN(std::optional<Error> missing, why_missing(deadline));
  if (!missing) return {};
  if (connection_.options().compartment.empty()) return *std::move(missing);
  return create_bucket(*std::move(missing), deadline);
}

Result<void> OciStore::create_bucket(Error missing, const Deadline& deadline) {
  const std::string& compartment = connection_.options().compartment;
  const MemoryBody body(write_oci_new_bucket(connection_.bucket(), compartment));
  OciCall create;
  create.method = HttpMethod::post;
  create.of = OciCall::Of::buckets;
  create.body = &body;
  create.is_json = true;
  create.permission = "BUCKET_CREATE";
  TRY_ASSIGN(const OciResponse response, connection_.send(create, deadline));
  if (response.ok()) return {};
  Error error = connection_.error_of(create, response);
  const int status = response.http.status;
  if (status == 403 || status == 404) {
    return Error{
        ErrorKind::denied,
        fmt::format(
            "there is no oci bucket {0} (OCI_BUCKET) that {1} may see, and it could not be made in the "
            "compartment {2} (OCI_COMPARTMENT_ID): create it by hand, or allow it with a policy: {3}; "
            "status {4} {5}",
            connection_.bucket(), connection_.credentials_origin(), compartment,
            oci_policy_statement(connection_.credentials_origin(), "manage buckets", connection_.bucket()),
            status, response.code())};
  }
  if (status != 409 || error.kind == ErrorKind::retry) {
    // Creating is repeated without harm, and another collector may be at it.
    if (error.kind == ErrorKind::unknown_outcome) error.kind = ErrorKind::retry;
    return error;
  }
  // Another collector was faster, or it was there all the time and may not be seen.
  TRY_ASSIGN(const std::optional<Error> still_missing, why_missing(deadline));
  if (!still_missing) return {};
  return missing;
}

Result<StoredObject> OciStore::put(const std::string& key, const Body& body, std::string_view content_type,
                                   const Deadline& deadline) {
  return write(key, body, content_type, {}, OciBodyCheck::md5, deadline);
}

Result<StoredObject> OciStore::replace(const std::string& key, const std::optional<StoredObject>& before,
                                       const Body& body, std::string_view content_type,
                                       const Deadline& deadline) {
  return write(key, body, content_type, oci_condition(before), OciBodyCheck::md5, deadline);
}

Result<StoredObject> OciStore::extend(const std::string& key, const StoredObject& stored, const Body& whole,
                                      std::string_view content_type, const Deadline& deadline) {
  CHECK(0 < stored.size && stored.size <= whole.size());
  if (stored.size == whole.size()) {
    TRY_ASSIGN(const std::optional<StoredObject> present, stat(key, deadline));
    if (present && *present == stored) return stored;
    return Error{ErrorKind::exists, fmt::format("key \"{}\": is not what was stored", key)};
  }
  return replace(key, stored, whole, content_type, deadline);
}

Result<StoredObject> OciStore::write(const std::string& key, const Body& body, std::string_view content_type,
                                     const OciCondition& condition, OciBodyCheck check,
                                     const Deadline& deadline) {
  TRY(check_key(key));
  if (body.size() <= limits_.single_request_bytes)
    return put_at_once(key, body, content_type, condition, check, deadline);
  return upload_to_oci_in_parts(connection_, clock_, limits_, key, body, content_type, condition, check,
                                deadline);
}

Result<StoredObject> OciStore::put_at_once(const std::string& key, const Body& body,
                                           std::string_view content_type, const OciCondition& condition,
                                           OciBodyCheck check, const Deadline& deadline) {
  OciCall put;
  put.method = HttpMethod::put;
  put.path = oci_object_path(key);
  put.key = key;
  put.permission = kWrite;
  put.body = &body;
  put.body_check = check;
  if (!content_type.empty()) put.headers.set("Content-Type", content_type);
  condition.set_on(put.headers);
  TRY_ASSIGN(const OciResponse response, connection_.send(put, deadline));
  if (!response.ok()) {
    Error error = connection_.error_of(put, response);
    // The object that was to be replaced is gone.
    if (error.kind == ErrorKind::not_found && !condition.etag.empty()) error.kind = ErrorKind::exists;
    return error;
  }
  std::string etag = without_quotes(response.http.headers.find("ETag").value_or(""));
  if (!is_oci_etag(etag)) {
    return Error{ErrorKind::unknown_outcome, fmt::format("key \"{}\": the answer to a put has no ETag", key)};
  }
  return StoredObject{body.size(), std::move(etag)};
}

Result<StoredObject> OciStore::copy(const std::string& from, const StoredObject& expected,
                                    const std::string& to, const Deadline& deadline) {
  TRY(check_key(to));
  TRY_ASSIGN(const std::optional<StoredObject> present, stat(from, deadline));
  if (!present) return Error{ErrorKind::not_found, fmt::format("key \"{}\": no such object", from)};
  if (*present != expected)
    return Error{ErrorKind::exists, fmt::format("key \"{}\": another object than before", from)};
  // A digest of them would be a second read of the object.
  return write(to, StoredBody(*this, from, expected.size, deadline), kTextContent, {}, OciBodyCheck::none,
               deadline);
}

Result<std::optional<StoredObject>> OciStore::stat(const std::string& key, const Deadline& deadline) {
  TRY(check_key(key));
  OciCall head;
  head.method = HttpMethod::head;
  head.path = oci_object_path(key);
  head.key = key;
  head.permission = kRead;
  TRY_ASSIGN(const OciResponse response, connection_.send(head, deadline));
  if (response.http.status == 404) return std::optional<StoredObject>();
  if (!response.ok()) return connection_.error_of(head, response);
  std::optional<StoredObject> object = read_oci_object(response.http.headers);
  if (!object) {
    return Error{ErrorKind::retry,
                 fmt::format("key \"{}\": the answer to HEAD has no Content-Length or no ETag", key)};
  }
  return object;
}

Result<ListPage> OciStore::list(const std::string& prefix, const std::string& cursor,
                                const Deadline& deadline) {
  OciCall list;
  list.path = "/o";
  list.permission = kInspect;
  std::string start = cursor;
  for (int i = 0; i < kEmptyPagesLimit; ++i) {
    list.query = {{"limit", std::to_string(kPageObjects)}, {"fields", std::string(kObjectFields)}};
    if (!prefix.empty()) list.query.emplace_back("prefix", prefix);
    if (!start.empty()) list.query.emplace_back("start", start);
    TRY_ASSIGN(const OciResponse response, connection_.send(list, deadline));
    if (!response.ok()) return connection_.error_of(list, response);
    std::optional<OciObjectPage> page = read_oci_objects(response.http.body);
    if (!page)
      return Error{ErrorKind::retry, "oci: the answer to a list of objects was cut short or is not JSON"};
    // In which order the names are is the service's business; only a page that begins where this one did is
    // none.
    if (!page->next_start.empty() && page->next_start == start) {
      return Error{ErrorKind::invalid,
                   fmt::format("oci: the list of \"{}\" leads from a page to the same page", prefix)};
    }
    if (!page->objects.empty() || page->next_start.empty())
      return ListPage{std::move(page->objects), std::move(page->next_start)};
    start = std::move(page->next_start);
  }
  return Error{ErrorKind::retry,
               fmt::format("oci: {} pages of \"{}\" in a row list nothing", kEmptyPagesLimit, prefix)};
}

Result<std::string> OciStore::get(const std::string& key, uint64_t offset, uint64_t length,
                                  const Deadline& deadline) {
  TRY(check_key(key));
  // A range can't be empty; one byte tells whether there is such an object.
  const uint64_t wanted = std::max<uint64_t>(length, 1);
  // Java counts in signed numbers, and so do we.
  constexpr uint64_t kLast = INT64_MAX - 1;
  if (offset > kLast) return std::string();
  const uint64_t last = wanted - 1 > kLast - offset ? kLast : offset + wanted - 1;
  OciCall get;
  get.path = oci_object_path(key);
  get.headers.set("Range", fmt::format("bytes={}-{}", offset, last));
  get.response_limit_bytes = std::max(wanted, kErrorResponseLimitBytes);
  get.key = key;
  get.permission = kRead;
  TRY_ASSIGN(OciResponse response, connection_.send(get, deadline));
  if (response.http.status == 416) return std::string();  // begins at or after the end
  if (!response.ok()) return connection_.error_of(get, response);
  return content_of_range(std::move(response.http), offset, length);
}

Result<void> OciStore::remove(const std::string& key, const Deadline& deadline) {
  TRY(check_key(key));
  OciCall object;
  object.path = oci_object_path(key);
  object.key = key;
  return connection_.remove(std::move(object), deadline);
}

Result<void> OciStore::abort_unfinished_uploads(const std::string& prefix, const Deadline& deadline) {
  OciCall list;
  list.path = "/u";
  list.permission = "BUCKET_READ";
  std::string page;
  for (int i = 0; i < kUploadPagesLimit; ++i) {
    list.query = {{"limit", std::to_string(kPageObjects)}};
    if (!page.empty()) list.query.emplace_back("page", page);
    TRY_ASSIGN(const OciResponse response, connection_.send(list, deadline));
    // The rights to write objects do not include this one.
    if (response.http.status == 404 || response.http.status == 403) return {};
    if (!response.ok()) return connection_.error_of(list, response);
    const std::optional<std::vector<OciUnfinishedUpload>> uploads = read_oci_uploads(response.http.body);
    if (!uploads)
      return Error{ErrorKind::retry, "oci: the answer to a list of uploads was cut short or is not JSON"};
    for (const OciUnfinishedUpload& upload : *uploads)
      if (upload.key.starts_with(prefix)) TRY(abort_oci_upload(connection_, upload.key, upload.id, deadline));
    page = response.http.headers.find("opc-next-page").value_or("");
    if (page.empty()) return {};
  }
  return {};
}

Result<std::vector<std::string>> OciStore::bucket_warnings(const Deadline& deadline) {
  return oci_bucket_warnings(connection_, deadline);
}

}  // namespace rayhistory
