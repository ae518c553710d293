// Ray's IDs as events carry them: bytes in base64, which the state and all answers show in lower-case hex.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace rayhistory::historyserver {

// Sizes in bytes (Ray: src/ray/common/id.h).
inline constexpr size_t kJobIdBytes = 4;
inline constexpr size_t kActorIdBytes = 16;
inline constexpr size_t kPlacementGroupIdBytes = 18;
inline constexpr size_t kTaskIdBytes = 24;
inline constexpr size_t kNodeIdBytes = 28;
inline constexpr size_t kWorkerIdBytes = 28;

// Appends the ID in hex to `hex`. A text of twice `bytes` hex digits is hex already; any other is base64, and
// where it is not, it is taken as it is, provided it is safe in a path (is_safe_segment), else as none. The
// length decides, not the alphabet: base64 may consist of hex digits alone.
void append_hex_id(std::string& hex, std::string_view text, size_t bytes);
// Whether it stands for none: all its bits are set, or it is empty.
bool is_nil_id(std::string_view hex);

}  // namespace rayhistory::historyserver
