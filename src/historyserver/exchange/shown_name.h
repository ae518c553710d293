// How a log's name is shown. A file's name on Linux is any bytes without '/' and NUL, and JSON holds text
// alone. So a name that is not UTF-8 is shown with each byte that is none, and each '%', as %XX. Every other
// name is shown as it is: "100%.log" and "a%20b" too. A UTF-8 name that would then be read as one of the
// first kind ("a%FF") is escaped likewise ("a%25FF"), so that each shown name means one stored name and back.
//
// Any thread.
#pragma once

#include <string>
#include <string_view>

namespace rayhistory::historyserver {

// UTF-8. stored_name(shown_name(x)) is x.
std::string shown_name(std::string_view stored);
// What a shown name stands for. A text that stands for no name of the first kind comes back unchanged.
std::string stored_name(std::string_view shown);

}  // namespace rayhistory::historyserver
