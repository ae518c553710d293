// Generated parts of the documentation, which a test compares with the code.
#pragma once

#include <string>
#include <string_view>

namespace rayhistory {

// Expects that the document holds `text` between the two markers. With RAYHISTORY_WRITE_DOCS in the
// environment it writes the text there instead. `remedy` names the test to run in that way, in the message of
// a failure.
void expect_document_section(const std::string& path, std::string_view begin, std::string_view end,
                             const std::string& text, std::string_view remedy);

}  // namespace rayhistory
