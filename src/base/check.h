// CHECK: an invariant of our own code, checked in every build. A broken one ends the program at once, with
// the place, because going on would store wrong bytes. Never for input, network or disk: those return a
// Result.
#pragma once

namespace rayhistory {

[[noreturn]] void check_failed(const char* condition, const char* file, int line);

}  // namespace rayhistory

#define CHECK(condition)                                          \
  do {                                                            \
    if (!(condition)) [[unlikely]]                                \
      ::rayhistory::check_failed(#condition, __FILE__, __LINE__); \
  } while (false)

// A place that the program never comes to: what "why" says cannot be.
#define UNREACHABLE(why) ::rayhistory::check_failed(why, __FILE__, __LINE__)
