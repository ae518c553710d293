// Posts events as Ray's aggregator does, over one connection, the next batch as soon as the last is answered,
// and says how that went as one line of JSON. A load for measuring: it makes its events once and then only
// changes their IDs, so that it costs little beside what it measures.
//
//   event_load --port 8084 --session session_… [--batch 1000] [--event-bytes 1000] [--jobs 1]
//              (--events N | --seconds S)
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <fmt/format.h>

namespace {

using SteadyClock = std::chrono::steady_clock;

// Ray's aggregator waits 0.1 s after its first failure (aggregator_agent's backoff).
constexpr auto kPauseAfterRefusal = std::chrono::milliseconds(100);
constexpr size_t kIdDigits = 16;

struct Options {
  uint16_t port = 0;
  std::string session;
  uint64_t batch = 1000;
  uint64_t event_bytes = 1000;
  uint64_t jobs = 1;
  uint64_t events = 0;  // 0: for `seconds`
  uint64_t seconds = 0;
};

[[noreturn]] void fail(const std::string& why) {
  fmt::print(stderr, "event_load: {}\n", why);
  std::exit(2);
}

uint64_t number_of(std::string_view name, std::string_view text) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size())
    fail(fmt::format("{} wants a number, not '{}'", name, text));
  return number;
}

Options read_options(int count, char** arguments) {
  Options options;
  for (int i = 1; i + 1 < count; i += 2) {
    const std::string_view name = arguments[i];
    const std::string_view value = arguments[i + 1];
    if (name == "--session") {
      options.session = value;
    } else if (name == "--port") {
      options.port = static_cast<uint16_t>(number_of(name, value));
    } else if (name == "--batch") {
      options.batch = number_of(name, value);
    } else if (name == "--event-bytes") {
      options.event_bytes = number_of(name, value);
    } else if (name == "--jobs") {
      options.jobs = number_of(name, value);
    } else if (name == "--events") {
      options.events = number_of(name, value);
    } else if (name == "--seconds") {
      options.seconds = number_of(name, value);
    } else {
      fail(fmt::format("there is no {}", name));
    }
  }
  if (options.port == 0 || options.session.empty() || options.batch == 0 || options.jobs == 0 ||
      (options.events == 0) == (options.seconds == 0))
    fail("--port, --session and either --events or --seconds are needed");
  return options;
}

// A task's lifecycle event with Ray 2.60's fields, of `bytes` bytes (or somewhat more, where that is too
// few).
std::string event_of(const Options& options, uint64_t job) {
  // Four bytes, little endian, in base64: for jobs below 65,536 the last two are 0.
  constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const uint64_t bits = ((job & 0xff) << 16) | ((job & 0xff00));
  std::string job_id;
  for (const int shift : {18, 12, 6, 0})
    job_id += kBase64[(bits >> shift) & 63];
  job_id += "AA==";
  const auto with_message = [&](size_t length) {
    return fmt::format(
        R"({{"eventId": "{}", "sourceType": "CORE_WORKER", "eventType": "TASK_LIFECYCLE_EVENT", )"
        R"("timestamp": "2026-11-23T02:27:23.084135183Z", "severity": "INFO", "sessionName": "{}", )"
        R"("taskLifecycleEvent": {{"taskId": "Z6dLqAnOjy7///////////////8BAAAA", "taskAttempt": 0, )"
        R"("stateTransitions": [{{"state": "PENDING_ARGS_AVAIL", "timestamp": "2026-11-23T02:27:25.612345678Z"}}, )"
        R"({{"state": "RUNNING", "timestamp": "2026-11-23T02:27:25.712345678Z"}}, )"
        R"({{"state": "FINISHED", "timestamp": "2026-11-23T02:27:26.012345678Z"}}], "workerPid": 14711, )"
        R"("workerId": "nXVwV8UXl2B5iSfQyWcyVJvNS7sNYDKkg1n0Hg==", "jobId": "{}"}}, )"
        R"("nodeId": "ZcpNIA7mUM3ZJwWqq+POy8YYNNH+u2Hb+vj30w==", "message": "{}"}})",
        std::string(24 + kIdDigits, 'I'), options.session, job_id, std::string(length, 'm'));
  };
  const size_t least = with_message(0).size();
  return with_message(options.event_bytes > least ? options.event_bytes - least : 0);
}

