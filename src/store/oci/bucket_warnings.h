// The remarks on how a bucket of Oracle's Object Storage is set up (Store::bucket_warnings). They take three
// reads: of the bucket, of its lifecycle policy and of its retention rules.
#pragma once

#include <string>
#include <vector>

#include "store/oci/connection.h"

namespace rayhistory {

Result<std::vector<std::string>> oci_bucket_warnings(OciConnection& connection, const Deadline& deadline);

}  // namespace rayhistory
