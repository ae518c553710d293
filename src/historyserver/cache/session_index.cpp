#include "historyserver/cache/session_index.h"

#include <utility>

namespace rayhistory::historyserver {
namespace {

// Between two looks for sessions that are not there: a wrong link is no reason to list a bucket at each
// request.
constexpr Seconds kUnknownSessionFreshness{1};

}  // namespace

SessionIndex::SessionIndex(Store& store, std::string root, ReloadLimits limits, const Clock& clock)
    : list_(std::make_shared<ReloadedValue<SessionList>>(
          "the list of sessions", "",
          [&store, root = std::move(root)](
              const std::shared_ptr<const SessionList>&,
              const Deadline& deadline) -> Result<std::shared_ptr<const SessionList>> {
            TRY_ASSIGN(SessionList list, list_sessions(store, root, deadline));
            return std::make_shared<const SessionList>(std::move(list));
          },
          limits, thread_, clock)) {}

Result<std::optional<FoundSession>> SessionIndex::find(const SessionAddress& address) const {
  if (!address.is_latest()) {
    const std::shared_ptr<const SessionList> seen = list_->at_hand();
    if (const FoundSession* found = seen ? seen->find(address) : nullptr) return std::optional(*found);
  }
  auto list = address.is_latest() ? list_->get() : list_->get(kUnknownSessionFreshness);
  if (!list) return std::move(list).error();
  const FoundSession* found = (*list)->find(address);
  return found == nullptr ? std::nullopt : std::optional(*found);
}

SessionIndexFigures SessionIndex::figures() const {
  const std::shared_ptr<const SessionList> list = list_->at_hand();
  if (!list) return {};
  return {list->all().size(), list_->loaded_at()};
}

}  // namespace rayhistory::historyserver
