// Warns an operator about how an Azure container and its account are set up
// (Store::bucket_warnings).
//
// Two small reads: Get Container Properties and Get Blob Service Properties. Whether the account keeps
// versions no read of the Blob service tells; the answers to writes do, so that is known once there was one.
#pragma once

#include <string>
#include <vector>

#include "store/azure/connection.h"

namespace rayhistory {

Result<std::vector<std::string>> azure_container_warnings(AzureConnection& connection,
                                                          const Deadline& deadline);

}  // namespace rayhistory
