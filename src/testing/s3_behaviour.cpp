#include "testing/s3_behaviour.h"

#include "base/check.h"

namespace rayhistory {

std::string_view name_of(S3Behaviour behaviour) {
  switch (behaviour) {
    case S3Behaviour::upload_listing_501:
      return "upload_listing_501";
    case S3Behaviour::upload_listing_400:
      return "upload_listing_400";
    case S3Behaviour::upload_listing_403:
      return "upload_listing_403";
    case S3Behaviour::upload_listing_gives_objects:
      return "upload_listing_gives_objects";
    case S3Behaviour::upload_listing_encodes_quietly:
      return "upload_listing_encodes_quietly";
    case S3Behaviour::multipart_501:
      return "multipart_501";
    case S3Behaviour::multipart_405:
      return "multipart_405";
    case S3Behaviour::equal_parts:
      return "equal_parts";
    case S3Behaviour::part_copy_501:
      return "part_copy_501";
    case S3Behaviour::part_copy_400:
      return "part_copy_400";
    case S3Behaviour::part_copy_405:
      return "part_copy_405";
    case S3Behaviour::part_copy_of_small_400:
      return "part_copy_of_small_400";
    case S3Behaviour::part_copy_stores_nothing:
      return "part_copy_stores_nothing";
    case S3Behaviour::completion_without_etag:
      return "completion_without_etag";
    case S3Behaviour::sized_complete_400:
      return "sized_complete_400";
    case S3Behaviour::conditional_complete_400:
      return "conditional_complete_400";
    case S3Behaviour::metadata_400:
      return "metadata_400";
    case S3Behaviour::if_none_match_400:
      return "if_none_match_400";
    case S3Behaviour::if_match_400:
      return "if_match_400";
    case S3Behaviour::if_match_refused_when_met:
      return "if_match_refused_when_met";
    case S3Behaviour::conditions_ignored:
      return "conditions_ignored";
    case S3Behaviour::checksum_required:
      return "checksum_required";
    case S3Behaviour::body_limit:
      return "body_limit";
    case S3Behaviour::copy_501:
      return "copy_501";
    case S3Behaviour::copy_stores_nothing:
      return "copy_stores_nothing";
    case S3Behaviour::weak_etags:
      return "weak_etags";
    case S3Behaviour::changing_etags:
      return "changing_etags";
    case S3Behaviour::keys_not_encoded:
      return "keys_not_encoded";
    case S3Behaviour::keys_said_to_be_encoded:
      return "keys_said_to_be_encoded";
    case S3Behaviour::list_v2_400:
      return "list_v2_400";
    case S3Behaviour::list_v2_ignored:
      return "list_v2_ignored";
    case S3Behaviour::token_ignored:
      return "token_ignored";
    case S3Behaviour::unordered_keys:
      return "unordered_keys";
    case S3Behaviour::no_ranges:
      return "no_ranges";
  }
  UNREACHABLE("an S3Behaviour out of range");
}

}  // namespace rayhistory
