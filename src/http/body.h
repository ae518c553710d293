// The bytes of a request, which can be read as often as a retry or a signature needs them.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/file.h"
#include "base/result.h"

namespace rayhistory {

// Immutable for the reader: read_at at the same place gives the same bytes, from any thread. A local file
// that shrinks or is rewritten while it is read breaks that, and is told by an `invalid` error or by the
// store's digest.
class Body {
 public:
  virtual ~Body() = default;
  virtual uint64_t size() const = 0;
  // Fills all of `buffer`, which lies within size(). `invalid` when the bytes are no longer there.
  virtual Result<void> read_at(uint64_t offset, std::span<char> buffer) const = 0;
};

class MemoryBody final : public Body {
 public:
  explicit MemoryBody(std::string bytes) : bytes_(std::move(bytes)) {}
  uint64_t size() const override { return bytes_.size(); }
  Result<void> read_at(uint64_t offset, std::span<char> buffer) const override;

 private:
  std::string bytes_;
};

// The first `size` bytes of an open file, which stays open for as long as the body lives.
class FileBody final : public Body {
 public:
  FileBody(std::shared_ptr<const File> file, uint64_t size) : file_(std::move(file)), size_(size) {}
  uint64_t size() const override { return size_; }
  Result<void> read_at(uint64_t offset, std::span<char> buffer) const override;

 private:
  std::shared_ptr<const File> file_;
  uint64_t size_;
};

// Bytes [offset, offset + size) of another body, which must outlive it.
class BodyRange final : public Body {
 public:
  BodyRange(const Body& whole, uint64_t offset, uint64_t size);
  uint64_t size() const override { return size_; }
  Result<void> read_at(uint64_t offset, std::span<char> buffer) const override;

 private:
  const Body& whole_;
  uint64_t offset_;
  uint64_t size_;
};

}  // namespace rayhistory
