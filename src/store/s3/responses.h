// What S3 says in XML, read; and the one thing that is said to it in XML, written.
//
// Each reader gives nothing where the body is not that reply, whole: an empty or cut body is never a success.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/client.h"
#include "store/etag.h"
#include "store/store.h"

namespace rayhistory {

struct S3ErrorResponse {
  std::string code;     // "NoSuchKey"
  std::string message;  // S3's sentence, without the fields that repeat what was signed
  std::string region;   // where the bucket is, when that is what is wrong
};

// How the keys of a list are to be read, which was asked for with encoding-type=url.
enum class S3KeyEncoding {
  as_said,  // as the list itself says
  none,     // they are as they are, whatever it says
};

struct S3ObjectPage {
  std::vector<ListedObject> objects;
  bool says_encoding = false;
  // The keys as they stand in the answer, where decoding has changed one of them: some servers say that their
  // keys are encoded, and they are not (versitygw 1.8, s3s-fs 0.14). Else empty.
  std::vector<std::string> undecoded;
  // A key is none that an encoding can have made: so they are not encoded.
  bool is_undecodable = false;
  bool truncated = false;
  std::string continuation;  // for the next page; empty where the server answers as ListObjects (V1)
};

struct S3Upload {
  std::string key;
  std::string id;

  friend bool operator==(const S3Upload&, const S3Upload&) = default;
};

struct S3UploadPage {
  std::vector<S3Upload> uploads;
  bool truncated = false;
  S3Upload next;  // the markers of the next page
};

// A lifecycle rule that deletes current objects.
struct S3Expiration {
  std::string id;
  std::string prefix;  // of the keys it is about
  std::string when;    // "after 30 days", "on 2027-01-01T00:00:00Z"
};

struct S3Lifecycle {
  std::vector<S3Expiration> expirations;
  bool removes_old_versions = false;
};

std::optional<S3ErrorResponse> read_s3_error(std::string_view body);
std::optional<S3ObjectPage> read_s3_objects(std::string_view body, S3KeyEncoding encoding);
// Keys as they stand in the answer, encoded or not.
std::optional<S3UploadPage> read_s3_uploads(std::string_view body);
// A key of a list in which keys are encoded. Nothing where it is none.
std::optional<std::string> decode_s3_key(std::string_view encoded);
std::optional<std::string> read_s3_upload_id(std::string_view body);
// Of CompleteMultipartUpload, CopyObject and UploadPartCopy, without its quotes.
std::optional<std::string> read_s3_etag(std::string_view body);
// How many parts an unfinished upload has (on the first page of them).
std::optional<size_t> read_s3_part_count(std::string_view body);
// Whether a bucket keeps the former versions of its objects.
std::optional<bool> read_s3_versioning(std::string_view body);
// The rules that are enabled, but for those about tags: what we store has none.
std::optional<S3Lifecycle> read_s3_lifecycle(std::string_view body);
// Of a bucket's object lock configuration: "30 days". Nothing too where there is no default retention.
std::optional<std::string> read_s3_default_retention(std::string_view body);

// The body of CompleteMultipartUpload: the parts' ETags, of part 1 and on.
std::string write_s3_complete(const std::vector<std::string>& etags, std::string_view xml_namespace);

// The object that a HEAD's headers tell of.
std::optional<StoredObject> read_s3_object(const Headers& headers);

}  // namespace rayhistory
