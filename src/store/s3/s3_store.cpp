#include "store/s3/s3_store.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "store/retry_pace.h"
#include "store/s3/bucket_warnings.h"
#include "store/s3/list_place.h"
#include "store/s3/range_taker.h"
#include "store/s3/survey.h"
#include "store/stored_body.h"

namespace rayhistory {
namespace {

constexpr std::string_view kDefaultRegion = "us-east-1";
// A list may be truncated and yet show nothing (many deleted versions in between). So many in a row, at most.
constexpr int kEmptyPagesLimit = 1000;
// Headers and what little there is around the bytes that were asked for.
constexpr uint64_t kErrorResponseLimitBytes = 1024 * 1024;

Error cut_short(const S3Dialect& dialect, std::string_view what) {
  Error error{ErrorKind::retry, fmt::format("{}: the answer to {} was cut short, or is not what S3 answers",
                                            dialect.backend, what)};
  error.is_refusal = true;  // of a server that never answers otherwise
  return error;
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
  TRY_ASSIGN(const S3Response response, connection_.send(look, deadline));
  if (response.ok()) return true;
  if (response.http.status == 404) return false;
  return connection_.error_of(look, response);
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
  TRY_ASSIGN(const S3Response response, connection_.send(create, deadline));
  if (response.ok() || response.code() == "BucketAlreadyOwnedByYou") return {};
  if (response.code() != "BucketAlreadyExists") {
    Error error = connection_.error_of(create, response);
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
  return write({.key = key,
                .body = body,
                .content_type = content_type,
                .replaces = Replaces::anything,
                .before = {},
                .stored = 0},
               deadline);
}

Result<StoredObject> S3Store::replace(const std::string& key, const std::optional<StoredObject>& before,
                                      const Body& body, std::string_view content_type,
                                      const Deadline& deadline) {
  TRY(check_key(key));
  return write({.key = key,
                .body = body,
                .content_type = content_type,
                .replaces = Replaces::before,
                .before = before,
                .stored = 0},
               deadline);
}

Result<StoredObject> S3Store::extend(const std::string& key, const StoredObject& stored, const Body& whole,
                                     std::string_view content_type, const Deadline& deadline) {
  CHECK(0 < stored.size && stored.size <= whole.size());
  TRY(check_key(key));
  const uint64_t copied = stored.size < limits_.least_part_bytes ? 0 : stored.size;
  return write({.key = key,
                .body = whole,
                .content_type = content_type,
                .replaces = Replaces::before,
                .before = stored,
                .stored = copied},
               deadline);
}

Result<void> S3Store::survey(const std::string& prefix, SurveyUse use, const Deadline& deadline) {
  return survey_s3(*this, connection_, prefix, use, deadline);
}

ObjectGrowth S3Store::growth() const {
  const StoreAbilities& abilities = connection_.abilities();
  const bool copies = abilities.may(StoreAbility::multipart) && abilities.may(StoreAbility::part_copy);
  return copies ? ObjectGrowth::by_tail : ObjectGrowth::anew;
}

// Each round but the last has found an ability that the server lacks, or a lower limit of its bodies, and
// goes on without it.
Result<StoredObject> S3Store::write(const Write& write, const Deadline& deadline) {
  S3Lacks lacks;
  std::optional<StoredObject> before = write.before;
  while (true) {
    const size_t known_lacks = lacks.size();
    Result<StoredObject> outcome = write_in_one_way(write, before, lacks, deadline);
    if (outcome) {
      for (const auto& [ability, evidence] : lacks)
        connection_.abilities().learn(ability, false, evidence);
      return outcome;
    }
    const ErrorKind kind = outcome.error().kind;
    const bool has_learned = kind == ErrorKind::unsupported && lacks.size() > known_lacks;
    if (has_learned) continue;
    // Another object is there, or the server has refused a condition that is met.
    if (kind != ErrorKind::exists || !before || before->etag.empty() ||
        !is_condition_useless(write.key, *before, outcome.error(), StoreAbility::put_if_match, deadline))
      return outcome;
    before->etag.clear();
  }
}

Result<StoredObject> S3Store::write_in_one_way(const Write& write, const std::optional<StoredObject>& before,
                                               S3Lacks& lacks, const Deadline& deadline) {
  const auto can = [&](StoreAbility ability) {
    return connection_.abilities().may(ability) &&
           std::none_of(lacks.begin(), lacks.end(), [&](const auto& lack) { return lack.first == ability; });
  };
  const uint64_t size = write.body.size();
  // Ceph RGW 16 decodes the name of a part's source twice: it would copy another object's bytes.
  const bool is_name_safe = write.key.find('%') == std::string::npos;
  const uint64_t copied = can(StoreAbility::part_copy) && is_name_safe ? write.stored : 0;
  // A PutObject that cannot say what it replaces would take the place of whatever is there when it arrives.
  // An upload is given up by the sender's successor before that one writes (abort_unfinished_uploads), and
  // its completion is then refused. It needs a part, which an empty object has not.
  const bool can_say =
      write.replaces == Replaces::anything || !before || connection_.dialect().puts_if_match || size == 0;
  const uint64_t largest = server_.largest_body;
  // Below the least part nothing is won by parts.
  const bool fits =
      size <= limits_.single_request_bytes &&
      (size <= largest || size <= limits_.least_part_bytes || largest < limits_.least_part_bytes);
  if (!can(StoreAbility::multipart) || (copied == 0 && can_say && fits))
    return put_at_once(write, before, lacks, deadline);

  const S3PartSizes sizes = can(StoreAbility::uneven_parts) ? S3PartSizes::any : S3PartSizes::equal;
  const std::vector<S3Part> plan = plan_s3_parts(copied, size, sizes, largest, limits_);
  if (plan.empty()) {
    return Error{ErrorKind::invalid, fmt::format("key \"{}\": larger than {} can hold", write.key,
                                                 connection_.dialect().provider)};
  }
  const auto fill = [&](S3MultipartUpload& upload) {
    const S3MultipartUpload::Source source{write.key, {copied, before ? before->etag : std::string()}};
    return upload.fill(plan, source, &write.body, deadline);
  };
  return upload(write.key, write.content_type, before, fill, lacks, deadline);
}

Result<StoredObject> S3Store::put_at_once(const Write& write, const std::optional<StoredObject>& before,
                                          S3Lacks& lacks, const Deadline& deadline) {
  const S3Dialect& dialect = connection_.dialect();
  S3Call put;
  put.method = HttpMethod::put;
  put.key = write.key;
  put.headers.set("Content-Type", write.content_type);
  const bool checks = write.replaces == Replaces::before;
  // Without ETags the shipper takes an empty object for none.
  const bool tells_objects_apart = connection_.abilities().may(StoreAbility::steady_etags);
  if (checks && !before && tells_objects_apart) {
    put.optional_headers = {{std::string(dialect.if_absent_header), std::string(dialect.if_absent_value),
                             StoreAbility::put_if_absent}};
  } else if (checks && dialect.puts_if_match && before && !before->etag.empty()) {
    put.optional_headers = {{"If-Match", with_quotes(before->etag), StoreAbility::put_if_match}};
  }
  put.body = &write.body;
  TRY_ASSIGN(const S3Response response, connection_.send(put, deadline));
  if (response.ok()) {
    server_.took_body(write.body.size());
    connection_.abilities().confirm(StoreAbility::unchecked_writes);
    return StoredObject{write.body.size(),
                        connection_.usable_etag(response.http.headers.find("ETag").value_or(""))};
  }
  Error error = connection_.error_of(put, response);
  if (error.kind == ErrorKind::not_found && !put.optional_headers.empty()) error.kind = ErrorKind::exists;
  if (is_too_large(response)) {
    const uint64_t size = write.body.size();
    const bool is_lower = server_.refused_body(size, limits_.least_part_bytes);
    lacks.emplace_back(StoreAbility::large_bodies, error.message);
    // It is known at once, for an object of this size may have no other way.
    connection_.abilities().learn(StoreAbility::large_bodies, false, error.message);
    if (is_lower && size > limits_.least_part_bytes) error.kind = ErrorKind::unsupported;
  }
  return error;
}

bool S3Store::is_condition_useless(const std::string& key, const StoredObject& before, const Error& refusal,
                                   StoreAbility condition, const Deadline& deadline) {
  const auto first = stat(key, deadline);
  if (!first || !*first || (*first)->size != before.size) return false;
  if ((*first)->etag == before.etag) {
    // Ceph RGW 16 refuses each If-Match of a PutObject whose ETag is quoted, as RFC 9110 has it.
    connection_.abilities().learn(condition, false,
                                  fmt::format("refused although it was met: {}", refusal.message));
    return true;
  }
  const auto second = stat(key, deadline);
  if (!second || !*second || (*second)->size != before.size || (*first)->etag == (*second)->etag)
    return false;
  connection_.abilities().learn(StoreAbility::steady_etags, false,
                                fmt::format("key \"{}\": two HEADs of the same object gave two ETags", key));
  return true;
}

Result<StoredObject> S3Store::upload(const std::string& key, std::string_view content_type,
                                     std::optional<StoredObject> replaces, const FillUpload& fill,
                                     S3Lacks& lacks, const Deadline& deadline) {
  const S3Peer peer{connection_, server_, limits_, clock_, lacks};
  Result<S3MultipartUpload> begun =
      S3MultipartUpload::begin(peer, key, content_type, std::move(replaces), deadline);
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

Result<StoredObject> S3Store::copy(const std::string& from, const StoredObject& expected,
                                   const std::string& to, const Deadline& deadline) {
  TRY(check_key(from));
  TRY(check_key(to));
  // What is copied away is about to be replaced, as a rule by something small that needs no upload of its
  // own.
  if (expected.size >= limits_.least_part_bytes && server_.upload_lists != S3Server::UploadLists::by_prefix)
    abort_others(from, "", deadline);
  StoredObject source = expected;
  Result<StoredObject> copied = copy_on_server(from, source, to, deadline);
  if (!copied && copied.error().kind == ErrorKind::exists && !source.etag.empty() &&
      is_condition_useless(from, source, copied.error(), StoreAbility::steady_etags, deadline)) {
    source.etag.clear();
    copied = copy_on_server(from, source, to, deadline);
  }
  if (copied || copied.error().kind != ErrorKind::unsupported) return copied;
  const std::string evidence = copied.error().message;
  TRY_ASSIGN(StoredObject sent, copy_through_here(from, source, to, deadline));
  connection_.abilities().learn(StoreAbility::server_copy, false, evidence);
  return sent;
}

Result<StoredObject> S3Store::copy_on_server(const std::string& from, const StoredObject& source,
                                             const std::string& to, const Deadline& deadline) {
  const StoreAbilities& abilities = connection_.abilities();
  if (source.size <= connection_.dialect().copy_at_once_limit_bytes &&
      abilities.may(StoreAbility::server_copy))
    return copy_at_once(from, source, to, deadline);
  const bool has_parts = source.size >= limits_.least_part_bytes && abilities.may(StoreAbility::multipart) &&
                         abilities.may(StoreAbility::part_copy);
  if (!has_parts)
    return Error{ErrorKind::unsupported, fmt::format("key \"{}\": the server copies nothing", from)};
  const S3PartSizes sizes = abilities.may(StoreAbility::uneven_parts) ? S3PartSizes::any : S3PartSizes::equal;
  std::vector<S3Part> plan = plan_s3_parts(source.size, source.size, sizes, S3Server::kAnyBody, limits_);
  for (S3Part& part : plan)
    part.from = S3Part::From::object;
  const auto fill = [&](S3MultipartUpload& upload) {
    return upload.fill(plan, S3MultipartUpload::Source{from, source}, nullptr, deadline);
  };
  S3Lacks lacks;
  return upload(to, kTextContent, std::nullopt, fill, lacks, deadline);
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
  TRY_ASSIGN(const S3Response response, connection_.send(copy, deadline));
  if (!response.ok()) {
    Error error = connection_.error_of(copy, response);
    if (is_lacking(error)) error.kind = ErrorKind::unsupported;
    return error;
  }
  std::optional<std::string> etag = read_s3_etag(response.http.body);
  if (etag) return StoredObject{expected.size, connection_.usable_etag(*etag)};
  // A server that knows no copies has stored the empty body of the request.
  TRY_ASSIGN(const std::optional<StoredObject> there, stat(to, deadline));
  if (there && there->size == 0 && expected.size > 0) {
    return Error{ErrorKind::unsupported,
                 fmt::format("key \"{}\": a copy that the server took for an empty object", to)};
  }
  return Error{ErrorKind::unknown_outcome,
               fmt::format("key \"{}\": the answer to the copy was cut short", to)};
}

Result<StoredObject> S3Store::copy_through_here(const std::string& from, const StoredObject& source,
                                                const std::string& to, const Deadline& deadline) {
  TRY_ASSIGN(const auto now, stat(from, deadline));
  if (!now) return Error{ErrorKind::not_found, fmt::format("key \"{}\": no such object", from)};
  const bool is_source = now->size == source.size && (source.etag.empty() || now->etag == source.etag);
  if (!is_source)
    return Error{ErrorKind::exists, fmt::format("key \"{}\": another object than before", from)};
  return put(to, StoredBody(*this, from, source.size, deadline), kTextContent, deadline);
}

Result<std::optional<StoredObject>> S3Store::stat(const std::string& key, const Deadline& deadline) {
  TRY(check_key(key));
  S3Call head;
  head.method = HttpMethod::head;
  head.key = key;
  TRY_ASSIGN(const S3Response response, connection_.send(head, deadline));
  if (response.http.status == 404) return std::optional<StoredObject>();
  if (!response.ok()) return connection_.error_of(head, response);
  std::optional<StoredObject> object = read_s3_object(response.http.headers);
  if (!object)
    return Error{ErrorKind::retry, fmt::format("key \"{}\": the answer to HEAD has no Content-Length", key)};
  object->etag = connection_.usable_etag(object->etag);
  return object;
}

Result<ListPage> S3Store::list(const std::string& prefix, const std::string& cursor,
                               const Deadline& deadline) {
  TRY_ASSIGN(std::optional<S3ListPlace> place, S3ListPlace::read(cursor));
  for (int i = 0; i < kEmptyPagesLimit; ++i) {
    TRY_ASSIGN(S3ObjectPage page, list_page(prefix, place, deadline));
    if (!page.objects.empty() || !page.truncated) {
      ListPage result;
      if (page.truncated) result.next = S3ListPlace::after(page).text();
      result.objects = std::move(page.objects);
      return result;
    }
    if (page.continuation.empty()) {
      return Error{ErrorKind::invalid, fmt::format("{}: the list of \"{}\" is said to go on, and not where",
                                                   connection_.dialect().backend, prefix)};
    }
    place = S3ListPlace::after(page);
  }
  return Error{ErrorKind::invalid, fmt::format("{}: {} pages of \"{}\" in a row list nothing",
                                               connection_.dialect().backend, kEmptyPagesLimit, prefix)};
}

Result<S3ObjectPage> S3Store::list_page(const std::string& prefix, const std::optional<S3ListPlace>& place,
                                        const Deadline& deadline) {
  StoreAbilities& abilities = connection_.abilities();
  std::string evidence;
  bool is_v2 = abilities.may(StoreAbility::listing_v2);
  const bool has_token = place && !place->token.empty();
  if (is_v2 && has_token && abilities.may(StoreAbility::continuation)) {
    TRY_ASSIGN(S3ObjectPage page,
               ask_for_page(prefix, {{"list-type", "2"}, {"continuation-token", place->token}}, deadline));
    if (place->is_passed_by(page)) {
      abilities.confirm(StoreAbility::continuation);
      return page;
    }
    evidence = "the page after a continuation token begins like the page before it";
    is_v2 = false;
  } else if (is_v2 && !place) {
    Result<S3ObjectPage> page = ask_for_page(prefix, {{"list-type", "2"}}, deadline);
    if (page) abilities.confirm(StoreAbility::listing_v2);
    if (page || !is_lacking(page.error())) return page;
    evidence = page.error().message;
    is_v2 = false;
  }
  // ListObjects, the first version, goes on after a key. So does what answers like it.
  QueryParameters query;
  if (place) query.emplace_back("marker", place->last_key);
  TRY_ASSIGN(S3ObjectPage page, ask_for_page(prefix, query, deadline));
  if (place && !place->is_passed_by(page)) {
    return Error{ErrorKind::invalid,
                 fmt::format("{}: the list of \"{}\" does not go on after \"{}\": each page begins like the "
                             "one before, so objects are missing from it",
                             connection_.dialect().backend, prefix, place->last_key)};
  }
  if (!evidence.empty())
    abilities.learn(place ? StoreAbility::continuation : StoreAbility::listing_v2, false, evidence);
  return page;
}

Result<S3ObjectPage> S3Store::ask_for_page(const std::string& prefix, const QueryParameters& place,
                                           const Deadline& deadline) {
  StoreAbilities& abilities = connection_.abilities();
  const bool wants_encoding = abilities.may(StoreAbility::key_encoding);
  TRY_ASSIGN(S3ObjectPage page, ask_for_page_once(prefix, place, wants_encoding, deadline));
  const bool is_in_doubt =
      !page.undecoded.empty() && abilities.state(StoreAbility::key_encoding) == AbilityState::assumed;
  if (is_in_doubt) {
    // Asked for without an encoding, the server shows what the keys are.
    TRY_ASSIGN(S3ObjectPage plain, ask_for_page_once(prefix, place, false, deadline));
    const auto has = [&plain](const std::string& key) {
      return std::any_of(plain.objects.begin(), plain.objects.end(),
                         [&key](const ListedObject& listed) { return listed.key == key; });
    };
    bool is_encoded = !page.is_undecodable;
    for (size_t i = 0; i < page.objects.size() && is_encoded; ++i) {
      const std::string& text = page.undecoded[i];
      is_encoded = text == page.objects[i].key || !has(text) || has(page.objects[i].key);
    }
    abilities.learn(StoreAbility::key_encoding, is_encoded,
                    "a list says that its keys are encoded, and they are not");
    if (!is_encoded) page = std::move(plain);
  } else if (wants_encoding && !page.says_encoding && !page.objects.empty()) {
    abilities.learn(StoreAbility::key_encoding, false,
                    "a list that was asked for encoded keys does not say that they are encoded");
  }
  // Not every server filters by prefix.
  std::erase_if(page.objects, [&](const ListedObject& listed) { return !listed.key.starts_with(prefix); });
  for (ListedObject& listed : page.objects)
    listed.object.etag = connection_.usable_etag(listed.object.etag);
  return page;
}

Result<S3ObjectPage> S3Store::ask_for_page_once(const std::string& prefix, const QueryParameters& place,
                                                bool wants_encoding, const Deadline& deadline) {
  S3Call list;
  // 1,000 is S3's page anyway, and OSS's largest; its own has 100.
  list.query = {{"max-keys", "1000"}, {"prefix", prefix}};
  if (wants_encoding) list.query.emplace_back("encoding-type", "url");
  list.query.insert(list.query.end(), place.begin(), place.end());
  TRY_ASSIGN(const S3Response response, connection_.send(list, deadline));
  if (!response.ok()) return connection_.error_of(list, response);
  std::optional<S3ObjectPage> page =
      read_s3_objects(response.http.body, wants_encoding ? S3KeyEncoding::as_said : S3KeyEncoding::none);
  if (!page) return cut_short(connection_.dialect(), "list objects");
  if (connection_.dialect().encodes_tokens && page->says_encoding) {
    if (std::optional<std::string> token = decode_s3_key(page->continuation))
      page->continuation = *std::move(token);
  }
  return *std::move(page);
}

Result<std::string> S3Store::get(const std::string& key, uint64_t offset, uint64_t length,
                                 const Deadline& deadline) {
  TRY(check_key(key));
  // A range can't be empty; one byte tells whether there is such an object.
  const uint64_t wanted = std::max<uint64_t>(length, 1);
  // Servers reckon in signed numbers.
  constexpr uint64_t kLastByte = INT64_MAX - 1;
  const uint64_t last =
      wanted - 1 > kLastByte - std::min(offset, kLastByte) ? kLastByte : offset + wanted - 1;
  RangeTaker taker(offset, length);
  S3Call get;
  get.key = key;
  const S3Dialect& dialect = connection_.dialect();
  const bool asks_for_range = connection_.abilities().may(StoreAbility::ranged_reads);
  if (asks_for_range) {
    get.headers.set("Range", fmt::format("bytes={}-{}", offset, last));
    if (!dialect.range_header.empty()) get.headers.set(dialect.range_header, dialect.range_header_value);
  }
  get.on_body = [&taker](const HttpResponse& so_far, std::string_view piece) {
    return taker.take(so_far, piece);
  };
  get.response_limit_bytes = kErrorResponseLimitBytes;
  Result<S3Response> response = connection_.send(get, deadline);
  if (!response && !taker.is_done()) return std::move(response).error();
  if (response && response->http.status == 416) return std::string();  // begins at or after the end
  if (response && !response->ok()) return connection_.error_of(get, *response);
  if (asks_for_range && taker.got_others()) {
    connection_.abilities().learn(
        StoreAbility::ranged_reads, false,
        fmt::format("key \"{}\": a read of a range was answered 200, with the whole object", key));
  }
  return std::move(taker).content();
}

Result<void> S3Store::remove(const std::string& key, const Deadline& deadline) {
  TRY(check_key(key));
  S3Call remove;
  remove.method = HttpMethod::del;
  remove.key = key;
  TRY_ASSIGN(const S3Response response, connection_.send(remove, deadline));
  if (response.ok() || response.code() == "NoSuchKey") return {};
  return connection_.error_of(remove, response);
}

Result<void> S3Store::abort_unfinished_uploads(const std::string& prefix, const Deadline& deadline) {
  if (!connection_.abilities().may(StoreAbility::multipart)) return {};
  Result<void> aborted = for_each_upload(
      prefix, [&](const S3Upload& unfinished) { return abort_upload(unfinished, deadline); }, deadline);
  if (aborted) {
    // A right that was missing may have come.
    connection_.abilities().learn(StoreAbility::upload_listing, true);
    return {};
  }
  const Error& error = aborted.error();
  // A right that is missing for this alone is no reason to store nothing; one for all else is waited for.
  if (error.kind == ErrorKind::denied) {
    TRY(list_page(prefix, std::nullopt, deadline));
  } else if (!is_lacking(error) && error.kind != ErrorKind::not_found && !error.is_refusal) {
    return aborted;
  }
  connection_.abilities().learn(StoreAbility::upload_listing, false, error.message);
  return {};
}

Result<void> S3Store::for_each_upload(const std::string& prefix,
                                      const std::function<Result<void>(const S3Upload&)>& visit,
                                      const Deadline& deadline) {
  const QueryParameters first_query = {{"uploads", ""}, {"encoding-type", "url"}, {"prefix", prefix}};
  S3Call list;
  list.query = first_query;
  S3Upload place;
  while (true) {
    TRY_ASSIGN(const S3Response response, connection_.send(list, deadline));
    // rclone says so of a bucket that never had an upload.
    if (response.code() == "NoSuchUpload") return {};
    if (!response.ok()) return connection_.error_of(list, response);
    const std::optional<S3UploadPage> page = read_s3_uploads(response.http.body);
    if (!page) return cut_short(connection_.dialect(), "list uploads");
    for (const S3Upload& unfinished : page->uploads) {
      // Not every server filters by prefix, and other people's uploads are none of ours.
      if (unfinished.key.starts_with(prefix)) TRY(visit(unfinished));
      // Ceph RGW 16 encodes these keys and does not say so, versitygw says so and does not. An upload that is
      // not there is none to abort.
      const std::optional<std::string> decoded = decode_s3_key(unfinished.key);
      if (decoded && *decoded != unfinished.key && decoded->starts_with(prefix))
        TRY(visit({*decoded, unfinished.id}));
    }
    // A page that leads nowhere, or back to where it began, ends it too.
    const bool leads_on = page->truncated && !page->next.key.empty() && page->next != place;
    if (!leads_on) return {};
    place = page->next;
    list.query = first_query;
    list.query.emplace_back("key-marker", decode_s3_key(page->next.key).value_or(page->next.key));
    list.query.emplace_back("upload-id-marker", page->next.id);
  }
}

void S3Store::abort_others(const std::string& key, const std::string& own, const Deadline& deadline) {
  if (!connection_.abilities().may(StoreAbility::upload_listing)) return;
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
  using enum S3Server::UploadLists;
  if (!connection_.abilities().may(StoreAbility::upload_listing)) return true;  // there is nothing to look at
  if (server_.upload_lists == not_known) {
    bool is_listed = false;
    const Result<void> listed = for_each_upload(
        key.substr(0, key.size() - 1),
        [&](const S3Upload& unfinished) {
          is_listed = is_listed || unfinished.id == known_id;
          return Result<void>();
        },
        deadline);
    if (listed) server_.upload_lists = is_listed ? by_prefix : by_key;
  }
  return server_.upload_lists == by_prefix;
}

Result<void> S3Store::abort_upload(const S3Upload& unfinished, const Deadline& deadline) {
  S3Call abort;
  abort.method = HttpMethod::del;
  abort.key = unfinished.key;
  abort.query = {{"uploadId", unfinished.id}};
  TRY_ASSIGN(const S3Response response, connection_.send(abort, deadline));
  if (response.ok() || response.code() == "NoSuchUpload") return {};
  return connection_.error_of(abort, response);
}

Result<std::vector<std::string>> S3Store::bucket_warnings(const Deadline& deadline) {
  return s3_bucket_warnings(connection_, deadline);
}

}  // namespace rayhistory
