// Flags as Go's flag package reads them, because the collector takes the place of a Go program in manifests:
// one dash or two, the value after '=' or in the next word, `--x` alone for a truth value, `--` or the first
// word that is no flag ends them.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rayhistory {

enum class FlagKind { unknown, truth, value };

struct CommandLine {
  std::map<std::string, std::string, std::less<>>
      values;  // by name, without dashes; the last one given counts
  std::vector<std::string> warnings;
  std::vector<std::string> errors;  // the program cannot go on
};

// `arguments` is without the program's name. No message shows a value: it may be a secret in the wrong place.
CommandLine read_command_line(std::span<const std::string> arguments,
                              const std::function<FlagKind(std::string_view)>& kind_of);

}  // namespace rayhistory
