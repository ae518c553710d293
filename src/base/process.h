// What each of our programs does to its own process: once, before any thread is started.
#pragma once

namespace rayhistory {

// Of glibc's malloc (mallopt(3)).
struct HeapSettings {
  int arenas;
  int large_block_bytes;  // blocks of this size go back to the system when they are freed
};

// Sets the heap up; has SIGTERM and SIGINT arrive in wait_for_stop_signal alone, and SIGPIPE and SIGIO
// nowhere.
void prepare_process(const HeapSettings& heap);
// Returns when the first of them has come, which is logged.
void wait_for_stop_signal();

}  // namespace rayhistory
