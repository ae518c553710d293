#include "store/body_digest.h"

#include "base/digest.h"

namespace rayhistory {

Result<std::string> content_md5_of(const Body& body) {
  TRY_ASSIGN(Md5 hash, hash_of<Md5>(body));
  const Md5Digest digest = hash.finish();
  return to_base64(as_text(digest));
}

}  // namespace rayhistory
