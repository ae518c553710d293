#include "journal/disk_budget.h"

#include "base/check.h"

namespace rayhistory::collector {
namespace {

constexpr uint64_t kPressurePercent = 80;  // fixed by the contract with KubeRay's collector

}  // namespace

void DiskBudget::remove(uint64_t bytes) {
  const uint64_t before = used_bytes_.fetch_sub(bytes);
  CHECK(before >= bytes);
}

bool DiskBudget::refuses(uint64_t batch_bytes) const {
  const uint64_t used = used_bytes_;
  if (used * 100 >= limit_bytes_ * kPressurePercent) return true;
  return used > 0 && used + batch_bytes > limit_bytes_;
}

}  // namespace rayhistory::collector
