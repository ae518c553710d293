// One exchange under way: curl's callbacks read its request and fill its response.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "http/client.h"
#include "http/ip_network.h"

namespace rayhistory {

struct CurlExchange {
  const HttpRequest& request;
  const PeerRule* peers = nullptr;  // null: everyone
  HttpResponse response = {};
  uint64_t body_position = 0;
  size_t headers_bytes = 0;
  bool headers_complete = false;
  std::optional<Error> error = {};  // why a callback ended the exchange

  // The callbacks. They return what curl wants to know: the bytes that were filled in, or whether the
  // exchange goes on. Those that end it set `error`.
  size_t fill(char* buffer, size_t capacity);
  bool take_header(std::string_view line);
  bool take_body(std::string_view piece);

 private:
  bool is_success() const { return response.status >= 200 && response.status < 300; }
  void make_room(size_t first_piece);
};

}  // namespace rayhistory
