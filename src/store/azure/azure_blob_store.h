// A Store in a container of Azure Blob, or of Azurite.
//
// Below 8 MiB an object is put in one request, also when it has grown: of less than a full block nothing
// could be kept anyway. From there on it is made of blocks and grows by them (azure/upload.h). Each write
// says which state it builds upon, and is refused where the object is another.
//
// Copies are Azure's Copy Blob: within an account the same credentials are good for the source, it takes the
// blocks' IDs along, so that the copy can grow too, and it is one request whatever the size. It may go on
// after its answer; then it is waited for.
//
// There are no unfinished uploads to give up: blocks that were not made part of an object are dropped by the
// next write to their key, and otherwise by Azure a week after the last of them.
#pragma once

#include <memory>
#include <string>

#include "store/azure/connection.h"
#include "store/azure/upload.h"
#include "store/store.h"

namespace rayhistory {

class AzureBlobStore final : public Store {
 public:
  // `invalid` names the setting that is wrong. `clock` must outlive the store.
  static Result<std::unique_ptr<AzureBlobStore>> open(AzureSignIn sign_in, std::string container,
                                                      std::unique_ptr<HttpClient> client, const Clock& clock,
                                                      const AzureLimits& limits = {});

  std::string description() const override;
  std::string credentials_origin() const override;
  Result<void> ensure_bucket(const Deadline& deadline) override;
  Result<StoredObject> put(const std::string& key, const Body& body, std::string_view content_type,
                           const Deadline& deadline) override;
  // Puts without looking at `before`: put looks at the object itself and writes on the condition that it is
  // still the one seen, so that a late request is refused.
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
  AzureBlobStore(AzureEndpoint endpoint, AzureSignIn sign_in, std::unique_ptr<HttpClient> client,
                 const Clock& clock, const AzureLimits& limits);

  Result<void> create_container(const Deadline& deadline);
  Result<AzureBlobPage> list_page(const std::string& prefix, const std::string& marker,
                                  const Deadline& deadline);
  // The copy that the answer began, once it is whole.
  Result<StoredObject> wait_for_copy(const std::string& to, uint64_t size, AzureResponse response,
                                     const Deadline& deadline);

  const AzureLimits limits_;
  const Clock& clock_;
  AzureConnection connection_;
};

}  // namespace rayhistory
