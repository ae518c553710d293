// The page on which a session is chosen: one HTML file without any other, session_page.html.
#pragma once

#include <string_view>

namespace rayhistory {

extern const std::string_view kSessionPage;

}  // namespace rayhistory
