#include "ray/event_silence.h"

#include <array>
#include <charconv>
#include <utility>

#include "base/duration.h"
#include "base/log.h"
#include "ray/dashboard_endpoints.h"
#include "ray/endpoint_answers.h"

namespace rayhistory::collector {
namespace {

// Ray's processes send events once a second. Ray's GCS tries for 30 s to reach the agent that posts them (ray
// 2.60, rpc/metrics_agent_client.h).
constexpr Nanoseconds kPatience = Seconds(60);
// The first Ray that takes ALL for every type (dashboard/modules/aggregator/publisher).
constexpr std::array<int, 2> kFirstWithAll = {2, 54};

// {2, 53} of "2.53.0"; nothing of any other form.
std::optional<std::array<int, 2>> major_and_minor(std::string_view version) {
  std::array<int, 2> numbers{};
  const char* const end = version.data() + version.size();
  const auto major = std::from_chars(version.data(), end, numbers[0]);
  if (major.ec != std::errc{} || major.ptr == end || *major.ptr != '.') return std::nullopt;
  const auto minor = std::from_chars(major.ptr + 1, end, numbers[1]);
  if (minor.ec != std::errc{}) return std::nullopt;
  return numbers;
}

std::string_view advice_for(std::string_view ray_version) {
  const auto version = major_and_minor(ray_version);
  if (version && *version < kFirstWithAll) {
    return "this Ray does not know RAY_DASHBOARD_AGGREGATOR_AGENT_EXPOSABLE_EVENT_TYPES=ALL and sends no "
           "event then: list the types by name in the Ray container's variables, as docs/compatibility.md "
           "does, or use Ray 2.54 or newer; if they are listed already, set RAY_enable_ray_event and its two "
           "companions (docs/troubleshooting.md, Nothing arrives)";
  }
  return "set RAY_enable_ray_event=true and its three companions in the Ray container of every node, with "
         "RAY_DASHBOARD_AGGREGATOR_AGENT_EVENTS_EXPORT_ADDR leading to this collector's EVENTS_PORT "
         "(docs/troubleshooting.md, Nothing arrives)";
}

}  // namespace

EventSilence::EventSilence(const Clock& clock, std::function<uint64_t()> batches)
    : clock_(clock), batches_(std::move(batches)), started_(clock.unix_nanoseconds()) {}

void EventSilence::note(std::string_view endpoint, std::string_view body) {
  if (endpoint == kMetadataEndpoint) ray_version_ = ray_version_in(body);
  if (endpoint != kJobsEndpoint || batches_() > 0) return;
  const SteadyTime now = clock_.steady_now();
  if (!job_seen_) {
    if (has_new_job(body)) job_seen_ = now;
  } else if (now - *job_seen_ >= kPatience && pace_.due(now)) {
    tell(now);
  }
}

bool EventSilence::has_new_job(std::string_view body) const {
  const auto newest = newest_job_start(body);
  return newest && Milliseconds(*newest) >= Nanoseconds(started_);
}

void EventSilence::tell(SteadyTime now) {
  log_warning(
      "Ray runs jobs and has posted no event: the history of this session will have no tasks, actors, "
      "jobs and nodes",
      {{"since", format_duration(std::chrono::floor<Seconds>(now - *job_seen_))},
       {"ray_version", ray_version_.empty() ? "unknown" : ray_version_},
       {"advice", advice_for(ray_version_)}});
}

}  // namespace rayhistory::collector
