// Digests of request bodies, which are read in pieces and never held whole.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/body.h"

namespace rayhistory {

// Reads a body to its end, in pieces, into a hash of digest.h.
template <typename Hash>
Result<Hash> hash_of(const Body& body) {
  // What is hashed at once; memory per upload worker.
  constexpr uint64_t kBufferBytes = 256 * 1024;
  Hash hash;
  std::string buffer(static_cast<size_t>(std::min(body.size(), kBufferBytes)), '\0');
  for (uint64_t offset = 0; offset < body.size();) {
    const size_t piece = static_cast<size_t>(std::min<uint64_t>(buffer.size(), body.size() - offset));
    TRY(body.read_at(offset, std::span(buffer).first(piece)));
    hash.update(std::string_view(buffer).substr(0, piece));
    offset += piece;
  }
  return hash;
}

// The value of Content-MD5 (RFC 1864).
Result<std::string> content_md5_of(const Body& body);

}  // namespace rayhistory
