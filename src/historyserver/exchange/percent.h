// Percent-encoding (RFC 3986, 2.1), undone.
#pragma once

#include <string>
#include <string_view>

namespace rayhistory::historyserver {

// What is no escape ("%", "%zz") stays as it is.
std::string percent_decoded(std::string_view text);
// Of a form or a query: '+' is a blank, too.
std::string form_decoded(std::string_view text);

}  // namespace rayhistory::historyserver
