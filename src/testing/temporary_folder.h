// A folder of its own for one test, removed with all that is in it when the test ends.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/shared_tree.h"

namespace rayhistory {

class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::string& path() const { return path_; }
  std::string operator/(std::string_view name) const { return path_ + "/" + std::string(name); }
  // The same place for code that shares its folders with others.
  SharedPath shared(std::string_view name = {}) const { return SharedPath(tree_) / name; }
  // Writes a file below it, making the folders on the way.
  std::string write(std::string_view name, std::string_view content) const;
  void append(std::string_view name, std::string_view content) const;
  std::string read(std::string_view name) const;

 private:
  std::string path_;
  std::shared_ptr<const SharedTree> tree_;
};

}  // namespace rayhistory
