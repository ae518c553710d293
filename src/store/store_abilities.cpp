#include "store/store_abilities.h"

#include <fmt/format.h>

#include "base/check.h"
#include "base/log.h"

namespace rayhistory {
namespace {

using enum StoreAbility;

constexpr std::string_view kLateWrites =
    "a write that a killed collector had sent may arrive late and take the place of a newer one, until the "
    "file grows again";

constexpr std::array<StoreAbilityRow, kStoreAbilities> kTable = {{
    {put_if_absent, "put_if_absent", "PutObject obeys If-None-Match",
     "new objects are put without a condition", kLateWrites},
    {put_if_match, "put_if_match", "PutObject obeys If-Match", "objects are replaced without a condition",
     kLateWrites},
    {conditional_complete, "conditional_complete", "CompleteMultipartUpload obeys If-Match",
     "completed uploads carry no condition", kLateWrites},
    {sized_complete, "sized_complete", "CompleteMultipartUpload takes x-amz-mp-object-size",
     "the object's size is not sent with a completed upload", ""},
    {metadata, "metadata", "an object keeps x-amz-meta headers",
     "a completed upload whose answer was lost is recognised by its size", ""},
    {multipart, "multipart", "an object can be uploaded in parts",
     "each object is put whole in one request, larger ones less often", ""},
    {part_copy, "part_copy", "UploadPartCopy copies a range of an object into an upload",
     "an object that grows is sent whole again, larger ones less often", ""},
    {uneven_parts, "uneven_parts", "the parts of an upload may have different sizes",
     "all parts of an upload but the last have one size", ""},
    {upload_listing, "upload_listing", "ListMultipartUploads lists unfinished uploads",
     "unfinished uploads are not looked for",
     "the parts of uploads that a killed collector began stay in the bucket and are billed: add a lifecycle "
     "rule with AbortIncompleteMultipartUpload, or allow s3:ListBucketMultipartUploads"},
    {server_copy, "server_copy", "CopyObject copies an object on the server",
     "the bytes of a renamed log are sent again", ""},
    {listing_v2, "listing_v2", "ListObjectsV2 lists objects", "objects are listed by ListObjects (V1)", ""},
    {continuation, "continuation", "a listing goes on from its continuation token",
     "a listing goes on after the last key that was listed", ""},
    {key_encoding, "key_encoding", "listings encode keys when they are asked to (encoding-type=url)",
     "listed keys are taken as they are",
     "a log whose name has control characters cannot be listed where the server's XML cannot hold them"},
    {ranged_reads, "ranged_reads", "GetObject reads a range of an object",
     "an object is read from its beginning to the range's end, and the rest is thrown away", ""},
    {steady_etags, "steady_etags", "an object has a strong ETag that stays while the object does",
     "an object is recognised by its size and its last bytes, and writes carry no condition", kLateWrites},
    {unchecked_writes, "unchecked_writes", "writes need no checksum",
     "each write carries Content-MD5, as object lock demands", ""},
    {large_bodies, "large_bodies", "a request's body may have 64 MiB",
     "objects are sent in smaller pieces, of 5 MiB at the least",
     "a file above the limit is not stored where the limit is below 5 MiB: raise the request body limit of "
     "the server or of the proxy before it to 64 MiB"},
}};

constexpr bool is_in_order() {
  for (size_t i = 0; i < kTable.size(); ++i)
    if (static_cast<size_t>(kTable[i].ability) != i) return false;
  return true;
}
static_assert(is_in_order());

}  // namespace

std::span<const StoreAbilityRow, kStoreAbilities> store_ability_table() {
  return kTable;
}

const StoreAbilityRow& row_of(StoreAbility ability) {
  return kTable[static_cast<size_t>(ability)];
}

void StoreAbilities::confirm(StoreAbility ability) {
  AbilityState before = AbilityState::assumed;
  states_[index(ability)].compare_exchange_strong(before, AbilityState::present);
}

void StoreAbilities::learn(StoreAbility ability, bool is_present, std::string_view evidence) {
  const AbilityState now = is_present ? AbilityState::present : AbilityState::absent;
  const AbilityState before = states_[index(ability)].exchange(now);
  if (is_present || before == AbilityState::absent) return;
  const StoreAbilityRow& row = row_of(ability);
  if (row.lost.empty()) {
    log_info("the store's server lacks an ability",
             {{"ability", row.name}, {"therefore", row.without}, {"evidence", evidence}});
  } else {
    log_warning(
        "the store's server lacks an ability",
        {{"ability", row.name}, {"therefore", row.without}, {"lost", row.lost}, {"evidence", evidence}});
  }
}

std::string StoreAbilities::line() const {
  std::string line;
  for (const StoreAbilityRow& row : kTable) {
    if (!line.empty()) line += ' ';
    line += row.name;
    switch (state(row.ability)) {
      case AbilityState::assumed:
        line += "=assumed";
        break;
      case AbilityState::present:
        line += "=yes";
        break;
      case AbilityState::absent:
        line += "=no";
        break;
    }
  }
  return line;
}

std::vector<std::string> StoreAbilities::lacks() const {
  std::vector<std::string> lacks;
  for (const StoreAbilityRow& row : kTable) {
    if (may(row.ability)) continue;
    std::string lack = fmt::format("the server lacks {} ({}): {}", row.name, row.meaning, row.without);
    if (!row.lost.empty()) lack += fmt::format("; {}", row.lost);
    lacks.push_back(std::move(lack));
  }
  return lacks;
}

}  // namespace rayhistory
