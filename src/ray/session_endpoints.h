// What the dashboard says of one session, kept in the store: each answer byte for byte under its endpoint's
// key, the latest in place of the one before. Which endpoints, how often, and which answer may not replace
// which are KubeRay's rules (historyserver/, poll.go and endpoint_fetch_once.go), and two more:
//
//   - /api/jobs/, /nodes, /api/cluster_status and /api/train/v2/runs/v1 are stored too, because no event
//     carries what they say;
//   - of these, an answer from a Ray that is ending never replaces one with more jobs, nodes or runs.
//
// Everything that is remembered is this session's: a new session gets a new object.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/digest.h"
#include "http/body.h"
#include "layout/ids.h"
#include "layout/object_key.h"
#include "ray/dashboard_client.h"
#include "ray/dashboard_health.h"
#include "ray/data_jobs.h"
#include "ray/session_life.h"
#include "store/store.h"

namespace rayhistory::collector {

struct SessionEndpointsOptions {
  Nanoseconds poll_interval = Seconds(30);
  std::vector<std::string> additional_endpoints = {};  // each begins with '/'
  // Looked at after each answer: from whom it came.
  std::function<SessionLife(const SessionName&)> life;
  // May be empty. Sees each answer of the session's own dashboard, stored or not.
  std::function<void(std::string_view endpoint, std::string_view body)> answered = {};
};

// Blocks in requests to the dashboard and the store. One thread at a time.
class SessionEndpoints {
 public:
  // All references must outlive it. `store` retries by itself.
  SessionEndpoints(SessionName session, SessionEndpointsOptions options, const DashboardClient& dashboard,
                   DashboardHealth& health, Store& store, const ObjectKeys& keys, const Clock& clock);

  const SessionName& session() const { return session_; }
  // When the next request is due.
  SteadyTime due() const;
  // One round: asks what is due, and stores the answers. Gives up at once when stopped.
  void work(const std::stop_token& stop);
  // A round at shutdown, whatever is due: kLastRoundTime at the most, less where the deadline is nearer. More
  // of them may follow while Ray drains.
  void work_at_shutdown(const Deadline& deadline);
  // Waits for a store that is away, until the deadline.
  void store_the_rest(const Deadline& deadline);

  // Endpoints whose latest answer the store does not have yet.
  uint64_t unstored() const { return held_.size() + dropped_.size(); }

  static constexpr Nanoseconds kLastRoundTime = Seconds(10);

 private:
  // An endpoint that is stored once.
  struct Once {
    enum class State { wanted, stored, refused };

    std::string endpoint;
    State state = State::wanted;
    SteadyTime due;
    Nanoseconds delay;
  };
  struct Answer {
    std::string endpoint;
    MemoryBody body;
    Sha256Digest digest;
    std::optional<uint64_t> count;  // of jobs, nodes or runs; nothing where the answer told none
    std::optional<JobId> job;       // of a datasets answer
    bool ray_is_ending;
  };
  // What is in the store, as this object put it there.
  struct Stored {
    Sha256Digest digest;
    std::optional<uint64_t> count;
  };
  struct Round {
    Deadline asking;
    Deadline storing;
    Nanoseconds request_timeout;
    bool is_at_shutdown = false;
    bool any_answered = false;
    bool goes_on = true;  // false: nothing that is left to do in it makes sense
  };

  void run(Round& round);
  void ask_once(Round& round);
  void ask_for(Once& once, Round& round);
  void poll(Round& round);
  void ask_for_datasets(Round& round);
  void set_next_poll(const Round& round, SteadyTime begun);
  void want_refused_again();

  DashboardAnswer ask(std::string_view endpoint, std::string_view told_as, Round& round);
  void take(std::string endpoint, std::string body, std::optional<JobId> job, Round& round);
  void hold(Answer answer);
  void let_go(std::string_view endpoint);
  void store_held(Round& round);
  void drop_what_is_too_much();
  bool store(const Answer& answer, const Deadline& deadline);
  bool may_replace(const std::string& key, std::string_view endpoint, std::optional<uint64_t> count,
                   const Deadline& deadline);
  void is_stored(std::string_view endpoint, const std::optional<JobId>& job);

  const SessionName session_;
  const SessionEndpointsOptions options_;
  const DashboardClient& dashboard_;
  DashboardHealth& health_;
  Store& store_;
  const ObjectKeys& keys_;
  const Clock& clock_;

  std::vector<Once> once_;
  std::vector<std::string> polled_;
  SteadyTime poll_due_;
  Nanoseconds first_answer_delay_;  // between rounds until the dashboard has answered
  bool was_answered_ = false;
  DataJobs data_jobs_;
  std::map<std::string, Stored> stored_;  // by key
  bool given_up_were_asked_ = false;      // at shutdown
  // Answers that are to be stored, in the order in which they came. All of a round are asked for before the
  // first is stored, because a dashboard that is about to end waits for no store; and what the store did not
  // take waits here for the next round, unless a newer answer comes.
  std::list<Answer> held_;
  std::unordered_map<std::string_view, std::list<Answer>::iterator> held_by_endpoint_;
  uint64_t held_bytes_ = 0;
  // Endpoints of which an answer could neither be stored nor held, until the next one comes.
  std::set<std::string, std::less<>> dropped_;
  bool bucket_is_there_ = false;
};

}  // namespace rayhistory::collector
