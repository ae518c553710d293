// A file of `collector --check`'s probe session: a log or a journal that lies in memory, for a container's
// root may be read-only and Ray's folder is not the check's to write to.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/file.h"
#include "base/result.h"
#include "shipper/shipment.h"

namespace rayhistory::collector {

class ProbeFile {
 public:
  static Result<ProbeFile> create(std::string key, size_t prefix_length, ShipmentKind kind);

  // Lines that differ from each other and from those of other files.
  Result<void> grow_to(uint64_t size);
  // Another key, as when Ray's ring turns.
  void rename_to(std::string key);
  void end() { is_final_ = true; }

  Result<Shipment> shipment() const;
  const std::string& key() const { return key_; }
  uint64_t size() const { return size_; }
  Result<std::string> content(uint64_t offset, uint64_t length) const;

 private:
  ProbeFile(File file, std::string key, size_t prefix_length, ShipmentKind kind);

  std::string seed_;  // of the lines. The key would not do, because a rotated log hands it to its successor
  std::shared_ptr<File> file_;
  std::string key_;
  size_t prefix_length_;
  ShipmentKind kind_;
  std::string moved_from_;
  uint64_t size_ = 0;
  bool is_final_ = false;
};

}  // namespace rayhistory::collector
