#include "base/result.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace rayhistory {

std::string_view name_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::retry:
      return "retry";
    case ErrorKind::not_found:
      return "not_found";
    case ErrorKind::exists:
      return "exists";
    case ErrorKind::denied:
      return "denied";
    case ErrorKind::invalid:
      return "invalid";
    case ErrorKind::no_space:
      return "no_space";
    case ErrorKind::unsupported:
      return "unsupported";
    case ErrorKind::unknown_outcome:
      return "unknown_outcome";
    case ErrorKind::cancelled:
      return "cancelled";
  }
  UNREACHABLE("an ErrorKind out of range");
}

namespace {

ErrorKind kind_of_errno(int error_number) {
  switch (error_number) {
    case ENOENT:
    case ENOTDIR:
    case ELOOP:
      return ErrorKind::not_found;
    case EEXIST:
      return ErrorKind::exists;
    case EACCES:
    case EPERM:
    case EROFS:
      return ErrorKind::denied;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return ErrorKind::no_space;
    default:
      return ErrorKind::retry;
  }
}

}  // namespace

Error error_from_errno(int error_number, std::string_view doing_what) {
  std::string message(doing_what);
  message += ": ";
  message += std::strerror(error_number);
  return Error{kind_of_errno(error_number), std::move(message)};
}

void check_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "level=fatal msg=\"internal error: check failed\" check=\"%s\" at=%s:%d\n", condition,
               file, line);
  std::abort();
}

}  // namespace rayhistory
