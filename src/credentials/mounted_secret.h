// A file that Kubernetes mounts from a Secret, or projects a token into.
#pragma once

#include <string>

#include "base/result.h"

namespace rayhistory {

// All of it. Follows symlinks, as these files are symlinks into a folder that is replaced as a whole when the
// content is. `denied` names the path and says why it cannot be read.
Result<std::string> read_mounted_secret(const std::string& path);

}  // namespace rayhistory
