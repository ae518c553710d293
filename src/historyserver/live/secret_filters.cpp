#include "historyserver/live/secret_filters.h"

#include <string>

#include "base/ascii.h"
#include "historyserver/exchange/percent.h"
#include "historyserver/live/masked_json_filter.h"
#include "historyserver/logs/secret_filter.h"

namespace rayhistory::historyserver {
namespace {

// "/api/jobs/<id>/logs": what a program prints, as one string of any length.
bool is_job_log(std::string_view path) {
  while (path.ends_with('/'))
    path.remove_suffix(1);
  return path.starts_with("/api/jobs/") && path.ends_with("/logs");
}

// In the path, as older Rays have logs, or in a parameter.
bool asks_for_runtime_env_log(std::string_view decoded_target) {
  return decoded_target.find("runtime_env_agent.") != std::string_view::npos ||
         decoded_target.find("runtime_env_setup-") != std::string_view::npos;
}

}  // namespace

std::unique_ptr<TextFilter> secret_filter_of(std::string_view target, std::string_view content_type) {
  const std::string type = lower_case(content_type.substr(0, content_type.find(';')));
  const bool is_json = type.find("json") != std::string::npos;
  if (is_json && is_job_log(percent_decoded(target.substr(0, target.find('?'))))) return nullptr;
  if (is_json) return std::make_unique<MaskedJsonFilter>();
  if (asks_for_runtime_env_log(percent_decoded(target))) return std::make_unique<SecretFilter>();
  return nullptr;
}

}  // namespace rayhistory::historyserver
