#include "store/gcs/gcs_store.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/digest.h"
#include "base/utf8.h"
#include "store/gcs/bucket_warnings.h"
#include "store/gcs/resumable_upload.h"
#include "store/http_response.h"
#include "store/retry_pace.h"

namespace rayhistory {
namespace {

// Cloud Storage's longest name ("Quotas & limits").
constexpr size_t kKeyLimitBytes = 1024;
constexpr size_t kTailNameBytes = 8;
constexpr std::string_view kUnfinished = ".rayhistory-unfinished/";
constexpr int kPageObjects = 1000;
// A page may be empty and yet not the last. So many in a row, at most.
constexpr int kEmptyPagesLimit = 1000;
// What a compose waits for is a second, or a short outage; a longer one is the caller's, who sends the tail
// again.
constexpr int kComposeTries = 6;
constexpr int kDropTries = 3;
// Within one bucket a rewrite is done at once. The loop is for the exceptions that Google names, a bucket in
// two regions among them.
constexpr int kRewriteCalls = 10'000;
// The server copies and says nothing until it has.
constexpr std::chrono::minutes kServerWorkStallTimeout{10};
// What little there is around the bytes that were asked for.
constexpr uint64_t kErrorResponseLimitBytes = 1024 * 1024;
constexpr std::string_view kObjectFields = "name,size,generation,timeCreated,metadata";
constexpr std::string_view kCreate = "storage.objects.create (and storage.objects.delete, to replace)";
constexpr std::string_view kGet = "storage.objects.get";
constexpr std::string_view kList = "storage.objects.list";

Result<void> check_key(const std::string& key) {
  const auto invalid = [&key](std::string_view why) {
    return Error{ErrorKind::invalid, fmt::format("key \"{}\": {}", key, why)};
  };
  if (key.empty()) return invalid("is empty");
  if (key.size() > kKeyLimitBytes)
    return invalid(fmt::format("{} bytes, and Cloud Storage takes {} at most", key.size(), kKeyLimitBytes));
  if (!is_utf8(key)) return invalid("is not UTF-8, and Cloud Storage takes nothing else");
  if (key.find_first_of("\r\n") != std::string::npos)
    return invalid("has a line break, which Cloud Storage takes in no name");
  if (key == "." || key == "..") return invalid("is a name that Cloud Storage does not take");
  return {};
}

bool is_passing(const Error& error) {
  return error.kind == ErrorKind::retry || error.kind == ErrorKind::unknown_outcome;
}

Error cut_short(std::string_view what, ErrorKind kind) {
  return Error{kind, fmt::format("gcs: the answer to {} was cut short or is not JSON", what)};
}

std::string folder_of(std::string_view root) {
  while (root.starts_with('/'))
    root.remove_prefix(1);
  while (root.ends_with('/'))
    root.remove_suffix(1);
  return root.empty() ? "" : std::string(root) + "/";
}

}  // namespace

Result<std::unique_ptr<GcsStore>> GcsStore::open(const GcsOptions& options,
                                                 std::unique_ptr<HttpClient> client,
                                                 std::unique_ptr<AccessTokenSource> credentials,
                                                 FindGoogleProject find_project, const Clock& clock,
                                                 const GcsLimits& limits) {
  TRY_ASSIGN(GcsConnection connection,
             GcsConnection::open(options, std::move(client), std::move(credentials)));
  return std::unique_ptr<GcsStore>(
      new GcsStore(std::move(connection), std::move(find_project), clock, limits));
}

GcsStore::GcsStore(GcsConnection connection, FindGoogleProject find_project, const Clock& clock,
                   const GcsLimits& limits)
    : limits_(limits),
      clock_(clock),
      find_project_(std::move(find_project)),
      connection_(std::move(connection)) {}

std::string GcsStore::description() const {
  return connection_.description();
}

std::string GcsStore::credentials_origin() const {
  return connection_.credentials_origin();
}

Result<GcsStore::BucketState> GcsStore::look_at_bucket(const Deadline& deadline) {
  GcsCall look;
  look.encoded_path = gcs_bucket_path(connection_.bucket());
  look.query = {{"fields", "name"}};
  look.permission = "storage.buckets.get";
  TRY_ASSIGN(const GcsResponse response, connection_.send(look, deadline));
  if (response.ok()) return BucketState::there;
  if (response.http.status == 404) return BucketState::missing;
  if (response.http.status == 403) return BucketState::hidden;
  return connection_.error_of(look, response);
}

Result<void> GcsStore::ensure_bucket(const Deadline& deadline) {
  TRY_ASSIGN(const BucketState state, look_at_bucket(deadline));
  // 403: it is there and may only not be looked at, as by roles/storage.objectUser. Using it will tell.
  if (state != BucketState::missing) return {};
  return create_bucket(deadline);
}

Result<void> GcsStore::create_bucket(const Deadline& deadline) {
  std::string project = connection_.options().project;
  if (project.empty() && !connection_.options().emulator_host.empty()) project = "emulator";
  if (project.empty()) {
    Result<std::string> found = find_project_(deadline);
    if (!found) {
      Error error = std::move(found).error();
      return Error{error.kind,
                   fmt::format("there is no gcs bucket {} (GCS_BUCKET), and no project to make it in: create "
                               "it, or set GCP_PROJECT_ID; {}",
                               connection_.bucket(), error.message)};
    }
    project = *std::move(found);
  }
  const MemoryBody body(write_gcs_new_bucket(connection_.bucket()));
  GcsCall create;
  create.method = HttpMethod::post;
  create.encoded_path = "/storage/v1/b";
  create.query = {{"project", project}};
  create.headers.set("Content-Type", "application/json; charset=UTF-8");
  create.body = &body;
  create.permission = "storage.buckets.create";
  TRY_ASSIGN(const GcsResponse response, connection_.send(create, deadline));
  if (response.ok()) return {};
  Error error = connection_.error_of(create, response);
  if (response.http.status == 403 || response.http.status == 404) {
    return Error{
        ErrorKind::denied,
        fmt::format("there is no gcs bucket {} (GCS_BUCKET), and it could not be made in project {}: "
                    "create it by hand, or grant storage.buckets.create; {}",
                    connection_.bucket(), project, error.message)};
  }
  if (response.http.status != 409) {
    // Creating is repeated without harm, and another collector may be at it.
    if (error.kind == ErrorKind::unknown_outcome) error.kind = ErrorKind::retry;
    return error;
  }
  // Somebody was faster: another collector of ours, or a stranger who owns that name.
  TRY_ASSIGN(const BucketState state, look_at_bucket(deadline));
  if (state == BucketState::there) return {};
  return Error{ErrorKind::exists,
               fmt::format("the gcs bucket {} belongs to somebody else: choose another "
                           "GCS_BUCKET; the names of all of Google's customers are one space",
                           connection_.bucket())};
}

Result<StoredObject> GcsStore::put(const std::string& key, const Body& body, std::string_view content_type,
                                   const Deadline& deadline) {
  return send(key, body, content_type, "", deadline);
}

Result<StoredObject> GcsStore::replace(const std::string& key, const std::optional<StoredObject>& before,
                                       const Body& body, std::string_view content_type,
                                       const Deadline& deadline) {
  const std::string generation = !before ? "0" : is_gcs_generation(before->etag) ? before->etag : "";
  return send(key, body, content_type, generation, deadline);
}

Result<StoredObject> GcsStore::send(const std::string& key, const Body& body, std::string_view content_type,
                                    const std::string& generation, const Deadline& deadline) {
  TRY(check_key(key));
  if (body.size() <= limits_.single_request_bytes)
    return put_at_once(key, body, content_type, generation, deadline);
  return upload_to_gcs_resumably(connection_, clock_, key, body, content_type, generation, deadline);
}

Result<StoredObject> GcsStore::put_at_once(const std::string& key, const Body& body,
                                           std::string_view content_type, const std::string& generation,
                                           const Deadline& deadline) {
  GcsCall put;
  put.method = HttpMethod::post;
  put.encoded_path = gcs_upload_path(connection_.bucket());
  put.query = {{"uploadType", "media"}, {"name", key}, {"fields", std::string(kObjectFields)}};
  if (!generation.empty()) put.query.emplace_back("ifGenerationMatch", generation);
  put.headers.set("Content-Type", content_type);
  put.body = &body;
  put.key = key;
  put.permission = kCreate;
  TRY_ASSIGN(const GcsResponse response, connection_.send(put, deadline));
  if (!response.ok()) return connection_.error_of(put, response);
  const std::optional<GcsObject> object = read_gcs_object(response.http.body);
  if (!object) return cut_short(fmt::format("an upload to key \"{}\"", key), ErrorKind::unknown_outcome);
  if (object->stored.size != body.size()) {
    return Error{ErrorKind::retry, fmt::format("key \"{}\": {} bytes were kept of the {} sent", key,
                                               object->stored.size, body.size())};
  }
  return object->stored;
}

std::string GcsStore::tails_of(const std::string& prefix) const {
  return folder_of(connection_.options().root) + std::string(kUnfinished) + prefix;
}

Result<StoredObject> GcsStore::extend(const std::string& key, const StoredObject& stored, const Body& whole,
                                      std::string_view content_type, const Deadline& deadline) {
  CHECK(0 < stored.size && stored.size <= whole.size());
  TRY(check_key(key));
  if (stored.size == whole.size()) {
    TRY_ASSIGN(const std::optional<GcsObject> present, look(key, deadline));
    if (present && present->stored == stored) return stored;
    return Error{ErrorKind::exists, fmt::format("key \"{}\": is not what was stored", key)};
  }
  const std::string tail = tails_of(key) + "/" + random_hex(kTailNameBytes);
  if (stored.size < limits_.least_composed_bytes || tail.size() > kKeyLimitBytes ||
      !is_gcs_generation(stored.etag))
    return replace(key, stored, whole, content_type, deadline);
  const BodyRange rest(whole, stored.size, whole.size() - stored.size);
  // Its name is this call's alone, so repeating it does no harm.
  Result<StoredObject> sent = put(tail, rest, content_type, deadline);
  if (!sent) {
    // Also of one that was refused: it may have come twice, and the first time have been taken.
    if (is_passing(sent.error())) drop_tail(tail, deadline);
    return sent;
  }
  Result<StoredObject> outcome = compose(key, stored, tail, whole.size(), content_type, deadline);
  drop_tail(tail, deadline);
  return outcome;
}

Result<StoredObject> GcsStore::compose(const std::string& key, const StoredObject& stored,
                                       const std::string& tail, uint64_t whole_size,
                                       std::string_view content_type, const Deadline& deadline) {
  const MemoryBody body(write_gcs_compose(key, stored.etag, tail, content_type));
  GcsCall call;
  call.method = HttpMethod::post;
  call.encoded_path = gcs_object_path(connection_.bucket(), key) + "/compose";
  call.query = {{"ifGenerationMatch", stored.etag}, {"fields", std::string(kObjectFields)}};
  call.headers.set("Content-Type", "application/json; charset=UTF-8");
  call.body = &body;
  call.key = key;
  call.permission = "storage.objects.create, storage.objects.get and storage.objects.delete";
  call.stall_timeout = kServerWorkStallTimeout;
  RetryPace pace(clock_);
  while (true) {
    Result<StoredObject> outcome = compose_once(call, stored, whole_size, deadline);
    // Only what was found not to be done is tried again here.
    if (outcome || outcome.error().kind != ErrorKind::retry) return outcome;
    if (pace.tries() + 1 >= kComposeTries || !pace.wait(outcome.error(), deadline)) return outcome;
  }
}

Result<StoredObject> GcsStore::compose_once(const GcsCall& call, const StoredObject& stored,
                                            uint64_t whole_size, const Deadline& deadline) {
  Result<GcsResponse> response = connection_.send(call, deadline);
  if (!response) {
    if (response.error().kind != ErrorKind::unknown_outcome) return std::move(response).error();
    return settle(std::move(response).error(), call.key, stored, whole_size, deadline);
  }
  if (response->ok()) {
    const std::optional<GcsObject> object = read_gcs_object(response->http.body);
    if (!object) {
      return settle(cut_short(fmt::format("a compose of key \"{}\"", call.key), ErrorKind::unknown_outcome),
                    call.key, stored, whole_size, deadline);
    }
    if (object->stored.size == whole_size) return object->stored;
    return Error{ErrorKind::exists, fmt::format("key \"{}\": has {} bytes after a compose, not {}", call.key,
                                                object->stored.size, whole_size)};
  }
  Error error = connection_.error_of(call, *response);
  const int status = response->http.status;
  // 412 comes also to a compose that arrives twice, the second time; a 5xx after the work was done.
  if (status == 412 || status >= 500) return settle(std::move(error), call.key, stored, whole_size, deadline);
  // 404: the object or its tail is gone. 400: they do not go together, as when a lifecycle rule has moved the
  // object to another storage class. Either way the whole is to be put.
  if (status == 400 || error.kind == ErrorKind::not_found) error.kind = ErrorKind::exists;
  return error;
}

Result<StoredObject> GcsStore::settle(Error why, const std::string& key, const StoredObject& stored,
                                      uint64_t whole_size, const Deadline& deadline) {
  const Result<std::optional<GcsObject>> found = look(key, deadline);
  if (!found) {
    if (found.error().kind == ErrorKind::cancelled) return found.error();
    return Error{ErrorKind::unknown_outcome, fmt::format("{}; then {}", why.message, found.error().message)};
  }
  const std::optional<GcsObject>& object = *found;
  if (object && object->extends == stored.etag && object->stored.size == whole_size) return object->stored;
  // Not done. Should it be done late, trying again finds that out by the generation.
  why.kind = object && object->stored.etag == stored.etag ? ErrorKind::retry : ErrorKind::exists;
  return why;
}

void GcsStore::drop_tail(const std::string& tail, const Deadline& deadline) {
  RetryPace pace(clock_);
  while (true) {
    const Result<void> removed = remove(tail, deadline);
    if (removed || !is_passing(removed.error())) return;
    if (pace.tries() + 1 >= kDropTries || !pace.wait(removed.error(), deadline)) return;
  }
}

Result<StoredObject> GcsStore::copy(const std::string& from, const StoredObject& expected,
                                    const std::string& to, const Deadline& deadline) {
  TRY(check_key(from));
  TRY(check_key(to));
  GcsCall rewrite;
  rewrite.method = HttpMethod::post;
  rewrite.encoded_path = gcs_object_path(connection_.bucket(), from) + "/rewriteTo/b/" +
                         encode_query_component(connection_.bucket()) + "/o/" + encode_query_component(to);
  rewrite.key = from;
  rewrite.permission = "storage.objects.get, storage.objects.create and storage.objects.delete";
  rewrite.stall_timeout = kServerWorkStallTimeout;
  std::string token;
  for (int i = 0; i < kRewriteCalls; ++i) {
    rewrite.query.clear();
    if (is_gcs_generation(expected.etag))
      rewrite.query.emplace_back("ifSourceGenerationMatch", expected.etag);
    if (!token.empty()) rewrite.query.emplace_back("rewriteToken", token);
    TRY_ASSIGN(const GcsResponse response, connection_.send(rewrite, deadline));
    if (!response.ok()) {
      Error error = connection_.error_of(rewrite, response);
      if (response.http.status == 410) error.kind = ErrorKind::retry;  // the token has expired
      return error;
    }
    std::optional<GcsRewrite> state = read_gcs_rewrite(response.http.body);
    if (!state) return cut_short(fmt::format("a copy to key \"{}\"", to), ErrorKind::unknown_outcome);
    if (state->object) return state->object->stored;
    token = std::move(state->token);
  }
  return Error{ErrorKind::retry,
               fmt::format("key \"{}\": its copy is not done after {} calls", from, kRewriteCalls)};
}

Result<std::optional<GcsObject>> GcsStore::look(const std::string& key, const Deadline& deadline) {
  GcsCall look;
  look.encoded_path = gcs_object_path(connection_.bucket(), key);
  look.query = {{"fields", std::string(kObjectFields)}};
  look.key = key;
  look.permission = kGet;
  TRY_ASSIGN(const GcsResponse response, connection_.send(look, deadline));
  if (!response.ok()) {
    Error error = connection_.error_of(look, response);
    if (error.kind == ErrorKind::not_found) return std::optional<GcsObject>();
    return error;
  }
  std::optional<GcsObject> object = read_gcs_object(response.http.body);
  if (!object) return cut_short(fmt::format("a look at key \"{}\"", key), ErrorKind::retry);
  return object;
}

Result<std::optional<StoredObject>> GcsStore::stat(const std::string& key, const Deadline& deadline) {
  TRY(check_key(key));
  TRY_ASSIGN(const std::optional<GcsObject> object, look(key, deadline));
  if (!object) return std::optional<StoredObject>();
  return std::optional(object->stored);
}

Result<ListPage> GcsStore::list(const std::string& prefix, const std::string& cursor,
                                const Deadline& deadline) {
  GcsCall list;
  list.encoded_path = gcs_bucket_path(connection_.bucket()) + "/o";
  list.query = {{"prefix", prefix},
                {"maxResults", std::to_string(kPageObjects)},
                {"fields", "nextPageToken,items(name,size,generation,timeCreated)"}};
  list.permission = kList;
  const QueryParameters first_query = list.query;
  std::string token = cursor;
  for (int i = 0; i < kEmptyPagesLimit; ++i) {
    list.query = first_query;
    if (!token.empty()) list.query.emplace_back("pageToken", token);
    TRY_ASSIGN(const GcsResponse response, connection_.send(list, deadline));
    if (!response.ok()) return connection_.error_of(list, response);
    std::optional<GcsObjectPage> page = read_gcs_objects(response.http.body);
    if (!page) return cut_short("a list of objects", ErrorKind::retry);
    if (!page->next_page.empty() && page->next_page == token) {
      return Error{ErrorKind::invalid,
                   fmt::format("gcs: the list of \"{}\" leads from a page to the same page", prefix)};
    }
    if (!page->objects.empty() || page->next_page.empty())
      return ListPage{std::move(page->objects), std::move(page->next_page)};
    token = std::move(page->next_page);
  }
  return Error{ErrorKind::retry,
               fmt::format("gcs: {} pages of \"{}\" in a row list nothing", kEmptyPagesLimit, prefix)};
}

Result<std::string> GcsStore::get(const std::string& key, uint64_t offset, uint64_t length,
                                  const Deadline& deadline) {
  TRY(check_key(key));
  // A range can't be empty; one byte tells whether there is such an object.
  const uint64_t wanted = std::max<uint64_t>(length, 1);
  // Cloud Storage reckons in signed numbers.
  constexpr uint64_t kLastByte = INT64_MAX - 1;
  const uint64_t last =
      wanted - 1 > kLastByte - std::min(offset, kLastByte) ? kLastByte : offset + wanted - 1;
  GcsCall get;
  get.encoded_path = gcs_object_path(connection_.bucket(), key);
  get.query = {{"alt", "media"}};
  get.headers.set("Range", fmt::format("bytes={}-{}", offset, last));
  get.response_limit_bytes = std::max(wanted, kErrorResponseLimitBytes);
  get.key = key;
  get.permission = kGet;
  TRY_ASSIGN(GcsResponse response, connection_.send(get, deadline));
  if (response.http.status == 416) return std::string();  // begins at or after the end
  if (!response.ok()) return connection_.error_of(get, response);
  return content_of_range(std::move(response.http), offset, length);
}

Result<void> GcsStore::remove(const std::string& key, const Deadline& deadline) {
  TRY(check_key(key));
  GcsCall remove;
  remove.method = HttpMethod::del;
  remove.encoded_path = gcs_object_path(connection_.bucket(), key);
  remove.key = key;
  remove.permission = "storage.objects.delete";
  TRY_ASSIGN(const GcsResponse response, connection_.send(remove, deadline));
  if (response.ok()) return {};
  Error error = connection_.error_of(remove, response);
  if (error.kind == ErrorKind::not_found) return {};
  return error;
}

Result<void> GcsStore::abort_unfinished_uploads(const std::string& prefix, const Deadline& deadline) {
  const std::string tails = tails_of(prefix);
  std::string cursor;
  do {
    TRY_ASSIGN(const ListPage page, list(tails, cursor, deadline));
    for (const ListedObject& tail : page.objects)
      TRY(remove(tail.key, deadline));
    cursor = page.next;
  } while (!cursor.empty());
  return {};
}

Result<std::vector<std::string>> GcsStore::bucket_warnings(const Deadline& deadline) {
  return gcs_bucket_warnings(connection_, deadline);
}

}  // namespace rayhistory
