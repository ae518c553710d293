// Warns an operator about how an S3 bucket is set up (Store::bucket_warnings).
//
// Three small reads: GetBucketVersioning, GetBucketLifecycleConfiguration and, only of a versioned bucket, as
// no other can have it, GetObjectLockConfiguration.
#pragma once

#include <string>
#include <vector>

#include "store/s3/connection.h"

namespace rayhistory {

Result<std::vector<std::string>> s3_bucket_warnings(S3Connection& connection, const Deadline& deadline);

}  // namespace rayhistory
