#include "store/azure/container_warnings.h"

#include <optional>
#include <utility>

#include <fmt/format.h>

namespace rayhistory {
namespace {

class Survey {
 public:
  Survey(AzureConnection& connection, const Deadline& deadline)
      : connection_(connection), deadline_(deadline) {}

  Result<std::vector<std::string>> run() && {
    TRY(tell_of_immutability());
    TRY(tell_of_soft_delete());
    tell_of_versions();
    return std::move(remarks_);
  }

 private:
  Result<void> tell_of_immutability() {
    AzureCall head;
    head.method = HttpMethod::head;
    head.query = {{"restype", "container"}};
    TRY_ASSIGN(const AzureResponse response, connection_.send(head, deadline_));
    // Where the container may not be looked at, a write that is refused will tell.
    const bool is_locked = response.ok() && (response.header("x-ms-has-immutability-policy") == "true" ||
                                             response.header("x-ms-has-legal-hold") == "true");
    if (is_locked) {
      remarks_.push_back(
          fmt::format("the container {} has an immutability policy or a legal hold: an object is stored once "
                      "and can then not grow; choose a container without",
                      connection_.container()));
    }
    return {};
  }

  Result<void> tell_of_soft_delete() {
    AzureCall call;
    call.is_for_account = true;
    call.query = {{"restype", "service"}, {"comp", "properties"}};
    TRY_ASSIGN(const AzureResponse response, connection_.send(call, deadline_));
    if (response.ok()) {
      const std::optional<AzureSoftDelete> policy = read_azure_soft_delete(response.http.body);
      if (policy && policy->is_on) {
        remarks_.push_back(fmt::format(
            "the account keeps what is overwritten or removed for {} days (soft delete for blobs): "
            "each time an object grows its last, partial block of up to 8 MiB stays for so long and "
            "is billed; switch soft delete off, or give the history an account of its own",
            policy->days));
      }
      return {};
    }
    Error error = connection_.error_of(call, response);
    if (error.kind == ErrorKind::denied) {
      remarks_.emplace_back(
          "whether the account has soft delete, which bills former states of objects, may not be looked at: "
          "for --check to tell, allow Microsoft.Storage/storageAccounts/blobServices/read (role Storage "
          "Account Contributor), or look with: az storage account blob-service-properties show");
      return {};
    }
    if (error.kind == ErrorKind::retry) return error;
    return {};
  }

  void tell_of_versions() {
    if (!connection_.has_seen_versions()) return;
    remarks_.emplace_back(
        "the account keeps versions of blobs: each time an object grows its former state stays, and its "
        "last, "
        "partial block of up to 8 MiB is billed; switch versioning off, or add a lifecycle rule that deletes "
        "previous versions");
  }

  AzureConnection& connection_;
  const Deadline& deadline_;
  std::vector<std::string> remarks_;
};

}  // namespace

Result<std::vector<std::string>> azure_container_warnings(AzureConnection& connection,
                                                          const Deadline& deadline) {
  return Survey(connection, deadline).run();
}

}  // namespace rayhistory
