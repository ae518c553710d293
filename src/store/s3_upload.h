// A multipart upload: an object made of ranges of another object and of a body, which replaces what its key
// holds at once, when it is completed. Nothing of it can be seen before.
//
// An upload is one thread's. Its parts are repeated a few times when they fail in passing, because a whole of
// a hundred parts would hardly ever be done otherwise; the upload itself is repeated by the caller.
//
// How a completion whose answer was lost is settled: the upload carries a random token of its own in the
// object's metadata, so a HEAD tells whether the object is this upload's. That the key exists proves nothing,
// it always did.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "store/s3_connection.h"
#include "store/store.h"

namespace rayhistory {

// What one S3Store has learned about its server. Any thread.
struct S3Abilities {
  // False once the server has said that it does not implement it (S3 itself has since 2024, MinIO does).
  std::atomic<bool> if_match_on_complete{true};
  // Likewise of If-None-Match and If-Match on PutObject.
  std::atomic<bool> conditional_put{true};
  // Whether a prefix lists the unfinished uploads of all keys that begin with it, as S3 has it, or only those
  // of the key that it is in full, as MinIO does (erasure-multipart.go).
  enum class UploadLists : uint8_t { not_known, by_prefix, by_key };
  std::atomic<UploadLists> upload_lists{UploadLists::not_known};
};

// S3's limits (https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html), and what we make of them.
// Other servers have others, and tests have little time.
struct S3Limits {
  uint64_t least_part_bytes = 5ull * 1024 * 1024;
  uint64_t most_parts = 10'000;
  // Sent in one request; above, in parts. As large as a body may be that has to be sent again as a whole.
  uint64_t single_request_bytes = 64ull * 1024 * 1024;
  // Of what is sent: what has to be sent again when a connection breaks.
  uint64_t sent_part_bytes = 16ull * 1024 * 1024;
  // Of what is copied on the server. It may be 5 GiB, but a server that copies physically then works for a
  // minute or more without a word.
  uint64_t copied_part_bytes = 1024ull * 1024 * 1024;
};

class S3MultipartUpload {
 public:
  // The key's present object, where the new one is made from it: completing fails with `exists` if it is
  // another by then.
  static Result<S3MultipartUpload> begin(S3Connection& connection, S3Abilities& abilities,
                                         const S3Limits& limits, const Clock& clock, std::string key,
                                         std::string_view content_type, std::optional<StoredObject> replaces,
                                         const Deadline& deadline);

  // The first `source.size` bytes of the object `from`. `exists` when it is not `source` any more.
  Result<void> copy_whole(const std::string& from, const StoredObject& source, const Deadline& deadline);
  // Bytes [offset, whole.size()) of the body.
  Result<void> send_from(const Body& whole, uint64_t offset, const Deadline& deadline);
  // `retry`: not done, begin again. `exists`: the key holds something else. `unknown_outcome`: it could not
  // be found out. After any error: abandon.
  Result<StoredObject> complete(const Deadline& deadline);
  const std::string& id() const { return id_; }

  // So that the store does not keep, and bill, the parts. As well as it can: what stays is the bucket's
  // lifecycle rule's.
  void abandon(const Deadline& deadline);

 private:
  S3MultipartUpload(S3Connection& connection, S3Abilities& abilities, const S3Limits& limits,
                    const Clock& clock, std::string key, std::optional<StoredObject> replaces);

  S3Call call(HttpMethod method) const;  // with the key and the upload's ID
  Result<void> copy_range(const std::string& from, const StoredObject& source, uint64_t offset, uint64_t size,
                          const Deadline& deadline);
  Result<void> send_range(const Body& whole, uint64_t offset, uint64_t size, const Deadline& deadline);
  Result<StoredObject> complete_once(const std::string& body, const Deadline& deadline);
  Result<StoredObject> settle(Error why, const Deadline& deadline);
  // The object's state, and whether this upload made it.
  Result<std::optional<StoredObject>> look(bool& is_ours, const Deadline& deadline);

  S3Connection& connection_;
  S3Abilities& abilities_;
  const S3Limits& limits_;
  const Clock& clock_;
  std::string key_;
  std::optional<StoredObject> replaces_;
  std::string token_;
  std::string id_;
  std::vector<std::string> etags_;  // of the parts, from part 1 on
  uint64_t size_ = 0;               // of all parts
};

// How many bytes the parts have that `size` bytes are sent in, given the number of part numbers left; the
// last may be smaller.
uint64_t s3_part_size(uint64_t size, uint64_t parts_left, const S3Limits& limits);

// A server that copies bytes says nothing until it has: MinIO at the speed of its disks, AWS "several
// minutes".
inline constexpr std::chrono::minutes kS3ServerWorkStallTimeout{10};

}  // namespace rayhistory
