// The answers of Oracle's Object Storage, read, and the JSON that is sent to it, written.
//
// Each reader gives nothing where the body is not that reply, whole: an empty or cut body is never a success.
// Oracle: Object Storage Service API, 20160918. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/client.h"
#include "store/store.h"

namespace rayhistory {

struct OciObjectPage {
  std::vector<ListedObject> objects;
  std::string next_start;  // the first name of the next page; empty at the end
};

struct OciUnfinishedUpload {
  std::string key;
  std::string id;
};

// Settings of a bucket that cost money or history.
struct OciBucket {
  bool is_versioned = false;
  bool is_read_only = false;  // the target of a replication
  bool is_archive = false;    // new objects must be restored before they can be read
};
// A rule of its lifecycle policy that is switched on.
struct OciLifecycleRule {
  std::string name;
  std::string action;  // "DELETE", "ARCHIVE", "INFREQUENT_ACCESS", "ABORT"
  std::string target;  // "objects", "multipart-uploads", "previous-object-versions"; empty is the first
  std::string after;   // "30 DAYS"
};

// The body of GetNamespace: a JSON string. It is put into URLs, so it is letters, digits, "-" and "_" alone.
std::optional<std::string> read_oci_namespace(std::string_view body);
// With the fields name, size, etag and timeModified.
std::optional<OciObjectPage> read_oci_objects(std::string_view body);
// The answer to HeadObject; without a Content-Length or an ETag it is none.
std::optional<StoredObject> read_oci_object(const Headers& headers);
std::optional<std::string> read_oci_upload_id(std::string_view body);
std::optional<std::vector<OciUnfinishedUpload>> read_oci_uploads(std::string_view body);
std::optional<OciBucket> read_oci_bucket(std::string_view body);
std::optional<std::vector<OciLifecycleRule>> read_oci_lifecycle(std::string_view body);
// How many rules forbid to replace an object for a time, or for ever.
std::optional<size_t> read_oci_retention_rules(std::string_view body);

std::string write_oci_new_bucket(std::string_view name, std::string_view compartment);
// `token` becomes the object's metadata kOciUploadMetadata.
std::string write_oci_new_upload(std::string_view key, std::string_view content_type, std::string_view token);
// The parts' ETags, from part 1 on.
std::string write_oci_commit(const std::vector<std::string>& etags);

// The header by which a committed upload whose answer was lost is recognised.
inline constexpr std::string_view kOciUploadMetadata = "opc-meta-ray-upload";

// Whether it is an ETag as Object Storage writes them, and so may be put into a header as it is.
bool is_oci_etag(std::string_view text);

}  // namespace rayhistory
