// The store that the settings name, as store/open/open_store.h takes it.
#pragma once

#include "settings/storage_settings.h"
#include "store/open/open_store.h"

namespace rayhistory {

StoreOptions store_options(const StorageSettings& settings, const NetworkSettings& network);

}  // namespace rayhistory
