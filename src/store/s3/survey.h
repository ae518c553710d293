// Finds out what an S3Store's server can do, before it matters: by small requests at the start. What takes
// large ones (parts of different sizes, bodies of 64 MiB) shows when it is first needed.
#pragma once

#include <string>

#include "store/s3/s3_store.h"
#include "store/store.h"

namespace rayhistory {

// As Store::survey has it.
Result<void> survey_s3(S3Store& store, S3Connection& connection, const std::string& prefix, SurveyUse use,
                       const Deadline& deadline);

}  // namespace rayhistory
