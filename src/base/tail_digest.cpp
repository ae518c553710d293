#include "base/tail_digest.h"

#include <algorithm>
#include <array>
#include <span>

namespace rayhistory {
namespace {

// FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv/), 64 bits.
constexpr uint64_t kOffsetBasis = 14695981039346656037u;
constexpr uint64_t kPrime = 1099511628211u;

}  // namespace

Result<uint64_t> tail_digest(const File& file, uint64_t size) {
  std::array<char, kTailBytes> buffer;
  const std::span<char> tail(buffer.data(), std::min(size, kTailBytes));
  TRY_ASSIGN(const size_t got, file.read_at(size - tail.size(), tail));
  if (got < tail.size()) return Error{ErrorKind::invalid, file.path() + ": shorter than it was a moment ago"};
  uint64_t digest = kOffsetBasis;
  for (const char byte : tail)
    digest = (digest ^ static_cast<unsigned char>(byte)) * kPrime;
  return digest;
}

}  // namespace rayhistory
