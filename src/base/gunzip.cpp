#include "base/gunzip.h"

#include <array>

#include <zlib.h>

namespace rayhistory {
namespace {

constexpr size_t kBlockBytes = 16 * 1024;
// zlib's windowBits: 15 is the largest window, 16 more asks for the gzip format.
constexpr int kGzipWindowBits = 15 + 16;

}  // namespace

struct Gunzip::State {
  z_stream stream{};
  bool ready = false;
  bool at_member_end = false;
  std::array<char, kBlockBytes> block;
};

Gunzip::Gunzip() : state_(std::make_unique<State>()) {
  state_->ready = ::inflateInit2(&state_->stream, kGzipWindowBits) == Z_OK;
}

Gunzip::~Gunzip() {
  if (state_->ready) ::inflateEnd(&state_->stream);
}

void Gunzip::feed(std::string_view input) {
  // zlib's input is not const by an old habit of its; it does not write to it.
  state_->stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));
  state_->stream.avail_in = static_cast<uInt>(input.size());
}

Result<std::string_view> Gunzip::next() {
  z_stream& stream = state_->stream;
  if (!state_->ready) return Error{ErrorKind::retry, "zlib: out of memory"};
  while (true) {
    if (state_->at_member_end) {
      if (stream.avail_in == 0) return std::string_view();
      // RFC 1952: a file is one member or several, one after the other.
      ::inflateReset(&stream);
      state_->at_member_end = false;
    }
    stream.next_out = reinterpret_cast<Bytef*>(state_->block.data());
    stream.avail_out = static_cast<uInt>(state_->block.size());
    const int outcome = ::inflate(&stream, Z_NO_FLUSH);
    const std::string_view plain(state_->block.data(), state_->block.size() - stream.avail_out);
    state_->at_member_end = outcome == Z_STREAM_END;
    const bool wants_more_input = outcome == Z_BUF_ERROR;
    // What was unpacked before the damage comes first; zlib finds the damage again at the next call.
    if (!plain.empty()) return plain;
    if (outcome != Z_OK && outcome != Z_STREAM_END && !wants_more_input) {
      return Error{ErrorKind::invalid, "not gzip, or broken"};
    }
    if (wants_more_input || (stream.avail_in == 0 && !state_->at_member_end)) return std::string_view();
  }
}

bool Gunzip::is_complete() const {
  return state_->at_member_end;
}

}  // namespace rayhistory
