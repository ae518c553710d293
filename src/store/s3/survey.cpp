#include "store/s3/survey.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "store/s3/responses.h"

namespace rayhistory {
namespace {

// A name that an encoding changes, and one that none changes: Ceph RGW 16 finds no source of a copied part
// whose name has a '%'.
constexpr std::string_view kProbeName = "probe %2B+";
constexpr std::string_view kCopyName = "probe-copy";
// Twice as long as the range that is read of it.
constexpr std::string_view kProbe = "collector-check: this object can be removed at any time\n";
constexpr uint64_t kRangeBytes = kProbe.size() / 2;
// The status of a refusal that may be about the probe and not about the request.
constexpr int kBadRequestStatus = 400;
// No object of ours has it.
constexpr std::string_view kOtherEtag = "00000000000000000000000000000000";

class Survey {
 public:
  Survey(S3Store& store, S3Connection& connection, const std::string& prefix, const Deadline& deadline)
      : store_(store),
        connection_(connection),
        prefix_(prefix),
        probe_(prefix + std::string(kProbeName)),
        copy_(prefix + std::string(kCopyName)),
        deadline_(deadline) {}

  Result<void> read() {
    // Both learn by themselves.
    TRY(store_.abort_unfinished_uploads(prefix_, deadline_));
    TRY(store_.list(prefix_, "", deadline_));
    return {};
  }

  Result<void> write() {
    TRY_ASSIGN(const StoredObject put,
               store_.put(probe_, MemoryBody(std::string(kProbe)), kTextContent, deadline_));
    TRY(look_at_etags());
    TRY(look_at_list());
    TRY(read_range());
    TRY(try_conditions());
    TRY(try_copy());
    TRY(try_upload());
    // A right to remove is not needed for anything else: what stays is one small object or two.
    (void)store_.remove(probe_, deadline_);
    (void)store_.remove(copy_, deadline_);
    return {};
  }

 private:
  StoreAbilities& abilities() { return connection_.abilities(); }
  void learn(StoreAbility ability, bool is_present, std::string_view evidence) {
    is_present ? abilities().confirm(ability) : abilities().learn(ability, false, evidence);
  }

  // Of this very probe: two writers at once, of two clusters of one name, would show a change, too, but not
  // each time.
  Result<void> look_at_etags() {
    TRY_ASSIGN(std::optional<StoredObject> last, store_.stat(probe_, deadline_));
    if (!last || last->etag.empty()) {
      learn(StoreAbility::steady_etags, !last, "a stored object has no ETag, or a weak one");
      return {};
    }
    int changes = 0;
    for (int i = 0; i < kLooks; ++i) {
      TRY_ASSIGN(std::optional<StoredObject> now, store_.stat(probe_, deadline_));
      if (!now) return {};
      if (now->etag != last->etag) ++changes;
      last = std::move(now);
    }
    learn(StoreAbility::steady_etags, changes < kLooks, "each HEAD of the same object gives another ETag");
    return {};
  }

  Result<void> look_at_list() {
    TRY_ASSIGN(const ListPage page, store_.list(prefix_, "", deadline_));
    const bool is_listed = std::any_of(page.objects.begin(), page.objects.end(),
                                       [this](const ListedObject& listed) { return listed.key == probe_; });
    if (is_listed || page.objects.empty()) return {};
    return Error{
        ErrorKind::invalid,
        fmt::format("{}: the object \"{}\" was stored and is listed as \"{}\": after a restart nothing "
                    "can be carried on there",
                    connection_.description(), probe_, page.objects.front().key)};
  }

  Result<void> read_range() {
    TRY(store_.get(probe_, 1, kRangeBytes, deadline_));
    learn(StoreAbility::ranged_reads, true, {});
    return {};
  }

  // An object that is there is not to be put as a new one, nor over one with another ETag.
  Result<void> try_conditions() {
    TRY(try_condition(std::nullopt, StoreAbility::put_if_absent));
    if (!connection_.dialect().puts_if_match) return {};
    return try_condition(StoredObject{kProbe.size(), std::string(kOtherEtag)}, StoreAbility::put_if_match);
  }

