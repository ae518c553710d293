// The program: settings in, exit status out.
//
//   0  everything was stored
//   1  could not start (the events port is taken, ...), --check found something wrong, or --snapshot failed
//   2  the settings cannot work
//   3  the drain ended at --shutdown-timeout with something left
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/duration.h"
#include "base/log.h"
#include "base/process.h"
#include "collector/collector.h"
#include "collector/settings.h"
#include "collector/store_check.h"
#include "http/curl_client.h"
#include "ray/dashboard_client.h"
#include "ray/snapshot.h"
#include "settings/store_of_settings.h"
#include "store/retrying_store.h"

namespace rayhistory::collector {
namespace {

enum ExitStatus { kStored = 0, kStartFailed = 1, kWrongSettings = 2, kDrainIncomplete = 3 };

// What kubectl describe shows of a container that has ended (terminationMessagePath's default).
constexpr const char* kTerminationMessagePath = "/dev/termination-log";

// glibc keeps an arena for each core of the host, 128 MiB of address space each, and grows them all. Two are
// enough for threads that mostly wait, and keep a 256 MiB container's memory in one place.
constexpr int kMemoryArenas = 2;
// Blocks of this size go back to the system when they are freed: request bodies and gzip buffers.
constexpr int kLargeBlockBytes = 128 * 1024;

void write_termination_message(const std::string& message) {
  // Only where Kubernetes has made the file.
  const int descriptor = ::open(kTerminationMessagePath, O_WRONLY | O_TRUNC | O_CLOEXEC);
  if (descriptor < 0) return;
  if (::write(descriptor, message.data(), message.size()) < 0)
    log_debug("termination message not written", {{"path", kTerminationMessagePath}});
  ::close(descriptor);
}

int end_with_error(ExitStatus status, const std::string& message) {
  log_error("cannot start", {{"error", message}});
  write_termination_message(message + "\n");
  return status;
}

int report(const Leftover& left, const Settings& settings) {
  if (left.empty()) {
    log_info("everything is stored");
    return kStored;
  }
  log_error("shutdown timeout reached with something left; the next start on this volume carries on",
            {{"files", left.backlog.files},
             {"bytes", left.backlog.bytes},
             {"oldest", format_duration(left.backlog.oldest)},
             {"oldest_key", left.backlog.oldest_key},
             {"dashboard_answers", left.dashboard_answers},
             {"marker_missing", left.marker_missing ? "true" : "false"},
             {"shutdown_timeout", format_duration(settings.program.shutdown_timeout)}});
  write_termination_message("not stored at shutdown: " + std::to_string(left.backlog.files) + " files, " +
                            std::to_string(left.backlog.bytes) + " bytes, the oldest waiting for " +
                            format_duration(left.backlog.oldest) + "; " +
                            std::to_string(left.dashboard_answers) + " answers of the dashboard\n");
  return kDrainIncomplete;
}

int refuse(const std::vector<std::string>& errors) {
  std::string message;
  for (const std::string& error : errors) {
    std::fprintf(stderr, "collector: %s\n", error.c_str());
    message += error + "\n";
  }
  std::fprintf(stderr, "collector: see --help\n");
  write_termination_message(message);
  return kWrongSettings;
}

// For the whole of --check: longer than any single stall, short enough for somebody who waits for it.
constexpr Nanoseconds kCheckTimeout = Seconds(60);

int check(const Settings& settings) {
  auto store = open_store_without_retries(store_options(settings.storage, settings.network), system_clock());
  if (!store) {
    std::fprintf(stderr, "collector: %s\n", store.error().message.c_str());
    return kWrongSettings;
  }
  const Deadline deadline = Deadline::after(system_clock(), kCheckTimeout);
  const bool works = check_store(*std::move(store), {settings.storage.root, settings.cluster}, system_clock(),
                                 deadline, stdout);
  return works ? kStored : kStartFailed;
}

// A store that fails now and then is no broken one.
constexpr int kSnapshotTries = 4;
// For the whole of --snapshot: some of ten answers of 30 s each, and a store that is slow.
constexpr Nanoseconds kSnapshotTimeout = Seconds(300);

int take_snapshot(const Settings& settings) {
  const Clock& clock = system_clock();
  auto store = open_store_without_retries(store_options(settings.storage, settings.network), clock);
  if (!store) {
    std::fprintf(stderr, "collector: %s\n", store.error().message.c_str());
    return kWrongSettings;
  }
  CurlClient http(clock, settings.network.client);
  const DashboardClient dashboard(
      settings.dashboard.address, [auth = settings.dashboard.auth] { return read_auth_token(auth); }, http,
      clock);
  const ObjectKeys keys(settings.storage.root, settings.cluster);
  RetryingStore retrying(*std::move(store), clock, {},
                         {.waits_for_operator = false, .tries = kSnapshotTries});
  const auto session = store_snapshot(dashboard, retrying, keys, settings.dashboard.additional_endpoints,
                                      Deadline::after(clock, kSnapshotTimeout), stdout);
  if (!session) {
    std::fprintf(stderr, "collector: no snapshot: %s\n", session.error().message.c_str());
    return kStartFailed;
  }
  std::printf("snapshot of %s\n", session->str().c_str());
  return kStored;
}

int run(const Settings& settings) {
  auto collector = Collector::start(settings);
  if (!collector) {
    const bool is_wrong = collector.error().kind == ErrorKind::invalid;
    return end_with_error(is_wrong ? kWrongSettings : kStartFailed, collector.error().message);
  }
  wait_for_stop_signal();
  return report((*collector)->drain(), settings);
}

int run_program(const std::vector<std::string>& arguments) {
  const ParsedSettings parsed = parse_settings(arguments, process_environment());
  if (parsed.action == ParsedSettings::Action::help) {
    std::fputs(help_text().c_str(), stdout);
    return kStored;
  }
  if (parsed.action == ParsedSettings::Action::version) {
    std::puts("collector " RAYHISTORY_VERSION);
    return kStored;
  }
  if (!parsed.errors.empty()) return refuse(parsed.errors);

  const Settings& settings = *parsed.settings;
  configure_log(settings.program.log_level, settings.program.log_format);
  if (parsed.action == ParsedSettings::Action::check) return check(settings);
  if (parsed.action == ParsedSettings::Action::snapshot) return take_snapshot(settings);
  log_info("collector " RAYHISTORY_VERSION, {{"settings", parsed.summary}});
  for (const std::string& warning : parsed.warnings)
    log_warning(warning);
  return run(settings);
}

}  // namespace
}  // namespace rayhistory::collector

int main(int argc, char** argv) {
  rayhistory::prepare_process(
      {rayhistory::collector::kMemoryArenas, rayhistory::collector::kLargeBlockBytes});
  return rayhistory::collector::run_program(std::vector<std::string>(argv + 1, argv + argc));
}
