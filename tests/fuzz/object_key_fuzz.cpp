// A key that parses is built again from what was parsed, byte for byte but for the hour of an event file. The
// first line of the input is the root, the rest the key.
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "layout/object_key.h"

namespace rayhistory {
namespace {

struct Rebuild {
  std::string_view root;
  std::string_view key;

  void operator()(const MarkerKey& parsed) const {
    CHECK(ObjectKeys(root, parsed.place).marker(parsed.session) == key);
  }
  void operator()(const LogKey& parsed) const {
    CHECK(ObjectKeys(root, parsed.place).log(parsed.session, parsed.node, parsed.path) == key);
  }
  void operator()(const EndpointKey& parsed) const {
    constexpr size_t kPrefixBytes = std::string_view("restful__").size();
    const std::string endpoint = parsed.name.substr(kPrefixBytes);
    CHECK(ObjectKeys(root, parsed.place).fetched_endpoint(parsed.session, endpoint) == key);
  }
  void operator()(const JournalKey& parsed) const {
    const std::string built =
        ObjectKeys(root, parsed.place).journal(parsed.session, parsed.name, parsed.gzip);
    constexpr size_t kHourBytes = std::string_view("2026-11-23-02").size();
    const size_t hour = built.rfind('/') + 1 + parsed.name.node.str().size() + 1;
    CHECK(built.size() == key.size());
    CHECK(std::string_view(built).substr(0, hour) == key.substr(0, hour));
    CHECK(std::string_view(built).substr(hour + kHourBytes) == key.substr(hour + kHourBytes));
  }
};

}  // namespace
}  // namespace rayhistory

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rayhistory;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t line_break = input.find('\n');
  if (line_break == std::string_view::npos) return 0;
  const std::string_view root = input.substr(0, line_break);
  const std::string_view key = input.substr(line_break + 1);
  if (const std::optional<ParsedKey> parsed = parse_object_key(root, key))
    std::visit(Rebuild{root, key}, *parsed);
  return 0;
}
