#include "settings/command_line.h"

#include <fmt/format.h>

namespace rayhistory {

CommandLine read_command_line(std::span<const std::string> arguments,
                              const std::function<FlagKind(std::string_view)>& kind_of) {
  CommandLine line;
  size_t next = 0;
  while (next < arguments.size()) {
    const std::string_view argument = arguments[next];
    if (argument.size() < 2 || argument[0] != '-') break;
    ++next;
    if (argument == "--") break;

    const std::string_view flag = argument.substr(argument[1] == '-' ? 2 : 1);
    const size_t equals = flag.find('=');
    const std::string name(flag.substr(0, equals));
    if (name.empty() || name[0] == '-') {
      line.errors.push_back(fmt::format("argument {} is no flag: write --name=value", next));
      continue;
    }
    const FlagKind kind = kind_of(name);
    if (kind == FlagKind::unknown) {
      line.errors.push_back(fmt::format("flag provided but not defined: --{} (--help lists them all)", name));
    } else if (equals != std::string_view::npos) {
      line.values[name] = std::string(flag.substr(equals + 1));
    } else if (kind == FlagKind::truth) {
      // Never the next word: `--event-compression-enabled false` would be two things.
      line.values[name] = "true";
    } else if (next < arguments.size()) {
      line.values[name] = arguments[next++];
    } else {
      line.errors.push_back(fmt::format("flag needs an argument: --{}", name));
    }
  }
  if (next < arguments.size()) {
    line.warnings.push_back(
        fmt::format("argument {} is no flag: it and all that follows are ignored (truth values are written "
                    "--name=false, with '=')",
                    next + 1));
  }
  return line;
}

}  // namespace rayhistory
