// Any bytes that a server, or a proxy before it, sends as JSON are read or refused, and nothing else. An ETag
// or a namespace that was read may be put into a header or a URL as it is.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "store/oci/responses.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rayhistory;
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  if (const auto name = read_oci_namespace(body)) {
    CHECK(!name->empty() && std::all_of(name->begin(), name->end(), [](char c) {
      return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' ||
             c == '_';
    }));
  }
  if (const auto page = read_oci_objects(body)) {
    for (const ListedObject& listed : page->objects)
      CHECK(!listed.key.empty() && is_oci_etag(listed.object.etag));
  }
  if (const auto id = read_oci_upload_id(body)) CHECK(!id->empty());
  if (const auto uploads = read_oci_uploads(body)) {
    for (const OciUnfinishedUpload& upload : *uploads)
      CHECK(!upload.key.empty() && !upload.id.empty());
  }
  (void)read_oci_bucket(body);
  (void)read_oci_lifecycle(body);
  (void)read_oci_retention_rules(body);
  // The JSON that is written is no answer.
  CHECK(!read_oci_objects(write_oci_commit({std::string(body.substr(0, 100))})));
  CHECK(!read_oci_upload_id(write_oci_new_upload(body.substr(0, 100), "text/plain", "token")));
  return 0;
}