  Result<void> try_condition(const std::optional<StoredObject>& before, StoreAbility condition) {
    if (!abilities().may(condition)) return {};
    const auto put = store_.replace(probe_, before, MemoryBody(std::string(kProbe)), kTextContent, deadline_);
    if (put) {
      learn(condition, false, "a write whose condition was not met was carried out");
      return {};
    }
    if (put.error().kind != ErrorKind::exists) return put.error();
    learn(condition, true, {});
    if (condition != StoreAbility::put_if_match) return {};
    // It must not refuse one that is met, either; the store finds that out by itself.
    TRY_ASSIGN(const std::optional<StoredObject> there, store_.stat(probe_, deadline_));
    if (!there || there->etag.empty()) return {};
    const auto replaced =
        store_.replace(probe_, *there, MemoryBody(std::string(kProbe)), kTextContent, deadline_);
    if (replaced || replaced.error().kind == ErrorKind::exists) return {};
    return replaced.error();
  }

  Result<void> try_copy() {
    TRY_ASSIGN(const std::optional<StoredObject> there, store_.stat(probe_, deadline_));
    if (!there) return {};
    const auto copied = store_.copy(probe_, *there, copy_, deadline_);
    if (!copied && copied.error().kind != ErrorKind::exists) return copied.error();
    learn(StoreAbility::server_copy, true, {});
    return {};
  }

  S3Call call(HttpMethod method, QueryParameters query) {
    S3Call call;
    call.method = method;
    call.key = copy_;
    call.query = std::move(query);
    return call;
  }

  Result<void> try_upload() {
    if (!abilities().may(StoreAbility::multipart)) return {};
    const S3Call begin = call(HttpMethod::post, {{"uploads", ""}});
    TRY_ASSIGN(const S3Response begun, connection_.send(begin, deadline_));
    const std::optional<std::string> id =
        begun.ok() ? read_s3_upload_id(begun.http.body) : std::optional<std::string>();
    if (!id) return refused(begin, begun, StoreAbility::multipart);
    learn(StoreAbility::multipart, true, {});
    Result<void> tried = try_part_copy(*id);
    (void)connection_.send(call(HttpMethod::del, {{"uploadId", *id}}), deadline_);
    return tried;
  }

  Result<void> try_part_copy(const std::string& id) {
    S3Call copy = call(HttpMethod::put, {{"partNumber", "1"}, {"uploadId", id}});
    copy.headers.set(connection_.dialect().header("copy-source"),
                     fmt::format("/{}/{}", connection_.bucket(), encode_path(copy_)));
    TRY_ASSIGN(const S3Response copied, connection_.send(copy, deadline_));
    const std::optional<std::string> etag =
        copied.ok() ? read_s3_etag(copied.http.body) : std::optional<std::string>();
    // Parts have 5 MiB and more, and Garage 2 copies none of a smaller object. The first object that grows by
    // parts shows whether such a server copies those.
    if (copied.http.status == kBadRequestStatus) return {};
    if (!etag) return refused(copy, copied, StoreAbility::part_copy);
    learn(StoreAbility::part_copy, true, {});
    return {};
  }

  // What passes is an error, to be tried again; all else shows what the server lacks.
  Result<void> refused(const S3Call& call, const S3Response& response, StoreAbility ability) {
    Error error = connection_.error_of(call, response);
    const bool is_answered = response.ok() || is_lacking(error);
    if (!is_answered) return error;
    learn(ability, false, response.ok() ? "the answer shows nothing of what was asked for" : error.message);
    return {};
  }

  static constexpr int kLooks = 3;

  S3Store& store_;
  S3Connection& connection_;
  const std::string& prefix_;
  const std::string probe_;
  const std::string copy_;
  const Deadline& deadline_;
};

}  // namespace

Result<void> survey_s3(S3Store& store, S3Connection& connection, const std::string& prefix, SurveyUse use,
                       const Deadline& deadline) {
  Survey survey(store, connection, prefix, deadline);
  TRY(survey.read());
  return use == SurveyUse::read ? Result<void>() : survey.write();
}

}  // namespace rayhistory
