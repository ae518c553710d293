// Delays a program's threads at random where they meet each other or the world, so that orders of events
// which are rare otherwise come soon. Loaded ahead of the C library (ld.so(8)), into the collector in chaos
// (--jitter) or into any unit test:
//
//   LD_PRELOAD=build/release/bin/libjitter.so build/release/bin/shipper_test
//
// Not under a sanitizer, which wants to be the first itself.

#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <ctime>

#include <dlfcn.h>
#include <pthread.h>

namespace {

constexpr uint64_t kOf = 65536;
constexpr uint64_t kSleeps = 3000;   // so many times a thread sleeps, before a call or after it,
constexpr uint64_t kYields = 2000;   // and so many it lets others go first
constexpr uint64_t kLongest = 4096;  // microseconds

thread_local uint64_t state = 0;

// xorshift64 (Marsaglia, 2003). No library's: this runs within calls that libraries make.
uint64_t random_bits() {
  if (state == 0) {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    state = (static_cast<uint64_t>(now.tv_nsec) << 32) ^ static_cast<uint64_t>(syscall(SYS_gettid)) ^ 1;
  }
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state;
}

void dally() {
  const int error_of_the_call = errno;
  const uint64_t bits = random_bits();
  const uint64_t drawn = (bits >> 40) % kOf;
  if (drawn < kSleeps) {
    const timespec time{.tv_sec = 0, .tv_nsec = static_cast<long>(bits % kLongest + 1) * 1000};
    syscall(SYS_nanosleep, &time, nullptr);
  } else if (drawn < kSleeps + kYields) {
    syscall(SYS_sched_yield);
  }
  errno = error_of_the_call;
}

// The C library's own, past ours.
template <typename Function>
Function* next(Function*& known, const char* name) {
  if (known == nullptr) known = reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
  return known;
}

template <typename Call>
auto amid_dallying(Call call) {
  dally();
  const auto result = call();
  dally();
  return result;
}

int (*next_lock)(pthread_mutex_t*) = nullptr;
int (*next_unlock)(pthread_mutex_t*) = nullptr;
ssize_t (*next_write)(int, const void*, size_t) = nullptr;
ssize_t (*next_pwritev)(int, const iovec*, int, off_t) = nullptr;
int (*next_fdatasync)(int) = nullptr;
int (*next_rename)(const char*, const char*) = nullptr;
int (*next_renameat)(int, const char*, int, const char*) = nullptr;
ssize_t (*next_recv)(int, void*, size_t, int) = nullptr;
ssize_t (*next_send)(int, const void*, size_t, int) = nullptr;

}  // namespace

// NOLINTBEGIN(readability-inconsistent-declaration-parameter-name): the C library's names are reserved.
extern "C" {

int pthread_mutex_lock(pthread_mutex_t* mutex) noexcept {
  return amid_dallying([=] { return next(next_lock, "pthread_mutex_lock")(mutex); });
}

int pthread_mutex_unlock(pthread_mutex_t* mutex) noexcept {
  return amid_dallying([=] { return next(next_unlock, "pthread_mutex_unlock")(mutex); });
}

ssize_t write(int descriptor, const void* bytes, size_t size) {
  return amid_dallying([=] { return next(next_write, "write")(descriptor, bytes, size); });
}

ssize_t pwritev(int descriptor, const iovec* vectors, int count, off_t offset) {
  return amid_dallying([=] { return next(next_pwritev, "pwritev")(descriptor, vectors, count, offset); });
}

int fdatasync(int descriptor) {
  return amid_dallying([=] { return next(next_fdatasync, "fdatasync")(descriptor); });
}

int rename(const char* from, const char* to) noexcept {
  return amid_dallying([=] { return next(next_rename, "rename")(from, to); });
}

int renameat(int from_folder, const char* from, int to_folder, const char* to) noexcept {
  return amid_dallying([=] { return next(next_renameat, "renameat")(from_folder, from, to_folder, to); });
}

ssize_t recv(int socket, void* bytes, size_t size, int flags) {
  return amid_dallying([=] { return next(next_recv, "recv")(socket, bytes, size, flags); });
}

ssize_t send(int socket, const void* bytes, size_t size, int flags) {
  return amid_dallying([=] { return next(next_send, "send")(socket, bytes, size, flags); });
}

}  // extern "C"
// NOLINTEND(readability-inconsistent-declaration-parameter-name)
