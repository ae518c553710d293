// What Cloud Storage's JSON API says, read, and what is said to it in JSON, written.
//
// Each reader gives nothing where the body is not that reply, whole: an empty or cut body is never a success.
// https://cloud.google.com/storage/docs/json_api/v1
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/store.h"

namespace rayhistory {

struct GcsErrorResponse {
  std::string reason;   // "notFound", "rateLimitExceeded"; may be empty
  std::string message;  // may be empty
};

// An object resource. The generation is a number that grows with each write of the name, kept as its text.
struct GcsObject {
  std::string name;
  StoredObject stored;  // its etag is the generation
  // Of an object that was extended: the generation that was (kGcsExtendsMetadata).
  std::string extends;
};

struct GcsObjectPage {
  std::vector<ListedObject> objects;
  std::string next_page;  // the token; empty at the end
};

// Of a rewrite: the new object when done, else the token to go on with.
struct GcsRewrite {
  std::optional<GcsObject> object;
  std::string token;
};

// What a bucket's settings will cost, or keep from being removed.
struct GcsBucket {
  bool is_versioned = false;
  uint64_t soft_delete_seconds = 0;
  uint64_t retention_seconds = 0;
  bool holds_new_objects = false;
  bool removes_old_versions = false;  // a lifecycle rule does
  std::vector<std::string>
      expirations;  // "after 30 days below logs/": lifecycle rules that delete what is live
};

// The metadata that an extended object carries: the generation that it was made from. A compose whose answer
// was lost is recognised by it.
inline constexpr std::string_view kGcsExtendsMetadata = "ray-extends";

std::optional<GcsErrorResponse> read_gcs_error(std::string_view body);
std::optional<GcsObject> read_gcs_object(std::string_view body);
std::optional<GcsObjectPage> read_gcs_objects(std::string_view body);
std::optional<GcsRewrite> read_gcs_rewrite(std::string_view body);
std::optional<GcsBucket> read_gcs_bucket(std::string_view body);

// The body of a compose that makes the object at `key`, of that generation and no other, longer by what is at
// `tail`.
std::string write_gcs_compose(std::string_view key, std::string_view generation, std::string_view tail,
                              std::string_view content_type);
// The body of a new resumable upload.
std::string write_gcs_upload(std::string_view content_type);
// The body of a new bucket: one access control, nothing public, and no soft delete, which would keep, and
// bill, every generation of a growing object for a week.
std::string write_gcs_new_bucket(std::string_view name);

// Whether it is a generation as Cloud Storage writes them, and so may be put into JSON or a URL as it is.
bool is_gcs_generation(std::string_view text);

}  // namespace rayhistory
