#include "testing/document_section.h"

#include <cstdlib>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

namespace rayhistory {

void expect_document_section(const std::string& path, std::string_view begin, std::string_view end,
                             const std::string& text, std::string_view remedy) {
  std::ifstream file(path, std::ios::binary);
  std::string document{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const size_t begin_marker = document.find(begin);
  const size_t end_marker = document.find(end);
  ASSERT_TRUE(begin_marker != std::string::npos && end_marker != std::string::npos) << path;
  const size_t place = begin_marker + begin.size();
  ASSERT_LE(place, end_marker) << path;
  if (std::getenv("RAYHISTORY_WRITE_DOCS") != nullptr) {
    document.replace(place, end_marker - place, text);
    std::ofstream(path, std::ios::binary) << document;
    return;
  }
  EXPECT_EQ(document.substr(place, end_marker - place), text)
      << path << " is out of date: run " << remedy << " with RAYHISTORY_WRITE_DOCS=1 in its environment";
}

}  // namespace rayhistory
