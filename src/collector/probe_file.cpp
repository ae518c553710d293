#include "collector/probe_file.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/digest.h"
#include "base/tail_digest.h"
#include "store/store.h"

namespace rayhistory::collector {
namespace {

// A log's line. What is stored is compared with it, so no two places of a file may look alike.
std::string line_at(std::string_view seed, uint64_t offset) {
  return fmt::format("{:020} {}\n", offset, to_hex(sha256(fmt::format("{} {}", seed, offset))));
}

constexpr size_t kSeedBytes = 16;

// Written at once.
constexpr size_t kPieceBytes = 1024 * 1024;

}  // namespace

ProbeFile::ProbeFile(File file, std::string key, size_t prefix_length, ShipmentKind kind)
    : seed_(random_hex(kSeedBytes)),
      file_(std::make_shared<File>(std::move(file))),
      key_(std::move(key)),
      prefix_length_(prefix_length),
      kind_(kind) {}

Result<ProbeFile> ProbeFile::create(std::string key, size_t prefix_length, ShipmentKind kind) {
  TRY_ASSIGN(File file, File::create_in_memory("collector-check"));
  return ProbeFile(std::move(file), std::move(key), prefix_length, kind);
}

Result<void> ProbeFile::grow_to(uint64_t size) {
  while (size_ < size) {
    std::string piece;
    while (piece.size() < kPieceBytes && size_ + piece.size() < size)
      piece += line_at(seed_, size_ + piece.size());
    piece.resize(std::min<uint64_t>(piece.size(), size - size_));
    const std::string_view bytes = piece;
    TRY(file_->write_at(size_, {&bytes, 1}));
    size_ += piece.size();
  }
  return {};
}

void ProbeFile::rename_to(std::string key) {
  moved_from_ = std::exchange(key_, std::move(key));
  kind_ = ShipmentKind::rotated_log;
  is_final_ = true;
}

Result<Shipment> ProbeFile::shipment() const {
  TRY_ASSIGN(const FileStatus status, file_->status());
  Shipment shipment;
  shipment.kind = kind_;
  shipment.key = key_;
  shipment.prefix_length = prefix_length_;
  shipment.content_type = kind_ == ShipmentKind::events ? kJsonLinesContent : kTextContent;
  shipment.identity = status.identity;
  shipment.size = size_;
  TRY_ASSIGN(shipment.tail, tail_digest(*file_, size_));
  shipment.final = is_final_;
  shipment.held_open = file_;
  shipment.moved_from = moved_from_;
  return shipment;
}

Result<std::string> ProbeFile::content(uint64_t offset, uint64_t length) const {
  std::string content(static_cast<size_t>(std::min(length, size_ - std::min(offset, size_))), '\0');
  TRY_ASSIGN(const size_t read, file_->read_at(offset, content));
  content.resize(read);
  return content;
}

}  // namespace rayhistory::collector
