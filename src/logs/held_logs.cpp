#include "logs/held_logs.h"

#include <algorithm>
#include <utility>

namespace rayhistory::collector {

void HeldLogs::hold(const FileIdentity& identity, File file, Reason reason) {
  if (const auto known = held_.find(identity); known != held_.end()) {
    known->second.reason = std::max(known->second.reason, reason);
    return;
  }
  if (held_.size() >= limit_) {
    const auto less_urgent = std::find_if(held_.begin(), held_.end(),
                                          [&](const auto& item) { return item.second.reason < reason; });
    if (less_urgent == held_.end()) return;
    held_.erase(less_urgent);
  }
  held_.emplace(identity, Held{std::make_shared<const File>(std::move(file)), reason});
}

std::shared_ptr<const File> HeldLogs::find(const FileIdentity& identity) const {
  const auto found = held_.find(identity);
  return found == held_.end() ? nullptr : found->second.file;
}

std::shared_ptr<const File> HeldLogs::take_deleted(const FileIdentity& identity) {
  const auto found = held_.find(identity);
  if (found == held_.end()) return nullptr;
  const auto status = found->second.file->status();
  if (!status || status->links > 0) return nullptr;
  std::shared_ptr<const File> file = std::move(found->second.file);
  held_.erase(found);
  return file;
}

}  // namespace rayhistory::collector
