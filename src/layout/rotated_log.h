// Names of rotated logs. Ray renames `raylet.out` to `raylet.out.1`, `.1` to `.2` and so on, so a backup's
// number changes while its bytes stay. Its object is named after what stays: `raylet.rotated.<mtime
// ns>-<inode>.out` (KubeRay's rotated_log.go), beside the live file's `raylet.out`. What is left of a
// generation that has no file any more gets such a name too: of when the store wrote it, and of a number made
// of its ETag and size (Ledger::preserving_key).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rayhistory {

struct RotatedBackup {
  std::string live_path;  // "serve/replica.log" for "serve/replica.log.12"
  uint64_t number = 0;    // 1 is the youngest
};

// Of a path below the logs folder. Nothing where it is not a live name, a dot and a number without leading
// zero.
std::optional<RotatedBackup> parse_rotated_backup(std::string_view path);

// "raylet.rotated.1795404330000000000-77.out" of "raylet.out": stem, ".rotated.", identity, extension. A name
// that is all extension (".out") stays whole and comes first: ".out.rotated.…"; one without extension ends
// there.
std::string rotated_log_path(std::string_view live_path, int64_t modified_nanoseconds, uint64_t inode);

// What rotated_log_path made.
struct RotatedLog {
  std::string live_path;
  int64_t modified_nanoseconds = 0;
  uint64_t inode = 0;
};
// Nothing where `path` is none of its.
std::optional<RotatedLog> parse_rotated_log(std::string_view path);

// The live name of a rotated log under either name: as our collector stores it, or as Ray has it on the disk
// and KubeRay's collector stored it until 1.7 ("raylet.out.2"). Any other path is its own.
std::string live_log_path(std::string_view path);

// "raylet.rotated." of "raylet.out": how the names of all its rotated generations begin.
std::string rotated_log_beginning(std::string_view live_path);

}  // namespace rayhistory
