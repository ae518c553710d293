// A Store in Oracle Cloud Infrastructure's Object Storage, over its own REST API.
//
// Object Storage has no append, and no copy of a part on the server: an object that grows is sent whole
// again, and the growth policy does so the less often the larger it is (ObjectGrowth::anew). Up to 64 MiB are
// sent in one request, more in a multipart upload. Bodies are streamed and never held.
//
// Each write says which object it replaces (If-Match, If-None-Match), so that one which comes late, from a
// collector that was killed, takes no newer object's place. A commit says it too.
//
// CopyObject is done some time after its answer, by a service that needs a policy of its own, and so could
// come late: the bytes of a copy go through this process.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "store/oci/connection.h"
#include "store/oci/upload.h"
#include "store/store.h"

namespace rayhistory {

class OciStore final : public Store {
 public:
  // `invalid` names the setting that is wrong. `clock` must outlive the store.
  static Result<std::unique_ptr<OciStore>> open(const OciOptions& options, std::unique_ptr<HttpClient> client,
                                                std::unique_ptr<OciCredentialsSource> credentials,
                                                const Clock& clock, const OciLimits& limits = {});

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
  // Where the principal may not list uploads, nothing is given up and that is no error: bucket_warnings()
  // tells.
  Result<void> abort_unfinished_uploads(const std::string& prefix, const Deadline& deadline) override;
  Result<std::vector<std::string>> bucket_warnings(const Deadline& deadline) override;
  ObjectGrowth growth() const override { return ObjectGrowth::anew; }

 private:
  OciStore(OciOptions options, std::unique_ptr<HttpClient> client,
           std::unique_ptr<OciCredentialsSource> credentials, const Clock& clock, const OciLimits& limits);

  Result<void> create_bucket(Error missing, const Deadline& deadline);
  // Whether the bucket can be seen, or objects in it.
  Result<std::optional<Error>> why_missing(const Deadline& deadline);
  Result<StoredObject> write(const std::string& key, const Body& body, std::string_view content_type,
                             const OciCondition& condition, OciBodyCheck check, const Deadline& deadline);
  Result<StoredObject> put_at_once(const std::string& key, const Body& body, std::string_view content_type,
                                   const OciCondition& condition, OciBodyCheck check,
                                   const Deadline& deadline);

  const OciLimits limits_;
  const Clock& clock_;
  OciConnection connection_;
};

}  // namespace rayhistory
