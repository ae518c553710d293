// Takes gzip (RFC 1952) off a body or a file, piece by piece, so that neither the whole of the compressed nor
// more than a block of the plain bytes is held here. For one thread.
#pragma once

#include <memory>
#include <string_view>

#include "base/result.h"

namespace rayhistory {

class Gunzip {
 public:
  Gunzip();
  ~Gunzip();
  Gunzip(const Gunzip&) = delete;
  Gunzip& operator=(const Gunzip&) = delete;

  // `input` must stay until next() has returned an empty piece: it is all taken then.
  void feed(std::string_view input);
  // The next plain bytes of what was fed, valid until the next call. `invalid` when it is no gzip; what was
  // unpacked before the damage is given first.
  Result<std::string_view> next();
  // Whether what was fed so far ends where a gzip member ends: what is sent must end there.
  bool is_complete() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace rayhistory
