// The collector's figures in Prometheus' text format 0.0.4. docs/metrics.md says what each one means.
//
// No label has a value that comes from outside: never a file, a key, a session or a job.
#pragma once

#include <string>

#include "collector/figures.h"

namespace rayhistory::collector {

std::string render_metrics(const Figures& figures);

}  // namespace rayhistory::collector
