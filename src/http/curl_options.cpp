#include "http/curl_options.h"

#include <unistd.h>

#include <cerrno>

namespace rayhistory {

Result<void> check_authorities(const CurlOptions& options) {
  for (const std::string& path : {options.ca_file, options.ca_folder}) {
    if (path.empty() || ::access(path.c_str(), R_OK) == 0) continue;
    return Error{ErrorKind::invalid, error_from_errno(errno, path).message};
  }
  return {};
}

}  // namespace rayhistory
