// A multipart upload of Oracle's Object Storage: an object made of parts of a body, which replaces what its
// key holds at once, when it is committed. Nothing of it can be seen before.
//
// An upload is one thread's. Its parts are repeated a few times when they fail in passing; the upload itself
// is repeated by the caller. A commit whose answer was lost is settled by a random token that the upload
// gives its object as metadata: that the key exists proves nothing.
//
// Oracle: "Multipart Uploads"; CreateMultipartUpload, UploadPart, CommitMultipartUpload,
// AbortMultipartUpload. There is no copy of a part on the server.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "store/oci/connection.h"
#include "store/store.h"

namespace rayhistory {

// Object Storage's own limits are beyond what a file of Ray's needs; tests have little time.
struct OciLimits {
  // Sent in one request; above, in parts. As large as a body may be that has to be sent again as a whole.
  uint64_t single_request_bytes = 64ull * 1024 * 1024;
  // A part has to be sent again when a connection breaks. Oracle recommends parts of 10 MiB and more.
  uint64_t least_part_bytes = 16ull * 1024 * 1024;
  uint64_t most_parts = 10'000;
};

// The state that a write builds upon: any, nothing at its key, or this object.
struct OciCondition {
  bool must_be_absent = false;
  std::string etag = {};  // empty: whatever is there

  // Sets If-None-Match or If-Match.
  void set_on(Headers& headers) const;
};
// The condition of a write that replaces `before`, or no object where `before` is nothing.
OciCondition oci_condition(const std::optional<StoredObject>& before);

// `exists`: the key holds something else than the condition says. `retry`: not done, begin again.
// `unknown_outcome`: it could not be found out. An upload that was begun and failed is given up, as well as
// it can be.
Result<StoredObject> upload_to_oci_in_parts(OciConnection& connection, const Clock& clock,
                                            const OciLimits& limits, const std::string& key, const Body& body,
                                            std::string_view content_type, const OciCondition& condition,
                                            OciBodyCheck check, const Deadline& deadline);

// Gives up an upload, so that its parts are not kept and billed. One that is gone already is fine.
Result<void> abort_oci_upload(OciConnection& connection, const std::string& key, const std::string& id,
                              const Deadline& deadline);

}  // namespace rayhistory
