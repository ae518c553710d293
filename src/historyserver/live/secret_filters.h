// Which answers of a running cluster's head may hold secrets, and what hides them.
#pragma once

#include <memory>
#include <string_view>

#include "historyserver/logs/text_filter.h"

namespace rayhistory::historyserver {

// The filter for the answer of this type to this target ("/api/jobs/?limit=1", encoded): for JSON, except the
// log of a job, and for the logs of runtime environments. Null: it passes as it is. Pure.
std::unique_ptr<TextFilter> secret_filter_of(std::string_view target, std::string_view content_type);

}  // namespace rayhistory::historyserver
