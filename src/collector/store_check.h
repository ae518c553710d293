// `collector --check`: proves with the pod's own settings that what will be collected can be stored, by doing
// with a probe object all that the collector does with a log.
#pragma once

#include <cstdio>

#include "base/clock.h"
#include "store/store.h"

namespace rayhistory {

// Tells each step on `out`, a line each, "ok" or what is wrong. True when all that is needed works. The probe
// is written below `<root>/collector-check/`, which no History Server looks at, and removed; that it cannot
// be removed is told and is no failure, nor is what the store remarks on how its bucket is set up.
bool check_store(Store& store, const std::string& root, const Deadline& deadline, std::FILE* out);

}  // namespace rayhistory
