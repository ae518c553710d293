// What the live dashboard last answered, as the collector stored it: for what no event tells.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "historyserver/api/session_view.h"
#include "historyserver/exchange/response.h"

namespace rayhistory::historyserver {

// The stored answer to `path_and_query` ("/api/serve/applications/"), with the secrets of runtime
// environments masked. Nothing where there is none. The store's error where it fails, `invalid` where the
// answer is beyond reason.
Result<std::optional<std::string>> fetched_endpoint(const SessionView& view, std::string_view path_and_query);

// Of a list that was fetched with `query`, or with any other or none: what is asked is cut out of it.
Result<std::optional<std::string>> fetched_list(const SessionView& view, std::string_view path,
                                                std::string_view query);

// 503: what is there could not be read.
Response store_failure(const Error& error);

// The answer of an endpoint that only the collector can have fetched; `fallback` where it did not.
Response fetched_or(const SessionView& view, std::string_view path_and_query, Response fallback);

}  // namespace rayhistory::historyserver
