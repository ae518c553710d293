#include "historyserver/state/text_memory.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <utility>

namespace rayhistory::historyserver {
namespace {

// Blocks grow with what is kept, so that a small session takes little and a large one few allocations.
constexpr size_t kSmallestBlock = 4 * 1024;
constexpr size_t kLargestBlock = 256 * 1024;

size_t look_of(std::string_view text) {
  const auto at = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  return text.size() + 7U * at(0) + 11U * at(text.size() / 2) + 13U * at(text.size() - 1);
}

}  // namespace

std::string_view TextMemory::keep(std::string_view text) {
  if (text.empty()) return {};
  if (text.size() > free_bytes_) {
    const size_t size = std::max(text.size(), std::clamp<size_t>(bytes_, kSmallestBlock, kLargestBlock));
    blocks_.push_back({std::make_unique<char[]>(size), size});
    bytes_ += size;
    free_ = blocks_.back().bytes.get();
    free_bytes_ = size;
  }
  char* const place = free_;
  std::memcpy(place, text.data(), text.size());
  free_ += text.size();
  free_bytes_ -= text.size();
  return {place, text.size()};
}

void TextMemory::take(TextMemory&& other) {
  std::move(other.blocks_.begin(), other.blocks_.end(), std::back_inserter(blocks_));
  bytes_ += other.bytes_;
  other = TextMemory();
}

std::string_view TextPool::keep(std::string_view text) {
  if (text.empty()) return {};
  std::string_view& recent = recent_.at(look_of(text) % recent_.size());
  if (recent == text) return recent;
  const auto found = known_.find(text);
  recent = found != known_.end() ? *found : *known_.insert(memory_.keep(text)).first;
  return recent;
}

TextMemory TextPool::take_memory() {
  known_ = {};
  recent_ = {};
  return std::exchange(memory_, TextMemory());
}

}  // namespace rayhistory::historyserver
