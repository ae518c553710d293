#include "logs/content_digest.h"

#include <algorithm>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

namespace rayhistory::collector {
namespace {

// FNV-1a's numbers (http://www.isthe.com/chongo/tech/comp/fnv/), 64 bits, taken eight bytes at a time.
constexpr uint64_t kOffsetBasis = 14695981039346656037u;
constexpr uint64_t kPrime = 1099511628211u;

uint64_t mix(uint64_t digest, uint64_t word) {
  digest = (digest ^ word) * kPrime;
  return digest ^ (digest >> 32);  // the product's high bits are the mixed ones
}

uint64_t mix_all(uint64_t digest, std::string_view bytes) {
  while (!bytes.empty()) {
    uint64_t word = 0;
    const size_t length = std::min(bytes.size(), sizeof(word));
    std::memcpy(&word, bytes.data(), length);
    digest = mix(digest, word);
    bytes.remove_prefix(length);
  }
  return digest;
}

}  // namespace

Result<uint64_t> content_digest(const File& file, uint64_t size) {
  const bool is_whole = size <= kWhollyDigestedBytes;
  const uint64_t pieces = is_whole ? 1 : kDigestedPieces;
  std::vector<char> buffer(is_whole ? size : kDigestedPieceBytes);
  uint64_t digest = mix(kOffsetBasis, size);
  for (uint64_t piece = 0; piece < pieces; ++piece) {
    const uint64_t offset = is_whole ? 0 : (size - buffer.size()) / (pieces - 1) * piece;
    const bool is_last = piece + 1 == pieces;
    TRY_ASSIGN(const size_t got, file.read_at(is_last ? size - buffer.size() : offset, buffer));
    if (got < buffer.size())
      return Error{ErrorKind::invalid, file.path() + ": shorter than it was a moment ago"};
    digest = mix_all(digest, {buffer.data(), buffer.size()});
  }
  return digest;
}

}  // namespace rayhistory::collector
