// A multipart upload: an object made of ranges of another object and of a body, which replaces what its key
// holds at once, when it is completed. Nothing of it can be seen before.
//
// An upload is one thread's. Its parts are repeated a few times when they fail in passing, because a whole of
// a hundred parts would hardly ever be done otherwise; the upload itself is repeated by the caller.
//
// How a completion whose answer was lost is settled: the upload carries a random token of its own in the
// object's metadata, so a HEAD tells whether the object is this upload's. That the key exists proves nothing,
// it always did. Where the server keeps no metadata, the size and another ETag than before must do.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "store/s3/connection.h"
#include "store/s3/part_plan.h"
#include "store/s3/server.h"
#include "store/store.h"

namespace rayhistory {

// What the server seems to lack, by a refusal that is the evidence. It is known once another way has worked:
// the refusal may have been about this one key.
using S3Lacks = std::vector<std::pair<StoreAbility, std::string>>;

// The server of an upload, and what is known of it.
struct S3Peer {
  S3Connection& connection;
  S3Server& server;
  const S3Limits& limits;
  const Clock& clock;
  S3Lacks& lacks;
};

class S3MultipartUpload {
 public:
  // `replaces`: the key's present object, where the new one is made from it: completing fails with `exists`
  // if it is another by then. `unsupported`: this server seems to have no multipart uploads.
  static Result<S3MultipartUpload> begin(const S3Peer& peer, std::string key, std::string_view content_type,
                                         std::optional<StoredObject> replaces, const Deadline& deadline);

  // A source of the parts that are copied: the first bytes of the object at `key`.
  struct Source {
    std::string key;
    StoredObject object;
  };
  // Copies and sends all parts. `whole`: the file; nullptr where the plan sends nothing. `exists` when the
  // source is not the object any more; `unsupported` when the server seems not to copy, or takes no body so
  // large, which S3Peer::lacks tells.
  Result<void> fill(const std::vector<S3Part>& plan, const std::optional<Source>& source, const Body* whole,
                    const Deadline& deadline);
  // `retry`: not done, begin again. `exists`: the key holds something else. `unknown_outcome`: it could not
  // be found out. `unsupported`: the server seems to want equal parts, which S3Peer::lacks tells. After any
  // error: abandon.
  Result<StoredObject> complete(const Deadline& deadline);
  const std::string& id() const { return id_; }

  // So that the store does not keep, and bill, the parts. As well as it can: what stays is the bucket's
  // lifecycle rule's.
  void abandon(const Deadline& deadline);

 private:
  S3MultipartUpload(const S3Peer& peer, std::string key, std::optional<StoredObject> replaces);

  S3Connection& connection() const { return peer_.connection; }
  S3Call call(HttpMethod method) const;  // with the key and the upload's ID
  Result<void> copy_part(const Source& source, const S3Part& part, const Deadline& deadline);
  Result<void> send_part(const Body& whole, const S3Part& part, const Deadline& deadline);
  void add(const S3Part& part, std::string etag);
  // `error` as the caller is to have it: once for each ability, as `unsupported`.
  Error lacks(StoreAbility ability, Error error) const;
  bool is_lacking_ability(StoreAbility ability) const;
  // Whether the completion carries the ETag of the object that it replaces.
  bool is_completed_on_condition() const;
  // `part_list` must outlive the call.
  S3Call completion_of(const Body& part_list) const;
  // These two take the server's answer to the completion: an ok one, and any other.
  Result<StoredObject> read_completed(const S3Response& response, const Deadline& deadline);
  Result<StoredObject> judge_refusal(const S3Call& completion, const S3Response& response,
                                     const Deadline& deadline);
  Result<StoredObject> settle(Error why, const Deadline& deadline);
  // The object's state, and whether this upload made it.
  Result<std::optional<StoredObject>> look(bool& is_ours, const Deadline& deadline);

  S3Peer peer_;
  std::string key_;
  std::optional<StoredObject> replaces_;
  std::string token_;
  std::string id_;
  std::vector<S3Part> parts_;
  std::vector<std::string> etags_;  // of the parts, from part 1 on
  uint64_t size_ = 0;               // of all parts
};

// A server that copies bytes says nothing until it has: MinIO at the speed of its disks, AWS "several
// minutes".
inline constexpr std::chrono::minutes kS3ServerWorkStallTimeout{10};

}  // namespace rayhistory
