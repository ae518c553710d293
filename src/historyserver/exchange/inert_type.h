// The type of content that a tenant made.
#pragma once

#include <string>
#include <string_view>

namespace rayhistory::historyserver {

// The Content-Type to show such content with: `given` where a browser only displays or saves that type, and
// plain text where it would run scripts (HTML, XML, JavaScript, PDF) or is not known. Browsers take the type
// at its word because every answer has `X-Content-Type-Options: nosniff`. Pure.
std::string inert_type(std::string_view given);

}  // namespace rayhistory::historyserver
