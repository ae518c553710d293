// The page on which a session is chosen, and the two files that it asks for: session_page.html, .css and .js.
#pragma once

#include <optional>
#include <string_view>

#include "historyserver/exchange/response.h"

namespace rayhistory::historyserver {

// "/select_cluster", "/select_cluster.css", "/select_cluster.js"; nothing of any other path.
std::optional<Response> session_page(std::string_view path);

}  // namespace rayhistory::historyserver
