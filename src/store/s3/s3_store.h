// A Store in S3, in whatever speaks its dialect, as MinIO, Ceph and R2 do, or in Alibaba Cloud OSS
// (s3/oss_dialect.h).
//
// Up to 64 MiB are put in one request, more in a multipart upload. An object grows by a multipart upload
// whose first parts are copied from the object itself on the server; below S3's least part size it is put
// anew. Bodies are read twice, once for their SHA-256, and never held.
//
// Nothing of that is taken for granted: what a server refuses, or does otherwise, is found out and done in
// another way (store_abilities.h), for as long as the process lives.
//
// Unfinished uploads that a killed run left, or that were begun twice, are found by a prefix at the start of
// the next run. MinIO lists them by whole keys only: there each upload is followed by a look for others of
// its key, and so is each copy of an object that may have had one. One request says which kind a server is.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "store/s3/connection.h"
#include "store/s3/list_place.h"
#include "store/s3/part_plan.h"
#include "store/s3/server.h"
#include "store/s3/upload.h"
#include "store/store.h"

namespace rayhistory {

class S3Store final : public Store {
 public:
  // `invalid` names the setting that is wrong. `clock` must outlive the store.
  static Result<std::unique_ptr<S3Store>> open(const S3Options& options, std::unique_ptr<HttpClient> client,
                                               std::unique_ptr<AwsCredentialsSource> credentials,
                                               const Clock& clock, const S3Limits& limits = {});

  // Of a place that is known to be right. `dialect` must outlive the store too.
  S3Store(const S3Dialect& dialect, S3Place place, std::unique_ptr<HttpClient> client,
          std::unique_ptr<AwsCredentialsSource> credentials, const Clock& clock, const S3Limits& limits = {});

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
  ObjectGrowth growth() const override;
  std::vector<std::string> lacks() const override { return connection_.abilities().lacks(); }
  Result<void> survey(const std::string& prefix, SurveyUse use, const Deadline& deadline) override;
  std::string abilities() const override { return connection_.abilities().line(); }

 private:
  using FillUpload = std::function<Result<void>(S3MultipartUpload&)>;

  Result<void> check_key(const std::string& key) const;
  enum class Replaces { anything, before };
  struct Write {
    const std::string& key;
    const Body& body;
    std::string_view content_type;
    Replaces replaces;
    std::optional<StoredObject> before;  // Replaces::before: the object that is there; nothing: there is none
    uint64_t stored;                     // of the body, which the server may copy from the object
  };
  Result<StoredObject> write(const Write& write, const Deadline& deadline);
  Result<StoredObject> write_in_one_way(const Write& write, const std::optional<StoredObject>& before,
                                        S3Lacks& lacks, const Deadline& deadline);
  Result<StoredObject> put_at_once(const Write& write, const std::optional<StoredObject>& before,
                                   S3Lacks& lacks, const Deadline& deadline);
  // After a refusal of what is written over, or copied from, `before`: whether that is there all the same,
  // and the server's ETags or this condition are no use. Its abilities tell from then on.
  bool is_condition_useless(const std::string& key, const StoredObject& before, const Error& refusal,
                            StoreAbility condition, const Deadline& deadline);
  // Begins an upload, lets `fill` give it its parts, and completes it, or abandons it.
  Result<StoredObject> upload(const std::string& key, std::string_view content_type,
                              std::optional<StoredObject> replaces, const FillUpload& fill, S3Lacks& lacks,
                              const Deadline& deadline);
  // `unsupported` where the server cannot.
  Result<StoredObject> copy_on_server(const std::string& from, const StoredObject& source,
                                      const std::string& to, const Deadline& deadline);
  Result<StoredObject> copy_through_here(const std::string& from, const StoredObject& source,
                                         const std::string& to, const Deadline& deadline);
  Result<StoredObject> copy_at_once(const std::string& from, const StoredObject& expected,
                                    const std::string& to, const Deadline& deadline);
  // A page from `place` on (nothing: the first), in the way that the server knows.
  Result<S3ObjectPage> list_page(const std::string& prefix, const std::optional<S3ListPlace>& place,
                                 const Deadline& deadline);
  Result<S3ObjectPage> ask_for_page(const std::string& prefix, const QueryParameters& place,
                                    const Deadline& deadline);
  Result<S3ObjectPage> ask_for_page_once(const std::string& prefix, const QueryParameters& place,
                                         bool wants_encoding, const Deadline& deadline);
  Result<bool> bucket_exists(const Deadline& deadline);
  Result<void> create_bucket(const Deadline& deadline);
  // Calls `visit` for every unfinished upload whose key begins with `prefix`.
  Result<void> for_each_upload(const std::string& prefix,
                               const std::function<Result<void>(const S3Upload&)>& visit,
                               const Deadline& deadline);
  Result<void> abort_upload(const S3Upload& unfinished, const Deadline& deadline);
  // All of that very key but `own`: nobody else writes it, so nobody will finish them. As well as it can: the
  // next upload of the key looks again.
  void abort_others(const std::string& key, const std::string& own, const Deadline& deadline);
  bool lists_uploads_by_prefix(const std::string& key, const std::string& known_id, const Deadline& deadline);

  const S3Limits limits_;
  const Clock& clock_;
  S3Connection connection_;
  S3Server server_;
};

}  // namespace rayhistory
