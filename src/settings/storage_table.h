// The settings of storage_settings.h, as every program that opens a store takes them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "settings/read_settings.h"
#include "settings/setting.h"
#include "settings/storage_settings.h"

namespace rayhistory {

// Settings while they are put together: those that can fail fatally still as text.
struct StorageDraft {
  std::string backend;
  std::string config_path;
  StorageSettings storage;
  NetworkSettings network;
};

// Which store, and where in it. `what_for` is the help of --storage-backend.
void add_storage_place(SettingsTable& table, StorageDraft& draft, std::string_view what_for);
// Of each kind of store.
void add_storage_backends(SettingsTable& table, StorageDraft& draft);
// Proxies and certificate authorities.
void add_network(SettingsTable& table, StorageDraft& draft);

// After the table was read: `draft.storage` and `draft.network` are whole unless something was added to
// `errors`.
void complete_storage(StorageDraft& draft, const Environment& environment, std::vector<std::string>& errors);

}  // namespace rayhistory
