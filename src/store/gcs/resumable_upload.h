// A resumable upload: an object that is sent in one request, and, when that breaks off, gone on with from the
// byte that Cloud Storage says it has. Nothing of it can be seen before it is whole.
//
// For large bodies only, as it costs a request more than sending all at once; that one is not billed. An
// upload that is begun and never finished cannot be seen, is forgotten by Cloud Storage after a week, and is
// found by no listing.
//
// https://cloud.google.com/storage/docs/performing-resumable-uploads
#pragma once

#include <string>
#include <string_view>

#include "store/gcs/connection.h"
#include "store/store.h"

namespace rayhistory {

// The whole object, in place of the given generation ("0": of nothing; empty: of whatever is there). `retry`
// and `unknown_outcome`: begin again, which is safe.
Result<StoredObject> upload_to_gcs_resumably(GcsConnection& connection, const Clock& clock,
                                             const std::string& key, const Body& body,
                                             std::string_view content_type, const std::string& generation,
                                             const Deadline& deadline);

}  // namespace rayhistory
