// The names of protobuf's fields in its JSON, which has two spellings of each: camel case ("eventId"), and
// with preserve_proto_field_name the one of the .proto file ("event_id"). Ray's event aggregator agent sends
// the first, and the second where RAY_DASHBOARD_AGGREGATOR_AGENT_PRESERVE_PROTO_FIELD_NAME is set.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace rayhistory {

// The longest field name that is respelled. The longest that Ray 2.60's events have is half as long
// ("required_resources", "submission_job_definition_event").
inline constexpr size_t kFieldNameLimit = 64;

using FieldNameBuffer = std::array<char, kFieldNameLimit>;

// The name in camel case. A key that is no lower-case name with underscores inside comes back unchanged, and
// so does one above the limit. The result lives in `key` or in `buffer`. Keys of maps (labels, resources,
// metadata) belong to users and must not go through this function.
std::string_view camel_field_name(std::string_view key, FieldNameBuffer& buffer);

}  // namespace rayhistory
