// One step of mirroring, carried out: what a Task of the ledger says is done with the file and the store.
#pragma once

#include <functional>

#include "base/clock.h"
#include "shipper/task.h"
#include "store/store.h"

namespace rayhistory::collector {

// Blocks until done or the deadline. Any thread; no state. `found` takes each object that list_prefix shows.
TaskResult perform(const Task& task, Store& store, const std::function<void(ListedObject)>& found,
                   const Deadline& deadline);

}  // namespace rayhistory::collector
