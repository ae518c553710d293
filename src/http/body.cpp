#include "http/body.h"

#include <cstring>

namespace rayhistory {

Result<void> MemoryBody::read_at(uint64_t offset, std::span<char> buffer) const {
  CHECK(offset <= bytes_.size() && buffer.size() <= bytes_.size() - offset);
  if (!buffer.empty()) std::memcpy(buffer.data(), bytes_.data() + offset, buffer.size());
  return {};
}

Result<void> FileBody::read_at(uint64_t offset, std::span<char> buffer) const {
  CHECK(offset <= size_ && buffer.size() <= size_ - offset);
  TRY_ASSIGN(const size_t got, file_->read_at(offset, buffer));
  if (got < buffer.size()) {
    return Error{ErrorKind::invalid, file_->path() + ": has shrunk to " + std::to_string(offset + got) +
                                         " bytes while its first " + std::to_string(size_) + " were read"};
  }
  return {};
}

BodyRange::BodyRange(const Body& whole, uint64_t offset, uint64_t size)
    : whole_(whole), offset_(offset), size_(size) {
  CHECK(offset <= whole.size() && size <= whole.size() - offset);
}

Result<void> BodyRange::read_at(uint64_t offset, std::span<char> buffer) const {
  CHECK(offset <= size_ && buffer.size() <= size_ - offset);
  return whole_.read_at(offset_ + offset, buffer);
}

}  // namespace rayhistory
