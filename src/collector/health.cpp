#include "collector/health.h"

#include <string_view>
#include <utility>

#include "base/duration.h"
#include "base/shared_path.h"

namespace rayhistory::collector {
namespace {

// A block: a disk that is full may still have room for less.
constexpr size_t kProbeBytes = 4096;

// Recovery takes *.tmp for a torn write and removes it, should we end in between.
Result<void> try_to_write(const SharedPath& folder) {
  const SharedPath path = folder / "probe.tmp";
  TRY(make_folders(folder));
  TRY(remove_file(path));
  TRY_ASSIGN(File file, create_new(path));
  const std::string block(kProbeBytes, '\n');
  const std::string_view piece = block;
  Result<void> written = file.write_at(0, {&piece, 1});
  Result<void> removed = remove_file(path);
  return written ? std::move(removed) : std::move(written);
}

Result<void> turned_lately(std::string_view what, SteadyTime last, SteadyTime now, Seconds limit) {
  if (now - last <= limit) return {};
  return Error{ErrorKind::retry, std::string(what) + " has stood still for " +
                                     format_duration(std::chrono::floor<Seconds>(now - last))};
}

}  // namespace

Health::Health(Sources sources, const Clock& clock)
    : sources_(std::move(sources)), clock_(clock), last_tick_(clock.steady_now()) {
  probe();
}

void Health::tick() {
  last_tick_ = clock_.steady_now();
  if (clock_.steady_now() - last_probe_ >= kProbeInterval) probe();
}

void Health::probe() {
  last_probe_ = clock_.steady_now();
  if (sources_.journal_folder.is_nowhere()) return;
  Result<void> probed = try_to_write(sources_.journal_folder);
  if (!probed) probed = std::move(probed).error().in("events cannot be written");
  const std::lock_guard lock(mutex_);
  probed_ = std::move(probed);
}

Result<void> Health::alive() const {
  if (is_stopping_) return {};
  const SteadyTime now = clock_.steady_now();
  if (sources_.event_loop_turn)
    TRY(turned_lately("the event server", sources_.event_loop_turn(), now, kEventLoopLimit));
  return turned_lately("the ticker", last_tick_, now, kTickerLimit);
}

Result<void> Health::ready() const {
  TRY(alive());
  const std::lock_guard lock(mutex_);
  return probed_;
}

}  // namespace rayhistory::collector
