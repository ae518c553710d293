#include "ray/session_endpoints.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "ray/dashboard_endpoints.h"
#include "ray/endpoint_answers.h"

namespace rayhistory::collector {
namespace {

constexpr std::string_view kDatasets = "/api/data/datasets/";
constexpr std::string_view kAnyDatasets = "/api/data/datasets/<job_id>";

// KubeRay's, for what is stored once.
constexpr Nanoseconds kFirstDelay = Seconds(5);
constexpr Nanoseconds kLongestDelay = Seconds(60);
// The largest answer over a slow line. Longer would only store what the next poll replaces.
constexpr Nanoseconds kStoreTimeout = Seconds(60);
// Of the last round's ten seconds: one endpoint that hangs must leave time for the others,
constexpr Nanoseconds kLastRequestTimeout = Seconds(3);
// and the requests must leave some for storing what they brought.
constexpr int kAskingParts = 2;
constexpr int kAllParts = 3;
// After so many, the rest of the jobs waits for the next round, so that what is stored once is asked for in
// between.
constexpr Nanoseconds kDatasetsTime = Seconds(30);
// A Ray without Ray Data answers 503 for every job.
constexpr int kDatasetsFailuresInARow = 3;
// With one more answer of 32 MiB this is what is held in memory, of the 256 MiB that a sidecar has. While the
// store is away no more than this waits for it.
constexpr uint64_t kHeldLimitBytes = 8 * 1024 * 1024;
// Some 300 bytes each, one for each job that used Ray Data. What is forgotten may be stored once more,
// unchanged.
constexpr size_t kRememberedAnswers = 50'000;

using Count = std::optional<uint64_t> (*)(std::string_view body);

// How to count what an answer must not lose while Ray ends; null where it may be replaced by anything.
Count count_for(std::string_view endpoint) {
  if (endpoint == kJobsEndpoint) return count_jobs;
  if (endpoint == kNodesEndpoint) return count_alive_nodes;
  if (endpoint == kStatusEndpoint) return count_nodes_in_status;
  if (endpoint == kTrainEndpoint) return count_train_runs;
  return nullptr;
}

// Whether a Ray that is ending may say `now` where it said `before`. Of nothing nobody knows how much it was.
bool is_no_less(std::optional<uint64_t> now, std::optional<uint64_t> before) {
  return now && before && *now >= *before;
}

}  // namespace

SessionEndpoints::SessionEndpoints(SessionName session, SessionEndpointsOptions options,
                                   const DashboardClient& dashboard, DashboardHealth& health, Store& store,
                                   const ObjectKeys& keys, const Clock& clock)
    : session_(std::move(session)),
      options_(std::move(options)),
      dashboard_(dashboard),
      health_(health),
      store_(store),
      keys_(keys),
      clock_(clock),
      poll_due_(clock.steady_now()),
      first_answer_delay_(kFirstDelay) {
  for (const std::string_view endpoint : kOnceEndpoints) {
    once_.push_back({.endpoint = std::string(endpoint), .due = poll_due_, .delay = kFirstDelay});
  }
  polled_.assign(std::begin(kPolledEndpoints), std::end(kPolledEndpoints));
  polled_.insert(polled_.end(), options_.additional_endpoints.begin(), options_.additional_endpoints.end());
  // Two that differ in their outer slashes have one key, and would replace each other for ever.
  std::set<std::string> seen;
  std::erase_if(polled_, [&](const std::string& endpoint) {
    return !seen.insert(keys_.fetched_endpoint(session_, endpoint)).second;
  });
}

SteadyTime SessionEndpoints::due() const {
  SteadyTime due = poll_due_;
  for (const Once& once : once_)
    if (once.state == Once::State::wanted) due = std::min(due, once.due);
  return due;
}

void SessionEndpoints::work(const std::stop_token& stop) {
  Round round{.asking = Deadline::never(stop),
              .storing = Deadline::never(stop),
              .request_timeout = DashboardClient::kRequestTimeout};
  run(round);
}

void SessionEndpoints::work_at_shutdown(const Deadline& deadline) {
  const SteadyTime now = clock_.steady_now();
  const Nanoseconds time = deadline.remaining(now, kLastRoundTime);
  Round round{.asking = Deadline::at(now + time * kAskingParts / kAllParts, deadline.stop()),
              .storing = Deadline::at(now + time, deadline.stop()),
              .request_timeout = kLastRequestTimeout,
              .is_at_shutdown = true};
  run(round);
}

void SessionEndpoints::store_the_rest(const Deadline& deadline) {
  Round round{.asking = deadline,
              .storing = deadline,
              .request_timeout = kLastRequestTimeout,
              .is_at_shutdown = true};
  store_held(round);
}

void SessionEndpoints::run(Round& round) {
  const SteadyTime begun = clock_.steady_now();
  const bool was_refused = health_.is_refused();
  ask_once(round);
  if (round.is_at_shutdown || poll_due_ <= begun) {
    poll(round);
    set_next_poll(round, begun);
  }
  health_.end_round();
  store_held(round);
  if (was_refused && !health_.is_refused()) want_refused_again();
}

void SessionEndpoints::ask_once(Round& round) {
  for (Once& once : once_) {
    const bool is_due = round.is_at_shutdown || once.due <= clock_.steady_now();
    if (once.state != Once::State::wanted || !is_due) continue;
    if (round.goes_on) ask_for(once, round);
    once.due = clock_.steady_now() + once.delay;
    once.delay = std::min(2 * once.delay, kLongestDelay);
  }
}

void SessionEndpoints::ask_for(Once& once, Round& round) {
  DashboardAnswer answer = ask(once.endpoint, once.endpoint, round);
  if (answer.asked == Asked::answered) {
    take(once.endpoint, std::move(answer.body), std::nullopt, round);
  } else if (answer.asked == Asked::refused) {
    once.state = Once::State::refused;
    log_error("dashboard endpoint refused: it is not asked again",
              {{"endpoint", once.endpoint},
               {"error", answer.reason},
               {"advice", "give the collector Ray's RAY_AUTH_TOKEN, or RAY_ENABLE_K8S_TOKEN_AUTH=true"}});
  }
}

void SessionEndpoints::poll(Round& round) {
  bool jobs_are_known = false;
  for (const std::string& endpoint : polled_) {
    if (!round.goes_on) return;
    DashboardAnswer answer = ask(endpoint, endpoint, round);
    if (answer.asked != Asked::answered) continue;
    if (endpoint == kJobsEndpoint) {
      const auto jobs = jobs_in(answer.body);
      jobs_are_known = jobs.has_value();
      if (jobs) data_jobs_.set_listed(*jobs);
    }
    take(endpoint, std::move(answer.body), std::nullopt, round);
  }
  if (jobs_are_known) ask_for_datasets(round);
}

void SessionEndpoints::ask_for_datasets(Round& round) {
  const Deadline time = Deadline::after(clock_, kDatasetsTime);
  int failures = 0;
  const bool with_given_up = round.is_at_shutdown && !std::exchange(given_up_were_asked_, true);
  for (const JobId& job : data_jobs_.to_ask(with_given_up)) {
    if (!round.goes_on || failures >= kDatasetsFailuresInARow || time.expired(clock_.steady_now())) return;
    std::string endpoint = std::string(kDatasets) + job.str();
    data_jobs_.asked(job);
    DashboardAnswer answer = ask(endpoint, kAnyDatasets, round);
    if (answer.asked == Asked::answered) {
      failures = 0;
      take(std::move(endpoint), std::move(answer.body), job, round);
    } else {
      ++failures;
    }
  }
}

void SessionEndpoints::set_next_poll(const Round& round, SteadyTime begun) {
  const SteadyTime now = clock_.steady_now();
  if (round.any_answered) was_answered_ = true;
  if (was_answered_) {
    poll_due_ = begun + options_.poll_interval;
    // Where a round takes longer than that, the dashboard needs the rest.
    if (poll_due_ <= now) poll_due_ = now + options_.poll_interval;
  } else {
    // Ray has just begun, and may end before the interval has passed: many jobs are short.
    poll_due_ = now + std::min(first_answer_delay_, options_.poll_interval);
    first_answer_delay_ = std::min(2 * first_answer_delay_, kLongestDelay);
  }
}

void SessionEndpoints::want_refused_again() {
  for (Once& once : once_) {
    if (once.state != Once::State::refused) continue;
    once.state = Once::State::wanted;
    once.due = clock_.steady_now();
    once.delay = kFirstDelay;
  }
}

DashboardAnswer SessionEndpoints::ask(std::string_view endpoint, std::string_view told_as, Round& round) {
  DashboardAnswer answer = dashboard_.get(endpoint, round.asking, round.request_timeout);
  const bool is_of_no_run = endpoint == kTrainEndpoint && answer.asked == Asked::failed;
  if (!is_of_no_run) health_.asked(told_as, answer);
  if (answer.asked == Asked::answered) round.any_answered = true;
  if (answer.asked == Asked::unreachable || answer.asked == Asked::interrupted) round.goes_on = false;
  return answer;
}

void SessionEndpoints::take(std::string endpoint, std::string body, std::optional<JobId> job, Round& round) {
  const SessionLife life = options_.life(session_);
  if (life == SessionLife::over) {
    round.goes_on = false;
    return;
  }
  if (options_.answered) options_.answered(endpoint, body);
  const bool ray_is_ending = round.is_at_shutdown || life == SessionLife::ending;
  if (endpoint.starts_with(kDatasets) && !has_datasets(body)) {
    // Ray's statistics actor forgets; what was stored is better.
    if (job) data_jobs_.answered_empty(*job);
    return health_.kept_back();
  }
  // A Serve without applications is the truth, but when Ray ends its controller only ended first.
  if (ray_is_ending && endpoint == kServeEndpoint && !has_serve_applications(body))
    return health_.kept_back();

  const Count count_in = count_for(endpoint);
  const auto count = count_in ? count_in(body) : std::nullopt;
  const auto waiting = held_by_endpoint_.find(endpoint);
  if (ray_is_ending && count_in && waiting != held_by_endpoint_.end() &&
      !is_no_less(count, waiting->second->count))
    return health_.kept_back();

  let_go(endpoint);
  const Sha256Digest digest = sha256(body);
  const auto before = stored_.find(keys_.fetched_endpoint(session_, endpoint));
  if (before != stored_.end() && before->second.digest == digest) {
    health_.unchanged();
    return is_stored(endpoint, job);
  }
  hold({std::move(endpoint), MemoryBody(std::move(body)), digest, count, std::move(job), ray_is_ending});
  if (held_bytes_ >= kHeldLimitBytes) store_held(round);
}

void SessionEndpoints::hold(Answer answer) {
  held_bytes_ += answer.body.size();
  held_.push_back(std::move(answer));
  held_by_endpoint_.emplace(held_.back().endpoint, std::prev(held_.end()));
  health_.set_unstored(unstored());
}

// What is held of it, or was dropped, is of no use any more.
void SessionEndpoints::let_go(std::string_view endpoint) {
  if (const auto held = held_by_endpoint_.find(endpoint); held != held_by_endpoint_.end()) {
    const auto answer = held->second;
    held_by_endpoint_.erase(held);
    held_bytes_ -= answer->body.size();
    held_.erase(answer);
  }
  if (const auto dropped = dropped_.find(endpoint); dropped != dropped_.end()) dropped_.erase(dropped);
  health_.set_unstored(unstored());
}

void SessionEndpoints::store_held(Round& round) {
  const Deadline deadline =
      round.is_at_shutdown ? round.storing : Deadline::after(clock_, kStoreTimeout, round.storing.stop());
  while (!held_.empty()) {
    if (!store(held_.front(), deadline)) {
      round.goes_on = false;
      return drop_what_is_too_much();
    }
    let_go(std::string(held_.front().endpoint));
  }
}

// From the end: what came first would be missed most.
void SessionEndpoints::drop_what_is_too_much() {
  while (held_bytes_ > kHeldLimitBytes) {
    std::string endpoint = held_.back().endpoint;
    let_go(endpoint);
    dropped_.insert(std::move(endpoint));
  }
  health_.set_unstored(unstored());
}

// False: the store did not answer in time.
bool SessionEndpoints::store(const Answer& answer, const Deadline& deadline) {
  if (!bucket_is_there_) {
    const auto bucket = store_.ensure_bucket(deadline);
    if (!bucket) return false;
    bucket_is_there_ = true;
  }
  const std::string key = keys_.fetched_endpoint(session_, answer.endpoint);
  if (answer.ray_is_ending && count_for(answer.endpoint) &&
      !may_replace(key, answer.endpoint, answer.count, deadline)) {
    if (deadline.expired(clock_.steady_now())) return false;
    health_.kept_back();
    return true;
  }
  const auto put = store_.put(key, answer.body, kJsonContent, deadline);
  if (!put) {
    if (put.error().kind == ErrorKind::cancelled) return false;
    health_.refused_by_store(answer.job ? kAnyDatasets : answer.endpoint, put.error().message);
    return true;
  }
  if (stored_.size() >= kRememberedAnswers) stored_.clear();
  stored_.insert_or_assign(key, Stored{answer.digest, answer.count});
  health_.stored();
  is_stored(answer.endpoint, answer.job);
  return true;
}

bool SessionEndpoints::may_replace(const std::string& key, std::string_view endpoint,
                                   std::optional<uint64_t> count, const Deadline& deadline) {
  if (const auto known = stored_.find(key); known != stored_.end())
    return is_no_less(count, known->second.count);
  // A collector that was restarted has not seen what the one before has stored.
  const auto content = store_.get(key, 0, DashboardClient::kAnswerLimitBytes, deadline);
  if (!content) return content.error().kind == ErrorKind::not_found;
  return is_no_less(count, count_for(endpoint)(*content));
}

void SessionEndpoints::is_stored(std::string_view endpoint, const std::optional<JobId>& job) {
  if (job) data_jobs_.stored(*job);
  for (Once& once : once_) {
    if (once.endpoint != endpoint || once.state != Once::State::wanted) continue;
    once.state = Once::State::stored;
    log_info("dashboard endpoint stored", {{"endpoint", endpoint}, {"session", session_.str()}});
  }
}

}  // namespace rayhistory::collector
