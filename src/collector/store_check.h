// `collector --check`: proves with the pod's own settings that what will be collected can be stored and read
// again. It is the collector in small: the same shipper stores a probe session with the keys, sizes and steps
// of a real one, and what the collector can do without, the check can do without.
#pragma once

#include <cstdio>
#include <memory>
#include <string>

#include "base/clock.h"
#include "layout/object_key.h"
#include "store/store.h"

namespace rayhistory::collector {

// Where the probe session is: below the keys of the cluster itself, for a policy may allow no others. No
// marker is written for it, so no History Server shows it.
struct CheckedPlace {
  std::string root;  // STORAGE_ROOT_DIR
  ClusterPlace cluster;
};

// Tells each step on `out`, a line each, "ok" or what is wrong. True when all that is needed works. `store`
// does not retry. That the probe cannot be removed is told and is no failure, nor is what the store remarks
// on how its bucket is set up and on what its server cannot do.
bool check_store(std::unique_ptr<Store> store, const CheckedPlace& place, const Clock& clock,
                 const Deadline& deadline, std::FILE* out);

}  // namespace rayhistory::collector
