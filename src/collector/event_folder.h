// Where the event journals lie: as a rule in Ray's folder, which jobs can write.
#pragma once

#include <string>

#include "base/shared_tree.h"

namespace rayhistory::collector {

// `data_folder` is the operator's (--event-data-dir). Below Ray's folder it is reached from that folder's
// root, across a volume that the operator has mounted on the way; elsewhere it is a tree of its own. Looks at
// the disk once.
SharedPath event_folder(const SharedPath& ray_root, const std::string& data_folder);

}  // namespace rayhistory::collector
