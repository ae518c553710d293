#include "base/xml.h"

namespace rayhistory {

std::unique_ptr<pugi::xml_document> parse_xml(std::string_view text) {
  // Servers that work long before they answer send spaces first, to keep the connection alive.
  const size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos || text.size() > kXmlLimitBytes) return nullptr;
  text.remove_prefix(begin);
  auto document = std::make_unique<pugi::xml_document>();
  if (!document->load_buffer(text.data(), text.size(), pugi::parse_default, pugi::encoding_utf8))
    return nullptr;
  // pugixml takes several roots; a document has exactly one (XML 1.0, 2.1). Nothing but elements is kept at
  // the top.
  const pugi::xml_node root = document->document_element();
  if (!root || root.next_sibling()) return nullptr;
  return document;
}

std::string escape_xml(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

}  // namespace rayhistory
