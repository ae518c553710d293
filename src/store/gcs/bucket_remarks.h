// What an operator should know about how a bucket of Cloud Storage is set up (Store::remarks): one read of
// the bucket's metadata.
#pragma once

#include <string>
#include <vector>

#include "store/gcs/connection.h"

namespace rayhistory {

Result<std::vector<std::string>> gcs_bucket_remarks(GcsConnection& connection, const Deadline& deadline);

}  // namespace rayhistory
