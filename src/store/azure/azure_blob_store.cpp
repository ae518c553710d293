#include "store/azure/azure_blob_store.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "store/azure/container_warnings.h"
#include "store/http_response.h"

namespace rayhistory {
namespace {

// In characters, each of which is a byte or more: a key of more bytes may still be short enough.
constexpr size_t kKeyLimitCharacters = 1024;
// Of store.h. Azure gives up to 5,000.
constexpr size_t kPageLimit = 1000;
// Azure may send a page with a marker and nothing on it. So many in a row, at most.
constexpr int kEmptyPagesLimit = 1000;
// What comes instead of the bytes that were asked for, where it is an error.
constexpr uint64_t kErrorResponseLimitBytes = 1024 * 1024;
// A copy within an account is there with its answer, or soon after.
constexpr Milliseconds kFirstCopyWait{100};
constexpr Seconds kLongestCopyWait{5};
// Far more than a copy within an account takes; then it is begun anew, which Azure refuses while this one
// goes on.
constexpr std::chrono::minutes kCopyPatience{10};

size_t characters_of(std::string_view utf8) {
  return static_cast<size_t>(std::count_if(utf8.begin(), utf8.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;  // not the second or later byte of one
  }));
}

Result<void> check_key(const std::string& key) {
  if (key.empty()) return Error{ErrorKind::invalid, "an empty object key"};
  if (characters_of(key) > kKeyLimitCharacters) {
    return Error{ErrorKind::invalid, fmt::format("key \"{}\": {} characters, and Azure takes {} at most", key,
                                                 characters_of(key), kKeyLimitCharacters)};
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<AzureBlobStore>> AzureBlobStore::open(AzureSignIn sign_in, std::string container,
                                                             std::unique_ptr<HttpClient> client,
                                                             const Clock& clock, const AzureLimits& limits) {
  TRY_ASSIGN(AzureEndpoint endpoint, AzureEndpoint::from(sign_in.account, std::move(container)));
  return std::unique_ptr<AzureBlobStore>(
      new AzureBlobStore(std::move(endpoint), std::move(sign_in), std::move(client), clock, limits));
}

AzureBlobStore::AzureBlobStore(AzureEndpoint endpoint, AzureSignIn sign_in,
                               std::unique_ptr<HttpClient> client, const Clock& clock,
                               const AzureLimits& limits)
    : limits_(limits),
      clock_(clock),
      connection_(std::move(endpoint), std::move(sign_in.credentials), std::move(client), clock) {}

std::string AzureBlobStore::description() const {
  return connection_.description();
}

std::string AzureBlobStore::credentials_origin() const {
  return connection_.credentials_origin();
}

Result<void> AzureBlobStore::ensure_bucket(const Deadline& deadline) {
  AzureCall head;
  head.method = HttpMethod::head;
  head.query = {{"restype", "container"}};
  TRY_ASSIGN(const AzureResponse response, connection_.send(head, deadline));
  if (response.ok()) return {};
  if (response.code() == "ContainerNotFound") return create_container(deadline);
  Error error = connection_.error_of(head, response);
  // It may only not be looked at: a signature for a container (sr=c) is good for its blobs alone. Using it
  // will tell.
  const bool is_for_blobs = response.http.status == 403 && response.code().starts_with("Authorization");
  if (is_for_blobs) return {};
  return error;
}

Result<void> AzureBlobStore::create_container(const Deadline& deadline) {
  AzureCall create;
  create.method = HttpMethod::put;
  create.query = {{"restype", "container"}};
  TRY_ASSIGN(const AzureResponse response, connection_.send(create, deadline));
  // Somebody was faster: in an account there is nobody but its owner's people.
  if (response.ok() || response.code() == "ContainerAlreadyExists") return {};
  return connection_.error_of(create, response);
}

Result<StoredObject> AzureBlobStore::put(const std::string& key, const Body& body,
                                         std::string_view content_type, const Deadline& deadline) {
  TRY(check_key(key));
  if (body.size() < limits_.block_bytes)
    return put_azure_blob(connection_, key, body, content_type, std::nullopt, deadline);
  Result<StoredObject> stored =
      put_azure_blocks(connection_, limits_, clock_, key, body, content_type, std::nullopt, deadline);
  // What another program left there takes no blocks of ours. In one request it is replaced all the same; the
  // object is then put in blocks when it grows.
  if (!stored && stored.error().kind == ErrorKind::exists && body.size() <= limits_.single_request_bytes)
    return put_azure_blob(connection_, key, body, content_type, std::nullopt, deadline);
  return stored;
}

Result<StoredObject> AzureBlobStore::replace(const std::string& key,
                                             const std::optional<StoredObject>& /*before*/, const Body& body,
                                             std::string_view content_type, const Deadline& deadline) {
  return put(key, body, content_type, deadline);
}

Result<StoredObject> AzureBlobStore::extend(const std::string& key, const StoredObject& stored,
                                            const Body& whole, std::string_view content_type,
                                            const Deadline& deadline) {
  CHECK(0 < stored.size && stored.size <= whole.size());
  TRY(check_key(key));
  if (whole.size() < limits_.block_bytes)
    return put_azure_blob(connection_, key, whole, content_type, stored, deadline);
  return put_azure_blocks(connection_, limits_, clock_, key, whole, content_type, stored, deadline);
}

Result<StoredObject> AzureBlobStore::copy(const std::string& from, const StoredObject& expected,
                                          const std::string& to, const Deadline& deadline) {
  TRY(check_key(from));
  TRY(check_key(to));
  AzureCall copy;
  copy.method = HttpMethod::put;
  copy.key = to;
  copy.headers.set("x-ms-copy-source", connection_.copy_source(from));
  copy.headers.set("x-ms-source-if-match", with_quotes(expected.etag));
  TRY_ASSIGN(const std::optional<StoredObject> present, look_at_azure_blob(connection_, to, deadline));
  set_azure_condition(copy.headers, present);
  TRY_ASSIGN(AzureResponse response, connection_.send(copy, deadline));
  if (response.ok()) return wait_for_copy(to, expected.size, std::move(response), deadline);
  Error error = connection_.error_of(copy, response);
  if (response.code() == "CannotVerifyCopySource" && response.http.status == 404)
    error.kind = ErrorKind::not_found;
  if (error.kind == ErrorKind::exists) {
    // Which of the two is another than it was, not every server says. The other key most likely has this very
    // copy, of an earlier try.
    TRY_ASSIGN(const std::optional<StoredObject> source, look_at_azure_blob(connection_, from, deadline));
    if (source && source->etag == expected.etag) error.kind = ErrorKind::retry;
  }
  return error;
}

Result<StoredObject> AzureBlobStore::wait_for_copy(const std::string& to, uint64_t size,
                                                   AzureResponse response, const Deadline& deadline) {
  const std::string id(response.header("x-ms-copy-id"));
  const SteadyTime give_up = clock_.steady_now() + kCopyPatience;
  Nanoseconds wait = kFirstCopyWait;
  while (response.header("x-ms-copy-status") == "pending") {
    if (clock_.steady_now() >= give_up) {
      return Error{ErrorKind::retry, fmt::format("key \"{}\": Azure has been copying for {} minutes", to,
                                                 kCopyPatience.count())};
    }
    const Nanoseconds left = deadline.remaining(clock_.steady_now(), wait);
    if (!clock_.sleep_for(left, deadline.stop()) || deadline.expired(clock_.steady_now()))
      return Error{ErrorKind::cancelled, fmt::format("key \"{}\": while Azure was copying", to)};
    wait = std::min<Nanoseconds>(wait * 2, kLongestCopyWait);
    AzureCall head;
    head.method = HttpMethod::head;
    head.key = to;
    TRY_ASSIGN(AzureResponse look, connection_.send(head, deadline));
    if (!look.ok()) return connection_.error_of(head, look);
    if (look.header("x-ms-copy-id") != id)
      return Error{ErrorKind::retry, fmt::format("key \"{}\": was written while Azure was copying", to)};
    response = std::move(look);
  }
  const std::string etag = without_quotes(response.header("ETag"));
  if (response.header("x-ms-copy-status") != "success" || etag.empty()) {
    return Error{ErrorKind::retry, fmt::format("key \"{}\": the copy ended as \"{}\": {}", to,
                                               response.header("x-ms-copy-status"),
                                               response.header("x-ms-copy-status-description"))};
  }
  return StoredObject{size, etag};
}

Result<std::optional<StoredObject>> AzureBlobStore::stat(const std::string& key, const Deadline& deadline) {
  TRY(check_key(key));
  return look_at_azure_blob(connection_, key, deadline);
}

Result<AzureBlobPage> AzureBlobStore::list_page(const std::string& prefix, const std::string& marker,
                                                const Deadline& deadline) {
  AzureCall list;
  list.query = {{"restype", "container"},
                {"comp", "list"},
                {"include", "copy"},
                {"maxresults", std::to_string(kPageLimit)},
                {"prefix", prefix}};
  if (!marker.empty()) list.query.emplace_back("marker", marker);
  TRY_ASSIGN(const AzureResponse response, connection_.send(list, deadline));
  if (!response.ok()) return connection_.error_of(list, response);
  std::optional<AzureBlobPage> page = read_azure_blobs(response.http.body);
  if (!page) return Error{ErrorKind::retry, "azure: the answer to list blobs was cut short or is not XML"};
  return *std::move(page);
}

Result<ListPage> AzureBlobStore::list(const std::string& prefix, const std::string& cursor,
                                      const Deadline& deadline) {
  std::string marker = cursor;
  for (int empty_pages = 0; empty_pages < kEmptyPagesLimit; ++empty_pages) {
    TRY_ASSIGN(AzureBlobPage page, list_page(prefix, marker, deadline));
    if (!page.marker.empty() && page.marker == marker) {
      return Error{ErrorKind::invalid,
                   fmt::format("azure: the list of \"{}\" leads from a page to the same page", prefix)};
    }
    if (!page.objects.empty() || page.marker.empty()) {
      ListPage result{std::move(page.objects), std::move(page.marker)};
      std::sort(result.objects.begin(), result.objects.end(),
                [](const ListedObject& a, const ListedObject& b) { return a.key < b.key; });
      return result;
    }
    marker = std::move(page.marker);
  }
  return Error{ErrorKind::retry,
               fmt::format("azure: {} pages of \"{}\" in a row list nothing", kEmptyPagesLimit, prefix)};
}

Result<std::string> AzureBlobStore::get(const std::string& key, uint64_t offset, uint64_t length,
                                        const Deadline& deadline) {
  TRY(check_key(key));
  // A range can't be empty; one byte tells whether there is such an object.
  const uint64_t wanted = std::max<uint64_t>(length, 1);
  // Azure counts in 63 bits.
  constexpr uint64_t kLast = INT64_MAX;
  if (offset > kLast) return std::string();
  const uint64_t last = wanted - 1 > kLast - offset ? kLast : offset + wanted - 1;
  AzureCall get;
  get.key = key;
  get.headers.set("x-ms-range", fmt::format("bytes={}-{}", offset, last));
  get.response_limit_bytes = std::max(wanted, kErrorResponseLimitBytes);
  TRY_ASSIGN(AzureResponse response, connection_.send(get, deadline));
  if (response.http.status == 416) return std::string();  // begins at or after the end
  if (!response.ok()) return connection_.error_of(get, response);
  return content_of_range(std::move(response.http), offset, length);
}

Result<void> AzureBlobStore::remove(const std::string& key, const Deadline& deadline) {
  TRY(check_key(key));
  AzureCall remove;
  remove.method = HttpMethod::del;
  remove.key = key;
  TRY_ASSIGN(const AzureResponse response, connection_.send(remove, deadline));
  if (response.ok() || response.code() == "BlobNotFound") return {};
  return connection_.error_of(remove, response);
}

Result<void> AzureBlobStore::abort_unfinished_uploads(const std::string&, const Deadline&) {
  return {};
}

Result<std::vector<std::string>> AzureBlobStore::bucket_warnings(const Deadline& deadline) {
  return azure_container_warnings(connection_, deadline);
}

}  // namespace rayhistory
