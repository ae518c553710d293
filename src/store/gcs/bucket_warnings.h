// Warns an operator about how a bucket of Cloud Storage is set up (Store::bucket_warnings): one
// read of the bucket's metadata.
#pragma once

#include <string>
#include <vector>

#include "store/gcs/connection.h"

namespace rayhistory {

Result<std::vector<std::string>> gcs_bucket_warnings(GcsConnection& connection, const Deadline& deadline);

}  // namespace rayhistory
