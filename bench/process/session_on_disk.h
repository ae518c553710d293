// A stored session to measure the History Server with: of as many tasks as are asked for, each with the three
// events that tell most of its life, as Ray 2.60 sends them, some 3 kB.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace rayhistory {

inline constexpr std::string_view kMeasuredSession = "session_2026-11-23_02-27-20_324908_14170";
inline constexpr std::string_view kMeasuredPrefix =
    "cluster-history/raycluster/default/c/session_2026-11-23_02-27-20_324908_14170/";

// Into `folder` as a bucket: the marker of raycluster default/c, and the events in so many files. At the most
// 100,000,000 tasks: eight digits of a task's number stand for all that differs. Returns the events' bytes;
// ends the program where it cannot write.
uint64_t write_session(const std::string& folder, int tasks, int files);

}  // namespace rayhistory
