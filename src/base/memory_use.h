// How much memory this process uses and may use.
#pragma once

#include <cstdint>
#include <optional>

namespace rayhistory {

// The bytes that the program has allocated and not freed (glibc's mallinfo2). Unlike the resident set it
// shrinks at once when something is freed. 0 where another allocator is in use, as with the sanitizers. Any
// thread; some microseconds.
uint64_t heap_bytes_in_use();

// Gives memory that was freed back to the system. Any thread; milliseconds.
void return_free_memory();

// The limit above which the kernel kills the process: the least of its control group and those above it,
// version 2 or 1. Nothing where there is none, or it cannot be read.
std::optional<uint64_t> control_group_memory_limit();

}  // namespace rayhistory
