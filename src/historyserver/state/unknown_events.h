// count_unknown_event() counts the events of types that are not known here.
#pragma once

#include <string_view>

#include "historyserver/state/session_state.h"
#include "historyserver/state/text_memory.h"

namespace rayhistory::historyserver {

// `type` may be anything. It is kept by its name where Ray could have a type of that name, as long as there
// are few.
void count_unknown_event(UnknownEvents& events, std::string_view type, TextPool& texts);

}  // namespace rayhistory::historyserver
