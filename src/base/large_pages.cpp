#include "base/large_pages.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

namespace rayhistory {

void use_large_pages(void* begin, size_t bytes) {
  static const auto page_bytes = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
  const size_t before_page = (page_bytes - reinterpret_cast<uintptr_t>(begin) % page_bytes) % page_bytes;
  if (bytes < before_page + page_bytes) return;
  const size_t whole_pages = (bytes - before_page) / page_bytes * page_bytes;
  (void)::madvise(static_cast<char*>(begin) + before_page, whole_pages, MADV_HUGEPAGE);
}

}  // namespace rayhistory
