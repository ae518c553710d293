// Whatever a server, or a proxy before it, sends as XML is read or refused, and nothing else. A page that was
// read has keys, and an error's text can be shown.
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "store/s3/responses.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rayhistory;
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  const auto error = read_s3_error(body);
  const auto objects = read_s3_objects(body, S3KeyEncoding::as_said);
  if (objects) {
    CHECK(!error.has_value());
    for (const ListedObject& listed : objects->objects)
      CHECK(!listed.key.empty());
  }
  const auto uploads = read_s3_uploads(body);
  if (uploads) {
    CHECK(!objects.has_value());
    for (const S3Upload& upload : uploads->uploads)
      CHECK(!upload.key.empty() && !upload.id.empty());
  }
  const auto id = read_s3_upload_id(body);
  CHECK(!id || !id->empty());
  const auto etag = read_s3_etag(body);
  CHECK(!etag || (!etag->empty() && !error));
  (void)read_s3_part_count(body);
  (void)read_s3_versioning(body);
  (void)read_s3_default_retention(body);
  if (const auto lifecycle = read_s3_lifecycle(body)) {
    CHECK(!error.has_value());
    for (const S3Expiration& rule : lifecycle->expirations)
      CHECK(!rule.when.empty());
  }
  return 0;
}
