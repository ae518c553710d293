// The History Server: all parts wired together.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "base/result.h"
#include "historyserver/app/serving_settings.h"
#include "historyserver/live/kubernetes_access.h"
#include "store/metered_store.h"
#include "store/store.h"

namespace rayhistory::historyserver {

class HistoryServer {
 public:
  // Serves when this returns. `store` counts its calls by `meter`. Without `kubernetes` what is stored is all
  // there is. `invalid`: the settings cannot work; `exists`: the port is taken.
  static Result<std::unique_ptr<HistoryServer>> start(const ServingSettings& settings,
                                                      std::unique_ptr<Store> store,
                                                      std::shared_ptr<StoreMeter> meter,
                                                      std::optional<KubernetesAccess> kubernetes);
  // Stops.
  ~HistoryServer();

  // Answers under way have a short time to get to their end.
  void stop();
  uint16_t port() const;

 private:
  class State;
  explicit HistoryServer(std::unique_ptr<State> state);
  const std::unique_ptr<State> state_;
};

}  // namespace rayhistory::historyserver
