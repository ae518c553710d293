#include "base/process.h"

#include <signal.h>

#include <malloc.h>
#include <pthread.h>

#include "base/log.h"

namespace rayhistory {
namespace {

// Blocked in every thread, so that wait_for_stop_signal is where they arrive.
sigset_t stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

}  // namespace

void prepare_process(const HeapSettings& heap) {
  mallopt(M_ARENA_MAX, heap.arenas);
  mallopt(M_MMAP_THRESHOLD, heap.large_block_bytes);
  mallopt(M_TRIM_THRESHOLD, heap.large_block_bytes);
  const sigset_t signals = stop_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  signal(SIGIO, SIG_IGN);
}

void wait_for_stop_signal() {
  const sigset_t signals = stop_signals();
  int arrived = 0;
  while (sigwait(&signals, &arrived) != 0) {
  }
  log_info("stopping", {{"signal", arrived == SIGTERM ? "SIGTERM" : "SIGINT"}});
}

}  // namespace rayhistory
