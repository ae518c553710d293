#include "historyserver/api/placement_group_resource.h"

#include <algorithm>

namespace rayhistory::historyserver {
namespace {

bool all_of(std::string_view text, bool (*is)(char)) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is);
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_id_character(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f');
}

}  // namespace

PlacementGroupResource parse_placement_group_resource(std::string_view resource) {
  constexpr std::string_view kGroup = "_group_";
  const size_t at = resource.rfind(kGroup);
  if (at == std::string_view::npos || at == 0) return {.name = resource};
  std::string_view group = resource.substr(at + kGroup.size());
  bool of_bundle = false;
  if (const size_t underscore = group.find('_'); underscore != std::string_view::npos) {
    if (!all_of(group.substr(0, underscore), is_digit)) return {.name = resource};
    of_bundle = true;
    group.remove_prefix(underscore + 1);
  }
  if (!all_of(group, is_id_character)) return {.name = resource};
  return {.name = resource.substr(0, at), .of_group = true, .of_bundle = of_bundle};
}

}  // namespace rayhistory::historyserver
