#include "credentials/mounted_secret.h"

#include <filesystem>
#include <utility>

#include "base/file.h"

namespace rayhistory {
namespace {

// A Secret holds 1 MiB at the most.
constexpr uint64_t kLongestSecretBytes = 1024 * 1024;

}  // namespace

Result<std::string> read_mounted_secret(const std::string& path) {
  std::error_code failed;
  const std::filesystem::path target = std::filesystem::canonical(path, failed);
  Result<std::string> content = failed ? error_from_errno(failed.value(), "open " + path)
                                       : read_file(target.string(), kLongestSecretBytes);
  // Whatever it is, somebody has to mend it, and will.
  if (!content) return Error{ErrorKind::denied, std::move(content).error().message};
  return content;
}

}  // namespace rayhistory
