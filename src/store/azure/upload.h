// An object of a whole block or more: blocks, sent one by one and seen by nobody, and the list of them, which
// replaces what the key holds at once.
//
// Every object has the same boundaries, a block each 8 MiB, and a block's ID says from where to where it
// goes. So of an object that has grown the full blocks are still right and are only named again; sent are
// what was its last, partial one and the new ones. And one ID never means other bytes of the same file, so a
// request that comes twice, or late, does no harm.
//
// No write of ours that arrives late can take a newer state's place. A list is refused when its blocks have
// become part of an object already; every other write says which state it replaces, for which an object that
// is put anew is looked at first (a read costs a tenth of a write).
//
// How a list whose answer was lost is settled: the object's metadata says which state it was made from (its
// ETag), or, where it was put as a whole, carries a random token. So a HEAD tells whether the object is this
// upload's, also when the whole call is repeated. That the key exists proves nothing, it always did.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "store/azure/connection.h"
#include "store/store.h"

namespace rayhistory {

// Azure's limits (https://learn.microsoft.com/rest/api/storageservices/put-block), and what we make of them.
// Tests have little time for those.
struct AzureLimits {
  // What has to be sent again when a connection breaks, or when an object grows by a byte.
  uint64_t block_bytes = 8ull * 1024 * 1024;
  // So that no object is larger than 390 GiB. One that would be is an `invalid` error, and keeps what it has:
  // Ray rotates a log at half a GiB, and no node's disk holds such a file.
  uint64_t most_blocks = 50'000;
  // Of Put Blob, 5,000 MiB.
  uint64_t single_request_bytes = 5000ull * 1024 * 1024;
};

// The object's state; nothing where there is none.
Result<std::optional<StoredObject>> look_at_azure_blob(AzureConnection& connection, const std::string& key,
                                                       const Deadline& deadline);

// The write is to be refused unless the object is in this state, or is not there.
void set_azure_condition(Headers& headers, const std::optional<StoredObject>& state);

// Puts an object without blocks, in one request.
//
// `replaces`: the object's state that this one is made from; then `exists` when it holds something else.
// Without it the object is looked at first, and replaced whatever it holds.
Result<StoredObject> put_azure_blob(AzureConnection& connection, const std::string& key, const Body& whole,
                                    std::string_view content_type,
                                    const std::optional<StoredObject>& replaces, const Deadline& deadline);

// Puts an object in blocks, at least one of them full. With `replaces` the full blocks of that state are not
// sent; `exists` when the key holds something else, or holds it in other blocks. `clock` is for the waits
// between two tries of a block: some are repeated here, because a whole of a hundred would hardly ever be
// done otherwise.
Result<StoredObject> put_azure_blocks(AzureConnection& connection, const AzureLimits& limits,
                                      const Clock& clock, const std::string& key, const Body& whole,
                                      std::string_view content_type,
                                      const std::optional<StoredObject>& replaces, const Deadline& deadline);

// The ID of the block [begin, end), in base64. All are of one length, as Azure wants it.
std::string azure_block_id(uint64_t begin, uint64_t end);

}  // namespace rayhistory
