// What Azure Blob says in XML and in headers, read; and the one thing that is said to it in XML, written.
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

struct AzureErrorResponse {
  std::string code;     // "BlobNotFound"
  std::string message;  // Azure's sentence, without the lines that repeat request ID and time
  // Why an AuthenticationFailed is one, where that is about time; other details repeat what was signed.
  std::string detail;
};

struct AzureBlobPage {
  std::vector<ListedObject> objects;
  std::string marker;  // of the next page; empty at the end
};

// What the account does with blobs that are removed or overwritten.
struct AzureSoftDelete {
  bool is_on = false;
  int days = 0;
};

std::optional<AzureErrorResponse> read_azure_error(std::string_view body);
// Of a list with include=copy. A folder of a hierarchical namespace is no object.
std::optional<AzureBlobPage> read_azure_blobs(std::string_view body);

// Of Get Blob Service Properties.
std::optional<AzureSoftDelete> read_azure_soft_delete(std::string_view body);

// The object that a HEAD's headers tell of.
std::optional<StoredObject> read_azure_object(const Headers& headers);

// The body of Put Block List: the first `committed` of the blocks are those that the object has, the others
// were sent just now.
std::string write_azure_block_list(const std::vector<std::string>& block_ids, size_t committed);

}  // namespace rayhistory
