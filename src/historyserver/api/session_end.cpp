#include "historyserver/api/session_end.h"

#include <algorithm>

#include <fmt/format.h>

namespace rayhistory::historyserver {
namespace {

constexpr UnixNanoseconds kQuiet = 5LL * 60 * 1'000'000'000;
constexpr UnixNanoseconds kNanosecondsPerMillisecond = 1'000'000;

}  // namespace

std::optional<UnixNanoseconds> last_stored(const SessionListing& listing) {
  std::optional<UnixNanoseconds> newest;
  for (const ListedObject& object : listing.objects)
    newest = std::max(newest, object.object.modified_nanoseconds);
  return newest && *newest > 0 ? newest : std::nullopt;
}

bool has_ended(const SessionView& view) {
  const auto stored = last_stored(view.listing);
  return stored && view.now - *stored > kQuiet;
}

LastSeen::LastSeen(const SessionView& view) {
  if (view.state.last_seen == 0 || !has_ended(view)) return;
  member_ =
      fmt::format(R"(, "rayhistory_last_seen_ms": {})", view.state.last_seen / kNanosecondsPerMillisecond);
}

}  // namespace rayhistory::historyserver
