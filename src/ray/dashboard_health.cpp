#include "ray/dashboard_health.h"

#include <utility>

#include "base/duration.h"
#include "base/log.h"

namespace rayhistory::collector {
namespace {

// A collector starts before Ray's dashboard does, and outlives it by seconds.
constexpr Nanoseconds kPatience = Seconds(10);
// One failure is nothing to tell: a dashboard that starts or ends answers 500 to this and that.
constexpr int kFailuresToTell = 2;

}  // namespace

void DashboardHealth::asked(std::string_view endpoint, const DashboardAnswer& answer) {
  switch (answer.asked) {
    case Asked::answered:
      ++answered_;
      break;
    case Asked::refused:
    case Asked::no_token:
      ++refused_;
      break;
    case Asked::failed:
    case Asked::no_answer:
      ++failed_;
      break;
    case Asked::unreachable:
      ++unreachable_;
      break;
    case Asked::interrupted:
      return;
  }
  round_.insert_or_assign(std::string(endpoint), Ending{answer.asked, answer.reason});
}

void DashboardHealth::end_round() {
  const auto round = std::exchange(round_, {});
  if (round.empty()) return;
  const auto find = [&round](auto... kinds) -> const Ending* {
    for (const auto& [endpoint, ending] : round)
      if (((ending.asked == kinds) || ...)) return &ending;
    return nullptr;
  };

  const Ending* const silence = find(Asked::unreachable, Asked::no_answer);
  if (silence && !find(Asked::answered, Asked::refused, Asked::failed)) return not_reached(silence->reason);
  if (!find(Asked::no_token)) reached();
  const bool any_answered = find(Asked::answered);
  if (any_answered) {
    accepted();
  } else if (const Ending* const refusal = find(Asked::refused, Asked::no_token)) {
    return not_accepted(refusal->reason);
  }

  for (const auto& [endpoint, ending] : round) {
    if (ending.asked == Asked::answered) {
      out_of_trouble(endpoint);
    } else {
      in_trouble(endpoint, ending.reason);
    }
  }
}

void DashboardHealth::refused_by_store(std::string_view endpoint, const std::string& reason) {
  if (!refused_by_store_.emplace(endpoint).second) return;
  log_error("dashboard endpoint cannot be stored", {{"endpoint", endpoint}, {"error", reason}});
}

DashboardTotals DashboardHealth::totals() const {
  return {.answered = answered_,
          .refused = refused_,
          .failed = failed_,
          .unreachable = unreachable_,
          .stored = stored_,
          .unchanged = unchanged_,
          .kept_back = kept_back_,
          .unstored = unstored_};
}

void DashboardHealth::reached() {
  if (!std::exchange(is_away_, false) || !is_away_told_) return;
  const Nanoseconds away = clock_.steady_now() - away_since_;
  log_info("dashboard reachable again", {{"after", format_duration(std::chrono::floor<Milliseconds>(away))}});
}

void DashboardHealth::not_reached(const std::string& reason) {
  if (!std::exchange(is_away_, true)) {
    is_away_told_ = false;
    away_since_ = clock_.steady_now();
  }
  if (is_away_told_ || clock_.steady_now() - away_since_ < kPatience) return;
  is_away_told_ = true;
  log_warning("dashboard unreachable: asking again until it answers",
              {{"error", reason},
               {"advice", "see whether Ray's head runs; RAY_DASHBOARD_ADDRESS says where it listens"}});
}

void DashboardHealth::accepted() {
  if (std::exchange(is_refused_, false)) log_info("dashboard answers the collector again");
}

void DashboardHealth::not_accepted(const std::string& reason) {
  if (std::exchange(is_refused_, true)) return;
  log_error("dashboard refuses the collector: nothing it says is stored until it takes the token",
            {{"error", reason},
             {"advice", "give the collector Ray's RAY_AUTH_TOKEN, or RAY_ENABLE_K8S_TOKEN_AUTH=true"}});
}

void DashboardHealth::in_trouble(const std::string& endpoint, const std::string& reason) {
  Trouble& trouble = troubles_[endpoint];
  ++trouble.in_a_row;
  if (trouble.is_told || trouble.in_a_row < kFailuresToTell) return;
  trouble.is_told = true;
  log_warning("dashboard endpoint not stored", {{"endpoint", endpoint}, {"error", reason}});
}

void DashboardHealth::out_of_trouble(const std::string& endpoint) {
  const auto trouble = troubles_.find(endpoint);
  if (trouble == troubles_.end()) return;
  if (trouble->second.is_told) log_info("dashboard endpoint answers again", {{"endpoint", endpoint}});
  troubles_.erase(trouble);
}

}  // namespace rayhistory::collector
