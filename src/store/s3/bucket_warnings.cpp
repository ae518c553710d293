#include "store/s3/bucket_warnings.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "store/s3/responses.h"

namespace rayhistory {
namespace {

// A bucket may have 1,000 lifecycle rules; an operator reads a few.
constexpr size_t kToldRulesLimit = 5;

class Survey {
 public:
  Survey(S3Connection& connection, const Deadline& deadline) : connection_(connection), deadline_(deadline) {}

  Result<std::vector<std::string>> run() && {
    TRY_ASSIGN(const std::optional<std::string> versioning,
               read("versioning", names_.versioning_permission, ""));
    TRY_ASSIGN(const std::optional<std::string> lifecycle,
               read("lifecycle", names_.lifecycle_permission, names_.no_lifecycle_code));
    const S3Lifecycle rules =
        lifecycle ? read_s3_lifecycle(*lifecycle).value_or(S3Lifecycle{}) : S3Lifecycle{};
    if (versioning && read_s3_versioning(*versioning).value_or(false)) TRY(tell_of_versions(rules));
    tell_of_expiry(rules);
    return std::move(remarks_);
  }

 private:
  // One part of the bucket's configuration. Nothing where there is none, where the server does not know such
  // a thing, and where it may not be read, which is a remark.
  Result<std::optional<std::string>> read(std::string_view part, std::string_view permission,
                                          std::string_view absent_code) {
    S3Call call;
    call.query = {{std::string(part), ""}};
    TRY_ASSIGN(S3Response response, connection_.send(call, deadline_));
    if (response.ok()) return std::optional(std::move(response.http.body));
    if (!absent_code.empty() && response.code() == absent_code) return std::optional<std::string>();
    Error error = connection_.error_of(call, response);
    if (error.kind == ErrorKind::denied) {
      remarks_.push_back(
          fmt::format("the bucket's {} configuration may not be looked at: for --check to tell what it means "
                      "for the history and its cost, allow {}",
                      part, permission));
      return std::optional<std::string>();
    }
    if (error.kind == ErrorKind::retry) return error;
    return std::optional<std::string>();
  }

  Result<void> tell_of_versions(const S3Lifecycle& rules) {
    if (!rules.removes_old_versions) {
      remarks_.push_back(
          fmt::format("the bucket {} is versioned: each time an object grows its former version stays and is "
                      "billed, many "
                      "times the history's own size; suspend versioning, or add a lifecycle rule with "
                      "NoncurrentVersionExpiration",
                      connection_.bucket()));
    }
    if (names_.object_lock_permission.empty()) return {};
    TRY_ASSIGN(const std::optional<std::string> lock,
               read("object-lock", names_.object_lock_permission, "ObjectLockConfigurationNotFoundError"));
    const std::optional<std::string> retention = lock ? read_s3_default_retention(*lock) : std::nullopt;
    if (retention) {
      remarks_.push_back(fmt::format(
          "the bucket {} locks each version of an object for {} (object lock): no lifecycle rule can remove "
          "the former versions before that; choose a bucket without a default retention",
          connection_.bucket(), *retention));
    }
    return {};
  }

  void tell_of_expiry(const S3Lifecycle& rules) {
    const size_t told = std::min(rules.expirations.size(), kToldRulesLimit);
    for (size_t i = 0; i < told; ++i) {
      const S3Expiration& rule = rules.expirations[i];
      remarks_.push_back(
          fmt::format("the lifecycle rule \"{}\" deletes what is stored below \"{}\" {}: the "
                      "history ends there; change the rule if that is not meant",
                      rule.id, rule.prefix, rule.when));
    }
    if (told < rules.expirations.size()) {
      remarks_.push_back(
          fmt::format("{} more lifecycle rules delete objects too", rules.expirations.size() - told));
    }
  }

  S3Connection& connection_;
  const S3ConfigurationNames& names_ = connection_.dialect().configuration;
  const Deadline& deadline_;
  std::vector<std::string> remarks_;
};

}  // namespace

Result<std::vector<std::string>> s3_bucket_warnings(S3Connection& connection, const Deadline& deadline) {
  return Survey(connection, deadline).run();
}

}  // namespace rayhistory
