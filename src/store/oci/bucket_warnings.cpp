#include "store/oci/bucket_warnings.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "store/oci/responses.h"

namespace rayhistory {
namespace {

// A policy may have 1,000 rules; an operator reads a few.
constexpr size_t kToldRulesLimit = 5;

class Survey {
 public:
  Survey(OciConnection& connection, const Deadline& deadline)
      : connection_(connection), deadline_(deadline) {}

  Result<std::vector<std::string>> run() && {
    TRY_ASSIGN(const std::optional<std::string> bucket, look(""));
    if (!bucket) {
      remarks_.push_back(fmt::format(
          "the settings of the bucket {} may not be looked at, nor unfinished uploads be listed: for --check "
          "to "
          "tell of versions, retention and lifecycle rules, and for the parts of uploads that a killed "
          "collector "
          "began to be removed, add a policy: {}; or have a lifecycle rule for multipart-uploads",
          name(), oci_policy_statement(connection_.credentials_origin(), "read buckets", name())));
      return std::move(remarks_);
    }
    const std::optional<OciBucket> settings = read_oci_bucket(*bucket);
    if (!settings)
      return Error{ErrorKind::retry, "oci: the answer to a look at the bucket was cut short or is not JSON"};
    tell_of(*settings);
    TRY_ASSIGN(const std::optional<std::string> lifecycle, look("/l"));
    if (lifecycle) tell_of_rules(read_oci_lifecycle(*lifecycle).value_or(std::vector<OciLifecycleRule>()));
    TRY_ASSIGN(const std::optional<std::string> retention, look("/retentionRules"));
    if (retention) tell_of_retention(read_oci_retention_rules(*retention).value_or(0));
    return std::move(remarks_);
  }

 private:
  const std::string& name() const { return connection_.bucket(); }

  // Nothing where it is missing or may not be looked at.
  Result<std::optional<std::string>> look(const std::string& path) {
    OciCall call;
    call.path = path;
    call.permission = "BUCKET_READ";
    TRY_ASSIGN(OciResponse response, connection_.send(call, deadline_));
    if (response.http.status == 404 || response.http.status == 403) return std::optional<std::string>();
    if (!response.ok()) return connection_.error_of(call, response);
    return std::optional(std::move(response.http.body));
  }

  void tell_of(const OciBucket& bucket) {
    if (bucket.is_versioned) {
      remarks_.push_back(
          fmt::format("the bucket {0} is versioned: each time an object grows its former version stays whole "
                      "and is billed, "
                      "many times the history's own size; oci os bucket update --name {0} --versioning "
                      "Suspended, or add a "
                      "lifecycle rule that deletes previous-object-versions",
                      name()));
    }
    if (bucket.is_read_only) {
      remarks_.push_back(fmt::format(
          "the bucket {} is the target of a replication and takes no writes: choose another OCI_BUCKET",
          name()));
    }
    if (bucket.is_archive) {
      remarks_.push_back(fmt::format(
          "the bucket {} is of the tier Archive: no object can be read before it is restored, so that the "
          "History Server shows none; choose a bucket of the tier Standard",
          name()));
    }
  }

  void tell_of_rules(const std::vector<OciLifecycleRule>& rules) {
    size_t ends = 0;
    for (const OciLifecycleRule& rule : rules) {
      const bool is_about_objects = rule.target.empty() || rule.target == "objects";
      if (!is_about_objects || (rule.action != "DELETE" && rule.action != "ARCHIVE")) continue;
      if (++ends > kToldRulesLimit) continue;
      const bool deletes = rule.action == "DELETE";
      remarks_.push_back(fmt::format(
          "the lifecycle rule {} of the bucket {} {} objects after {}: {}; change the "
          "rule if that is not meant",
          rule.name, name(), deletes ? "deletes" : "archives", rule.after,
          deletes ? "the history ends there" : "the History Server cannot read what is archived"));
    }
    if (ends > kToldRulesLimit) {
      remarks_.push_back(
          fmt::format("{} more lifecycle rules delete or archive objects", ends - kToldRulesLimit));
    }
  }

  void tell_of_retention(size_t rules) {
    if (rules == 0) return;
    remarks_.push_back(fmt::format(
        "the bucket {} has {} retention rule{}: for so long no object can be replaced, so no log can grow; "
        "choose another bucket, or remove the rule",
        name(), rules, rules == 1 ? "" : "s"));
  }

  OciConnection& connection_;
  const Deadline& deadline_;
  std::vector<std::string> remarks_;
};

}  // namespace

Result<std::vector<std::string>> oci_bucket_warnings(OciConnection& connection, const Deadline& deadline) {
  return Survey(connection, deadline).run();
}

}  // namespace rayhistory
