#include "store/gcs/bucket_warnings.h"

#include <algorithm>

#include <fmt/format.h>

#include "store/gcs/responses.h"

namespace rayhistory {
namespace {

// A bucket may have 100 lifecycle rules; an operator reads a few.
constexpr size_t kToldRulesLimit = 5;
constexpr uint64_t kSecondsOfDay = 86'400;

std::string days(uint64_t seconds) {
  return fmt::format("{:.3g} days", static_cast<double>(seconds) / static_cast<double>(kSecondsOfDay));
}

std::vector<std::string> remarks_on(const GcsBucket& bucket, const std::string& name) {
  std::vector<std::string> warnings;
  if (bucket.soft_delete_seconds > 0) {
    warnings.push_back(fmt::format(
        "the bucket {0} has soft delete: each time an object grows its former content is kept for {1} and "
        "billed, many times the history's own size; gcloud storage buckets update gs://{0} "
        "--clear-soft-delete",
        name, days(bucket.soft_delete_seconds)));
  }
  if (bucket.is_versioned && !bucket.removes_old_versions) {
    warnings.push_back(fmt::format(
        "the bucket {0} is versioned: each time an object grows its former version stays and is billed; "
        "gcloud storage buckets update gs://{0} --no-versioning, or add a lifecycle rule that deletes "
        "noncurrent versions",
        name));
  }
  if (bucket.retention_seconds > 0) {
    warnings.push_back(fmt::format(
        "the bucket {} has a retention policy of {}: for so long no object can be replaced, so no "
        "log can grow; choose another bucket, or remove the policy",
        name, days(bucket.retention_seconds)));
  }
  if (bucket.holds_new_objects) {
    warnings.push_back(
        fmt::format("the bucket {0} puts an event-based hold on each new object, so that no log can grow; "
                    "gcloud storage buckets update gs://{0} --no-default-event-based-hold",
                    name));
  }
  const size_t told = std::min(bucket.expirations.size(), kToldRulesLimit);
  for (size_t i = 0; i < told; ++i) {
    warnings.push_back(
        fmt::format("a lifecycle rule of the bucket {} deletes objects {}: the history ends there; change "
                    "the rule if that "
                    "is not meant",
                    name, bucket.expirations[i]));
  }
  if (told < bucket.expirations.size()) {
    warnings.push_back(
        fmt::format("{} more lifecycle rules delete objects too", bucket.expirations.size() - told));
  }
  return warnings;
}

}  // namespace

Result<std::vector<std::string>> gcs_bucket_warnings(GcsConnection& connection, const Deadline& deadline) {
  GcsCall look;
  look.encoded_path = gcs_bucket_path(connection.bucket());
  look.query = {
      {"fields", "name,versioning,softDeletePolicy,retentionPolicy,defaultEventBasedHold,lifecycle"}};
  look.permission = "storage.buckets.get";
  TRY_ASSIGN(const GcsResponse response, connection.send(look, deadline));
  if (response.http.status == 403) {
    return std::vector<std::string>{
        "the bucket's metadata may not be looked at: for --check to tell of soft delete, versions and "
        "retention, grant storage.buckets.get (roles/storage.bucketViewer)"};
  }
  if (!response.ok()) return connection.error_of(look, response);
  const std::optional<GcsBucket> bucket = read_gcs_bucket(response.http.body);
  if (!bucket)
    return Error{ErrorKind::retry, "gcs: the answer to a look at the bucket was cut short or is not JSON"};
  return remarks_on(*bucket, connection.bucket());
}

}  // namespace rayhistory
