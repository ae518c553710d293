#include "historyserver/exchange/response.h"

#include <fmt/format.h>

#include "base/json_text.h"

namespace rayhistory::historyserver {

Response text_response(int status, std::string text) {
  return {.status = status, .content_type = std::string(kPlainText), .body = std::move(text)};
}

Response envelope(int status, std::string_view message, std::string_view data) {
  return {.status = status,
          .body = fmt::format(R"({{"result": {}, "msg": {}, "data": {}}})", status == 200,
                              json_string(message), data)};
}

}  // namespace rayhistory::historyserver