class Batch {
 public:
  explicit Batch(const Options& options) {
    body_ = "[";
    for (uint64_t i = 0; i < options.batch; ++i) {
      if (i > 0) body_ += ", ";
      const std::string event = event_of(options, 1 + i % options.jobs);
      ids_.push_back(body_.size() + event.find("III"));
      body_ += event;
    }
    body_ += "]";
    head_ = fmt::format(
        "POST /v1/events HTTP/1.1\r\nHost: localhost:{}\r\nAccept: */*\r\nContent-Type: application/json\r\n"
        "Content-Length: {}\r\n\r\n",
        options.port, body_.size());
    // No two runs send the same IDs.
    run_ = fmt::format("{:024x}", std::random_device{}());
  }

  const std::string& head() const { return head_; }
  const std::string& body() const { return body_; }
  uint64_t events() const { return ids_.size(); }

  void renew() {
    for (const size_t at : ids_) {
      std::memcpy(body_.data() + at, run_.data(), run_.size());
      uint64_t number = next_++;
      for (size_t digit = kIdDigits; digit-- > 0; number /= 10)
        body_[at + run_.size() + digit] = static_cast<char>('0' + number % 10);
    }
  }

 private:
  std::string head_;
  std::string body_;
  std::string run_;
  std::vector<size_t> ids_;
  uint64_t next_ = 0;
};

class Connection {
 public:
  explicit Connection(uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (socket_ < 0 || ::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0)
      fail(fmt::format("connecting to port {}: {}", port, std::strerror(errno)));
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  }
  ~Connection() { ::close(socket_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // The status of the answer.
  int post(const Batch& batch) {
    send(batch.head());
    send(batch.body());
    answer_.clear();
    for (;;) {
      const size_t end = answer_.find("\r\n\r\n");
      if (end != std::string::npos && answer_.size() >= end + 4 + content_length(end)) break;
      char piece[4096];
      const ssize_t got = ::recv(socket_, piece, sizeof(piece), 0);
      if (got <= 0) fail("the collector closed the connection");
      answer_.append(piece, static_cast<size_t>(got));
    }
    return static_cast<int>(number_of("a status", std::string_view(answer_).substr(9, 3)));
  }

 private:
  void send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent < 0) fail(fmt::format("sending: {}", std::strerror(errno)));
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
  }

  size_t content_length(size_t head_end) const {
    const std::string_view head = std::string_view(answer_).substr(0, head_end);
    constexpr std::string_view kName = "Content-Length: ";
    const size_t at = head.find(kName);
    if (at == std::string_view::npos) return 0;
    const std::string_view rest = head.substr(at + kName.size());
    return number_of("Content-Length", rest.substr(0, rest.find('\r')));
  }

  int socket_;
  std::string answer_;
};

double percentile(const std::vector<double>& sorted, double share) {
  if (sorted.empty()) return 0;
  return sorted[std::min(sorted.size() - 1, static_cast<size_t>(share * static_cast<double>(sorted.size())))];
}

int run(const Options& options) {
  Batch batch(options);
  Connection connection(options.port);
  std::vector<double> answers_ms;
  std::map<int, uint64_t> refused;
  uint64_t events = 0;
  const SteadyClock::time_point begin = SteadyClock::now();
  const auto seconds = [&] { return std::chrono::duration<double>(SteadyClock::now() - begin).count(); };
  const auto is_over = [&] {
    return options.events > 0 ? events >= options.events : seconds() >= static_cast<double>(options.seconds);
  };
  while (!is_over()) {
    batch.renew();
    for (;;) {
      const SteadyClock::time_point sent = SteadyClock::now();
      const int status = connection.post(batch);
      answers_ms.push_back(std::chrono::duration<double, std::milli>(SteadyClock::now() - sent).count());
      if (status == 200) break;
      ++refused[status];
      if (is_over()) break;
      std::this_thread::sleep_for(kPauseAfterRefusal);
    }
    events += batch.events();
  }
  const double took = seconds();
  std::sort(answers_ms.begin(), answers_ms.end());
  std::string refusals;
  for (const auto& [status, count] : refused)
    refusals += fmt::format("{}\"{}\": {}", refusals.empty() ? "" : ", ", status, count);
  fmt::print(
      R"({{"events": {}, "answers": {}, "seconds": {:.6f}, "refused": {{{}}}, "answer_ms": {{"p50": {:.3f}, "p99": {:.3f}, "max": {:.3f}}}}})"
      "\n",
      events, answers_ms.size(), took, refusals, percentile(answers_ms, 0.5), percentile(answers_ms, 0.99),
      answers_ms.empty() ? 0 : answers_ms.back());
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  return run(read_options(count, arguments));
}
