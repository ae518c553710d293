// Memory that is about to be filled from end to end, given by the kernel in large pages: each page is a
// fault, and those of 2 MiB are 512 times fewer.
#pragma once

#include <cstddef>

namespace rayhistory {

// For memory of several MiB that nothing was written to yet. A hint: where the kernel has no such pages at
// hand or is not to give any (transparent_hugepage: never), nothing changes.
void use_large_pages(void* begin, size_t bytes);

}  // namespace rayhistory
