// What servers of S3's protocol do otherwise than S3, each by a name, for ModelS3 to play. Most are taken
// from vendors' pages and public bug reports; which of the servers that run here does what, tests/stores
// shows.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace rayhistory {

enum class S3Behaviour : uint8_t {
  // ListMultipartUploads
  upload_listing_501,              // gateways
  upload_listing_400,              // gateways
  upload_listing_403,              // a policy without s3:ListBucketMultipartUploads
  upload_listing_gives_objects,    // servers that do not know the parameter and list objects
  upload_listing_encodes_quietly,  // Ceph RGW 16
  // multipart uploads
  multipart_501,
  multipart_405,
  equal_parts,    // Cloudflare R2: InvalidPart
  part_copy_501,  // s3rver
  part_copy_400,
  part_copy_405,
  part_copy_of_small_400,    // Garage 2
  part_copy_stores_nothing,  // a server that does not know x-amz-copy-source: 200, and an empty part
  completion_without_etag,   // Ceph RGW 16
  sized_complete_400,        // Backblaze B2: "Unsupported header"
  conditional_complete_400,
  metadata_400,
  // PutObject
  if_none_match_400,          // Backblaze B2, named in lower case
  if_match_400,               // not named
  if_match_refused_when_met,  // Ceph RGW 16
  conditions_ignored,         // moto, s3rver
  checksum_required,          // AWS: object lock with a default retention
  body_limit,                 // a proxy: 413, and a page of its own
  // CopyObject
  copy_501,
  copy_stores_nothing,  // a server that does not know x-amz-copy-source: 200, and an empty object
  // ETags
  weak_etags,  // a proxy that compresses
  changing_etags,
  // lists
  keys_not_encoded,         // the wish is ignored
  keys_said_to_be_encoded,  // versitygw 1.8, s3s-fs 0.14: the answer says so, and they are not
  list_v2_400,
  list_v2_ignored,  // answers as ListObjects
  token_ignored,    // always the first page
  unordered_keys,   // S3's directory buckets
  // reads
  no_ranges,
};
inline constexpr size_t kS3Behaviours = static_cast<size_t>(S3Behaviour::no_ranges) + 1;

constexpr std::array<S3Behaviour, kS3Behaviours> all_s3_behaviours() {
  std::array<S3Behaviour, kS3Behaviours> all{};
  for (size_t i = 0; i < all.size(); ++i)
    all[i] = static_cast<S3Behaviour>(i);
  return all;
}

std::string_view name_of(S3Behaviour behaviour);  // "upload_listing_501"

}  // namespace rayhistory
