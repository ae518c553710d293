#include "journal/gzip_file.h"

#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include <zlib.h>

#include "base/shared_path.h"

namespace rayhistory::collector {
namespace {

// What is read and written at a time: large enough that system calls cost nothing beside deflate.
constexpr size_t kBlockBytes = 64 * 1024;
// zlib's windowBits: 15 is the largest window, 16 more asks for the gzip format.
constexpr int kGzipWindowBits = 15 + 16;
constexpr int kMemoryLevel = 8;  // zlib's default: 256 kB

class Deflater {
 public:
  Deflater() {
    ready_ = ::deflateInit2(&stream_, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipWindowBits, kMemoryLevel,
                            Z_DEFAULT_STRATEGY) == Z_OK;
  }
  ~Deflater() {
    if (ready_) ::deflateEnd(&stream_);
  }
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;
  bool ready() const { return ready_; }
  z_stream& stream() { return stream_; }

 private:
  z_stream stream_{};
  bool ready_ = false;
};

class Inflater {
 public:
  Inflater() { ready_ = ::inflateInit2(&stream_, kGzipWindowBits) == Z_OK; }
  ~Inflater() {
    if (ready_) ::inflateEnd(&stream_);
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  bool ready() const { return ready_; }
  z_stream& stream() { return stream_; }

 private:
  z_stream stream_{};
  bool ready_ = false;
};

Error no_memory() {
  return Error{ErrorKind::retry, "zlib: out of memory"};
}

Bytef* as_bytes(std::vector<char>& block) {
  return reinterpret_cast<Bytef*>(block.data());
}

Result<uint64_t> compress(const File& from, uint64_t size, File& to, const std::atomic<bool>& cancelled) {
  Deflater deflater;
  if (!deflater.ready()) return no_memory();
  z_stream& stream = deflater.stream();
  std::vector<char> in(kBlockBytes);
  std::vector<char> out(kBlockBytes);
  uint64_t read = 0;
  uint64_t written = 0;
  int outcome = Z_OK;
  while (outcome != Z_STREAM_END) {
    if (cancelled) return Error{ErrorKind::cancelled, "compressing " + from.path() + ": stopped"};
    if (stream.avail_in == 0 && read < size) {
      const size_t wanted = std::min<uint64_t>(size - read, in.size());
      TRY_ASSIGN(const size_t got, from.read_at(read, std::span(in).first(wanted)));
      if (got < wanted)
        return Error{ErrorKind::invalid, "compressing " + from.path() + ": it has become shorter"};
      read += got;
      stream.next_in = as_bytes(in);
      stream.avail_in = static_cast<uInt>(got);
    }
    stream.next_out = as_bytes(out);
    stream.avail_out = static_cast<uInt>(out.size());
    outcome = ::deflate(&stream, read == size ? Z_FINISH : Z_NO_FLUSH);
    CHECK(outcome == Z_OK || outcome == Z_STREAM_END || outcome == Z_BUF_ERROR);
    const std::string_view piece(out.data(), out.size() - stream.avail_out);
    if (piece.empty()) continue;
    TRY(to.write_at(written, std::array{piece}));
    written += piece.size();
  }
  return written;
}

}  // namespace

Result<uint64_t> gzip_file(const SharedPath& path, uint64_t size, const SharedPath& gzip_path,
                           const std::atomic<bool>& cancelled) {
  const SharedPath temporary = gzip_path.with_suffix(".tmp");
  const auto write_whole = [&]() -> Result<uint64_t> {
    TRY(remove_file(temporary));
    TRY_ASSIGN(const File from, open_for_reading(path));
    TRY_ASSIGN(File to, create_new(temporary));
    TRY_ASSIGN(const uint64_t written, compress(from, size, to, cancelled));
    TRY(to.sync());
    TRY(rename_file(temporary, gzip_path));
    TRY(sync_folder(gzip_path.parent()));
    return written;
  };
  Result<uint64_t> written = write_whole();
  if (!written) (void)remove_file(temporary);
  return written;
}

Result<bool> is_whole_gzip(const SharedPath& path, const std::atomic<bool>& cancelled) {
  TRY_ASSIGN(const File file, open_for_reading(path));
  Inflater inflater;
  if (!inflater.ready()) return no_memory();
  z_stream& stream = inflater.stream();
  std::vector<char> in(kBlockBytes);
  std::vector<char> out(kBlockBytes);
  uint64_t read = 0;
  int outcome = Z_OK;
  while (outcome != Z_STREAM_END) {
    if (cancelled) return Error{ErrorKind::cancelled, "checking " + path.str() + ": stopped"};
    if (stream.avail_in == 0) {
      TRY_ASSIGN(const size_t got, file.read_at(read, in));
      if (got == 0) return false;  // it ends before its checksum
      read += got;
      stream.next_in = as_bytes(in);
      stream.avail_in = static_cast<uInt>(got);
    }
    stream.next_out = as_bytes(out);
    stream.avail_out = static_cast<uInt>(out.size());
    outcome = ::inflate(&stream, Z_NO_FLUSH);
    if (outcome != Z_OK && outcome != Z_STREAM_END) return false;
  }
  TRY_ASSIGN(const size_t behind, file.read_at(read, std::span(in).first(1)));
  return stream.avail_in == 0 && behind == 0;
}

}  // namespace rayhistory::collector
