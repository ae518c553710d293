// Where the texts of a session's state live: kept once each while it is built, and for as long as the state.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include <boost/unordered/unordered_flat_set.hpp>

namespace rayhistory::historyserver {

// Texts of any length, packed; nothing is ever taken out. For one thread while it grows.
class TextMemory {
 public:
  // A copy that stays where it is. An empty text takes nothing.
  std::string_view keep(std::string_view text);
  // Takes over what the other holds: its texts stay where they are.
  void take(TextMemory&& other);
  uint64_t bytes() const { return bytes_; }

 private:
  struct Block {
    std::unique_ptr<char[]> bytes;
    size_t size = 0;
  };

  std::vector<Block> blocks_;
  char* free_ = nullptr;
  size_t free_bytes_ = 0;
  uint64_t bytes_ = 0;
};

// Keeps equal texts once. For one thread.
class TextPool {
 public:
  std::string_view keep(std::string_view text);
  // What was kept; the pool is empty then.
  TextMemory take_memory();

 private:
  // Most texts are a few that come with each task: of those that look alike, the last one. Found here, a text
  // is compared once; found below, it is hashed before.
  std::array<std::string_view, 64> recent_;
  TextMemory memory_;
  // std::hash: Boost's takes four times as long for an ID, and more for a runtime environment.
  boost::unordered_flat_set<std::string_view, std::hash<std::string_view>> known_;
};

}  // namespace rayhistory::historyserver
