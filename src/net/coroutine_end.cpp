#include "net/coroutine_end.h"

#include "base/log.h"

namespace rayhistory {

void log_if_thrown(const std::exception_ptr& thrown, std::string_view message) {
  if (!thrown) return;
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& exception) {
    log_error(message, {{"what", exception.what()}});
  }
}

}  // namespace rayhistory
