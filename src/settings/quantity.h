// Kubernetes quantities of bytes (Kubernetes: apimachinery/pkg/api/resource/quantity.go).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace rayhistory {

// "2Gi", "1.5Gi", "500M", "1e9", "0": digits with or without a point, then one of Ki Mi Gi Ti Pi Ei k M G T P
// E, or an exponent. A part of a byte counts as a whole one, as Kubernetes rounds. Nothing where `text` is
// none, is negative or does not fit.
std::optional<uint64_t> parse_quantity(std::string_view text);

}  // namespace rayhistory
