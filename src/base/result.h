// Result<T>: a value, or the Error that kept it from being.
//
// Every call that can fail for a reason outside this program (disk, network, input) returns one. The names
// are those of C++23's std::expected, which can take this file's place. Our own invariants use check.h
// instead.
//
// An error is returned or logged, never both: whoever ends its way logs it.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/check.h"

namespace rayhistory {

// What the caller will do about it, not where it came from.
enum class ErrorKind {
  retry,            // passing: the same call may succeed later
  not_found,        // the thing asked for is not there
  exists,           // something else is there than the caller stated
  denied,           // credentials or permissions; waited out like an outage, but told loudly
  invalid,          // this call can never succeed as it is
  no_space,         // the local disk is full, or memory is
  unsupported,      // the other side cannot do this; use another way
  unknown_outcome,  // a write was sent and its answer lost: settle it by looking at what is there
  cancelled,        // the deadline passed or a stop was asked for
};

std::string_view name_of(ErrorKind kind);

// `message` is for an operator: it names the key or path, the status, the request ID, and what to look at.
// Never a token, a key's secret or a signed URL.
struct [[nodiscard]] Error {
  ErrorKind kind;
  std::string message;
  // How long the other side asked to be left alone, where it did (Retry-After).
  std::optional<std::chrono::nanoseconds> retry_after = {};
  // Of `retry`: the other side is there and has refused the call itself, so that repeating it may never help.
  bool is_refusal = false;

  // "reading /tmp/x: Permission denied", made from "Permission denied" and the context "reading /tmp/x".
  Error in(std::string_view context) && {
    message.insert(0, std::string(context) + ": ");
    return std::move(*this);
  }
};

// The Error for the current errno, "open /tmp/x: No such file or directory". Kinds: ENOENT, ENOTDIR and ELOOP
// are not_found; EEXIST exists; EACCES, EPERM and EROFS denied; ENOSPC, EDQUOT and EFBIG no_space; all others
// retry.
Error error_from_errno(int error_number, std::string_view doing_what);

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  T& value() & { return checked(*this); }
  const T& value() const& { return checked(*this); }
  T&& value() && { return std::move(checked(*this)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  T value_or(T otherwise) && { return has_value() ? std::move(*this).value() : std::move(otherwise); }

  Error& error() & {
    CHECK(!has_value());
    return *std::get_if<1>(&state_);
  }
  const Error& error() const& {
    CHECK(!has_value());
    return *std::get_if<1>(&state_);
  }
  Error&& error() && { return std::move(error()); }

 private:
  template <typename Self>
  static auto& checked(Self& self) {
    CHECK(self.has_value());
    return *std::get_if<0>(&self.state_);
  }

  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}

  bool has_value() const { return !error_.has_value(); }
  explicit operator bool() const { return has_value(); }

  Error& error() & {
    CHECK(error_.has_value());
    return *error_;
  }
  const Error& error() const& {
    CHECK(error_.has_value());
    return *error_;
  }
  Error&& error() && { return std::move(error()); }

 private:
  std::optional<Error> error_;
};

// Ends the enclosing function with the error of `expression`, a Result<void>, if it has one.
#define TRY(expression)                                                                    \
  do {                                                                                     \
    if (auto try_result = (expression); !try_result) return std::move(try_result).error(); \
  } while (false)

// Declares `variable` as the value of `expression`, a Result<T>, or ends the enclosing function with its
// error.
#define TRY_ASSIGN(variable, expression) TRY_ASSIGN_AT(variable, expression, __LINE__)
#define TRY_ASSIGN_AT(variable, expression, line) TRY_ASSIGN_NAMED(variable, expression, line)
#define TRY_ASSIGN_NAMED(variable, expression, line)                   \
  auto try_result_##line = (expression);                               \
  if (!try_result_##line) return std::move(try_result_##line).error(); \
  variable = std::move(*try_result_##line)

}  // namespace rayhistory
