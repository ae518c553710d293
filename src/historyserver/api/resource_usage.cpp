#include "historyserver/api/resource_usage.h"

#include <array>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "historyserver/api/json_value.h"
#include "historyserver/api/placement_group_resource.h"

namespace rayhistory::historyserver {
namespace {

// The part that is read comes in the first lines; what is long is only the list of placement groups' own
// resources, half a kilobyte a group.
constexpr uint64_t kDebugStateBytes = 64ULL * 1024;
// So many files are read for one answer: at 10 ms each, a second or two. Beyond, nodes count as unused.
constexpr size_t kDebugStates = 100;

// Ray counts resources in ten-thousandths.
constexpr double kUnits = 10'000;

// The sum of "10000, 10000".
std::optional<double> sum_of(std::string_view numbers) {
  int64_t sum = 0;
  while (!numbers.empty()) {
    int64_t number = 0;
    const auto [end, error] = std::from_chars(numbers.data(), numbers.data() + numbers.size(), number);
    if (error != std::errc{}) return std::nullopt;
    if (__builtin_add_overflow(sum, number, &sum)) return std::nullopt;
    numbers.remove_prefix(static_cast<size_t>(end - numbers.data()));
    if (numbers.starts_with(", ")) {
      numbers.remove_prefix(2);
    } else if (!numbers.empty()) {
      return std::nullopt;
    }
  }
  return static_cast<double>(sum) / kUnits;
}

// `{CPU: [10000, 10000], node:192.0.2.2: [10000]}` after `label`.
std::optional<std::map<std::string_view, double>> parse_resources(std::string_view text,
                                                                  std::string_view label) {
  const size_t at = text.find(label);
  if (at == std::string_view::npos) return std::nullopt;
  text.remove_prefix(at + label.size());
  std::map<std::string_view, double> resources;
  while (!text.starts_with('}')) {
    constexpr std::string_view kOpen = ": [";
    const size_t open = text.find(kOpen);
    if (open == std::string_view::npos) return std::nullopt;
    const size_t close = text.find(']', open);
    if (close == std::string_view::npos) return std::nullopt;
    const auto amount = sum_of(text.substr(open + kOpen.size(), close - open - kOpen.size()));
    if (!amount) return std::nullopt;
    resources[text.substr(0, open)] = *amount;
    text.remove_prefix(close + 1);
    if (text.starts_with(", ")) text.remove_prefix(2);
  }
  return resources;
}

std::string memory_text(double bytes) {
  constexpr std::array<std::pair<std::string_view, double>, 4> kSuffixes{
      {{"TiB", 1099511627776.0}, {"GiB", 1073741824.0}, {"MiB", 1048576.0}, {"KiB", 1024.0}}};
  for (const auto& [suffix, unit] : kSuffixes)
    if (bytes >= unit) return fmt::format("{:.2f}{}", bytes / unit, suffix);
  return fmt::format("{:.0f}B", bytes);
}

}  // namespace

std::optional<NodeUsage> parse_debug_state(std::string_view text) {
  constexpr std::string_view kSection = "cluster_resource_scheduler state:";
  const size_t at = text.find(kSection);
  if (at == std::string_view::npos) return std::nullopt;
  text.remove_prefix(at + kSection.size());
  const auto total = parse_resources(text, "\"total\":{");
  const auto available = parse_resources(text, "\"available\": {");
  if (!total || !available) return std::nullopt;
  NodeUsage usage;
  for (const auto& [name, amount] : *total) {
    const auto left = available->find(name);
    usage.resources[std::string(name)] = {.used = left == available->end() ? amount : amount - left->second,
                                          .total = amount};
  }
  constexpr std::string_view kIdle = "is_idle: ";
  const size_t idle = text.find(kIdle);
  usage.is_idle = idle != std::string_view::npos && text.substr(idle + kIdle.size()).starts_with('1');
  return usage;
}

Result<std::vector<NodeUsage>> usage_of_nodes(const SessionView& view) {
  std::vector<NodeUsage> usages;
  usages.reserve(view.state.nodes.size());
  size_t files_read = 0;
  for (const Node& node : view.state.nodes) {
    NodeUsage usage;
    if (node.is_alive) {
      const ListedObject* file = view.listing.find(fmt::format("{}/logs/debug_state.txt", node.node_id));
      std::optional<NodeUsage> written;
      if (file != nullptr && files_read < kDebugStates) {
        ++files_read;
        TRY_ASSIGN(const auto text, view.texts.first(*file, kDebugStateBytes, view.deadline));
        written = parse_debug_state(*text);
      }
      if (written) {
        usage = std::move(*written);
      } else {
        for (const auto& [resource, amount] : node.resources)
          usage.resources[std::string(resource)] = {.used = 0, .total = amount};
      }
    }
    usages.push_back(std::move(usage));
  }
  return usages;
}

std::vector<std::string> usage_lines(const UsageByResource& usage) {
  UsageByResource reserved;  // in placement groups
  for (const auto& [resource, amount] : usage) {
    const auto parsed = parse_placement_group_resource(resource);
    if (!parsed.of_group) continue;
    Usage& of_resource = reserved[std::string(parsed.name)];
    if (parsed.of_bundle) continue;
    of_resource.used += amount.used;
    of_resource.total += amount.total;
  }
  std::vector<std::string> lines;
  for (const auto& [resource, amount] : usage) {
    if (resource.find("node:") != std::string::npos || resource.starts_with("accelerator_type:")) continue;
    if (parse_placement_group_resource(resource).of_group) continue;
    const bool is_memory = resource == "memory" || resource == "object_store_memory";
    const auto text = is_memory ? memory_text : float_text;
    double used = amount.used;
    const auto in_groups = reserved.find(resource);
    // What a group reserves counts as used on the node; what its tasks use of it is the truth.
    if (in_groups != reserved.end()) used = used - in_groups->second.total + in_groups->second.used;
    std::string line = fmt::format("{}/{} {}", text(used), text(amount.total), resource);
    if (in_groups != reserved.end()) {
      line += fmt::format(" ({} used of {} reserved in placement groups)", text(in_groups->second.used),
                          text(in_groups->second.total));
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace rayhistory::historyserver
