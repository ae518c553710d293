// Whatever a server, or a proxy before it, sends as JSON is read or refused, and nothing else. An object that
// was read has a name, and a generation that may be put into a URL and into JSON as it is.
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "store/gcs/responses.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rayhistory;
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  (void)read_gcs_error(body);
  (void)read_gcs_bucket(body);
  if (const auto object = read_gcs_object(body)) {
    CHECK(!object->name.empty() && is_gcs_generation(object->stored.etag));
    const std::string compose = write_gcs_compose(object->name, object->stored.etag, "tail", "text/plain");
    CHECK(!read_gcs_object(compose));
  }
  if (const auto page = read_gcs_objects(body)) {
    for (const ListedObject& listed : page->objects)
      CHECK(!listed.key.empty() && is_gcs_generation(listed.object.etag));
  }
  if (const auto rewrite = read_gcs_rewrite(body))
    CHECK(rewrite->object.has_value() == rewrite->token.empty());
  return 0;
}
