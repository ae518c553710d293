// The program: settings in, exit status out.
//
//   0  stopped by SIGTERM or SIGINT
//   1  could not start: the port is taken, ...
//   2  the settings cannot work
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/process.h"
#include "historyserver/app/history_server.h"
#include "historyserver/app/settings.h"
#include "historyserver/live/kubernetes_access.h"
#include "settings/store_of_settings.h"
#include "store/metered_store.h"
#include "store/open/open_store.h"

namespace rayhistory::historyserver {
namespace {

enum ExitStatus { kStopped = 0, kStartFailed = 1, kWrongSettings = 2 };

// glibc keeps an arena for each core of the host and each grows to the largest answer that was made in it. A
// few are enough for as many threads as compute at the same time, and keep memory in one place.
constexpr int kMemoryArenas = 4;
// Blocks of this size go back to the system when they are freed: answers, and the columns of a state. Without
// it glibc keeps ever larger ones. Pieces of what is read are smaller, and come again and again.
constexpr int kLargeBlockBytes = 8 * 1024 * 1024;

int end_with_error(const Error& error) {
  log_error("cannot start", {{"error", error.message}});
  return error.kind == ErrorKind::invalid ? kWrongSettings : kStartFailed;
}

int run(const HistorySettings& settings) {
  StoreOptions options = store_options(settings.storage, settings.network);
  options.local_folder_use = FolderUse::read;
  auto opened = open_store_without_retries(options, system_clock());
  if (!opened) return end_with_error(opened.error());
  Result<std::optional<KubernetesAccess>> kubernetes = std::optional<KubernetesAccess>();
  if (settings.serving.live_clusters)
    kubernetes = find_kubernetes(settings.kubernetes, settings.network.client);
  if (!kubernetes) return end_with_error(kubernetes.error());
  const auto meter = std::make_shared<StoreMeter>(system_clock());
  auto store = std::make_unique<MeteredStore>(*std::move(opened), meter);
  auto server = HistoryServer::start(settings.serving, std::move(store), meter, *std::move(kubernetes));
  if (!server) return end_with_error(server.error());
  wait_for_stop_signal();
  (*server)->stop();
  return kStopped;
}

int run_program(const std::vector<std::string>& arguments) {
  const ParsedHistorySettings parsed = parse_history_settings(arguments, process_environment());
  if (parsed.action == ProgramAction::help) {
    std::fputs(history_help_text().c_str(), stdout);
    return kStopped;
  }
  if (parsed.action == ProgramAction::version) {
    std::puts("historyserver " RAYHISTORY_VERSION);
    return kStopped;
  }
  if (!parsed.errors.empty()) {
    for (const std::string& error : parsed.errors)
      std::fprintf(stderr, "historyserver: %s\n", error.c_str());
    std::fprintf(stderr, "historyserver: see --help\n");
    return kWrongSettings;
  }
  configure_log(parsed.settings->log_level, parsed.settings->log_format);
  log_info("historyserver " RAYHISTORY_VERSION, {{"settings", parsed.summary}});
  for (const std::string& warning : parsed.warnings)
    log_warning(warning);
  return run(*parsed.settings);
}

}  // namespace
}  // namespace rayhistory::historyserver

int main(int argc, char** argv) {
  rayhistory::prepare_process(
      {rayhistory::historyserver::kMemoryArenas, rayhistory::historyserver::kLargeBlockBytes});
  return rayhistory::historyserver::run_program(std::vector<std::string>(argv + 1, argv + argc));
}
