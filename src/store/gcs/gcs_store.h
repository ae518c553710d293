// A Store in Google Cloud Storage, over its JSON API.
//
// Up to 16 MiB are sent in one request, more in a resumable upload. An object grows by a compose, on the
// server, of itself and a temporary object with the tail; below 1 MiB it is put anew. Bodies are streamed and
// never held.
//
// A StoredObject's etag is the object's generation, and an object is extended only while it is of the
// generation that the caller knows. The composed object carries that generation as metadata: so a compose
// whose answer was lost is recognised, by this call or by a later one of the same kind, and not repeated.
//
// Temporary objects are called `<root>/.rayhistory-unfinished/<key>/<random>`: below neither cluster-metadata
// nor cluster-history, where History Servers look, and no key of the layout can be one. They are removed
// after the compose. Those that a crash left are found by the prefix of their keys, which names a node, so
// another node's collector loses none of its own.
//
// One name may be written once a second. The growth policy writes far less often; what comes sooner all the
// same, at the end of a session, is refused by Cloud Storage (429) and waits for its second here, where the
// tail need not be sent again.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "store/gcs/connection.h"
#include "store/store.h"

namespace rayhistory {

// Cloud Storage itself has next to none; tests have little time.
struct GcsLimits {
  // Smaller objects are put anew: a compose is two billed writes in place of one, and a temporary object.
  // Larger ones would cost the node more to send each minute: 1 MiB a minute is 42 GiB a month.
  uint64_t least_composed_bytes = 1024ull * 1024;
  // What has to be sent again as a whole when a connection breaks. Google's guide draws the line at 8 to 30
  // MiB ("Uploads and downloads", upload size considerations).
  uint64_t single_request_bytes = 16ull * 1024 * 1024;
};

// The project in which a missing bucket is to be made.
using FindGoogleProject = std::function<Result<std::string>(const Deadline&)>;

class GcsStore final : public Store {
 public:
  // `invalid` names the setting that is wrong. `clock` must outlive the store. `credentials` are not asked
  // for an emulator; `find_project` only where a bucket is missing and the options name no project.
  static Result<std::unique_ptr<GcsStore>> open(const GcsOptions& options, std::unique_ptr<HttpClient> client,
                                                std::unique_ptr<AccessTokenSource> credentials,
                                                FindGoogleProject find_project, const Clock& clock,
                                                const GcsLimits& limits = {});

  std::string description() const override;
  std::string credentials_origin() const override;
  Result<void> ensure_bucket(const Deadline& deadline) override;
  Result<StoredObject> put(const std::string& key, const Body& body, std::string_view content_type,
                           const Deadline& deadline) override;
  Result<StoredObject> replace(const std::string& key, const std::optional<StoredObject>& before,
                               const Body& body, std::string_view content_type,
                               const Deadline& deadline) override;
  Result<StoredObject> extend(const std::string& key, const StoredObject& stored, const Body& whole,
                              std::string_view content_type, const Deadline& deadline) override;
  Result<StoredObject> copy(const std::string& from, const StoredObject& expected, const std::string& to,
                            const Deadline& deadline) override;
  Result<std::optional<StoredObject>> stat(const std::string& key, const Deadline& deadline) override;
  Result<ListPage> list(const std::string& prefix, const std::string& cursor,
                        const Deadline& deadline) override;
  Result<std::string> get(const std::string& key, uint64_t offset, uint64_t length,
                          const Deadline& deadline) override;
  Result<void> remove(const std::string& key, const Deadline& deadline) override;
  Result<void> abort_unfinished_uploads(const std::string& prefix, const Deadline& deadline) override;
  Result<std::vector<std::string>> bucket_warnings(const Deadline& deadline) override;

 private:
  GcsStore(GcsConnection connection, FindGoogleProject find_project, const Clock& clock,
           const GcsLimits& limits);

  enum class BucketState { there, missing, hidden };
  Result<BucketState> look_at_bucket(const Deadline& deadline);
  Result<void> create_bucket(const Deadline& deadline);
  // `generation` of what is replaced: "0": nothing; empty: whatever is there.
  Result<StoredObject> send(const std::string& key, const Body& body, std::string_view content_type,
                            const std::string& generation, const Deadline& deadline);
  Result<StoredObject> put_at_once(const std::string& key, const Body& body, std::string_view content_type,
                                   const std::string& generation, const Deadline& deadline);
  Result<std::optional<GcsObject>> look(const std::string& key, const Deadline& deadline);
  Result<StoredObject> compose(const std::string& key, const StoredObject& stored, const std::string& tail,
                               uint64_t whole_size, std::string_view content_type, const Deadline& deadline);
  // One try; `retry` also where it was looked at and found not to be done.
  Result<StoredObject> compose_once(const GcsCall& call, const StoredObject& stored, uint64_t whole_size,
                                    const Deadline& deadline);
  Result<StoredObject> settle(Error why, const std::string& key, const StoredObject& stored,
                              uint64_t whole_size, const Deadline& deadline);
  // As well as it can; what stays is swept by the next start.
  void drop_tail(const std::string& tail, const Deadline& deadline);
  std::string tails_of(const std::string& prefix) const;

  const GcsLimits limits_;
  const Clock& clock_;
  const FindGoogleProject find_project_;
  GcsConnection connection_;
};

}  // namespace rayhistory
