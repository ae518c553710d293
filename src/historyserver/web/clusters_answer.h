// What /clusters answers.
#pragma once

#include <string>

#include "historyserver/sessions/session_list.h"

namespace rayhistory {

// A JSON array, in KubeRay's form: the newest session first.
std::string clusters_json(const SessionList& list);

}  // namespace rayhistory
