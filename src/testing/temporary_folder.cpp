#include "testing/temporary_folder.h"

#include <stdlib.h>

#include <fstream>
#include <iterator>

#include "base/check.h"

namespace rayhistory {

TemporaryFolder::TemporaryFolder()
    : path_((std::filesystem::temp_directory_path() / "rayhistory-XXXXXX").string()) {
  CHECK(::mkdtemp(path_.data()) != nullptr);
  tree_ = SharedTree::open(path_);
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TemporaryFolder::write(std::string_view name, std::string_view content) const {
  const std::filesystem::path path(*this / name);
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
  return path.string();
}

void TemporaryFolder::append(std::string_view name, std::string_view content) const {
  std::ofstream(*this / name, std::ios::binary | std::ios::app) << content;
}

std::string TemporaryFolder::read(std::string_view name) const {
  std::ifstream file(*this / name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace rayhistory
