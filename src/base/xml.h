// XML replies of stores and token services, parsed within a limit.
//
// pugixml does the parsing: it resolves no entities but the five of XML, fetches nothing, and does not
// recurse, so a reply can't do more than be wrong. Its exceptions (none but for want of memory) are not used.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <pugixml.hpp>

namespace rayhistory {

// Larger than any page of 1,000 keys of 1,024 bytes with each byte escaped as %XX.
inline constexpr size_t kXmlLimitBytes = 4 * 1024 * 1024;

// Null where `text` is not one whole XML document: empty, cut short, too long, or something else.
std::unique_ptr<pugi::xml_document> parse_xml(std::string_view text);

// As the content of an element of XML or HTML.
std::string escape_xml(std::string_view text);

}  // namespace rayhistory
