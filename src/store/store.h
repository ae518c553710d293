// A Store keeps objects by key: S3, Azure Blob, Google Cloud Storage, Alibaba OSS, a local folder, memory.
//
// All calls block, until done or until the deadline; any thread may make them, side by side, but only one
// writes a key at a time, and nobody copies it meanwhile (the shipper sees to that). Keys are raw bytes as
// layout/object_key.h builds them. Not found is an answer where a call says so. A call logs nothing but what
// it has learned about its server (store_abilities.h). What a store cannot do alone (retry, wait out an
// outage) is retrying_store.h's.
//
// Error kinds mean here:
//   - retry: passing; the same call again may succeed.
//   - unknown_outcome: a write may or may not have happened; repeating the call is safe and settles it.
//   - denied: credentials or permissions; also a missing bucket, which only an operator can bring back.
//   - exists: extend, replace: the object is not what was said, look at it. ensure_bucket: it is another's.
//   - not_found: get, copy: no such object.
//   - unsupported: copy: this store cannot; put the bytes instead.
//   - invalid: this call can never succeed (a key too long, a body that is gone).
//   - no_space: the local folder's disk is full.
//   - cancelled: deadline or stop.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "http/body.h"

namespace rayhistory {

// How an object that is known to hold the beginning of a file gets the rest of it.
enum class ObjectGrowth {
  by_tail,  // about what is new is sent
  anew,     // all of it is sent each time
};

// Whether a survey may store a probe.
enum class SurveyUse { read, write };

// What a key holds, as the store says it. `etag` is opaque: equal texts mean the same content written by the
// same write; empty where a store has none.
struct StoredObject {
  uint64_t size = 0;
  std::string etag;
  // When the store wrote it, by the store's own clock, and the same whether it was listed or stat'ed: unix
  // nanoseconds, of most stores the end of that second (modified_time.h); 0 where the store says none.
  // Nothing: what a write gave, whose answer need not say.
  std::optional<int64_t> modified_nanoseconds = {};

  friend bool operator==(const StoredObject& a, const StoredObject& b) {
    return a.size == b.size && a.etag == b.etag;
  }
};

struct ListedObject {
  std::string key;
  StoredObject object;
};

struct ListPage {
  // At most 1,000. In the byte order of their keys, but for servers that keep none (S3's directory buckets).
  std::vector<ListedObject> objects;
  std::string next;  // `cursor` of the next page; empty at the end
};

class Store {
 public:
  virtual ~Store() = default;

  // For an operator: "s3 bucket ray-historyserver at http://127.0.0.1:9000".
  virtual std::string description() const = 0;

  // For an operator: where the credentials come from (CredentialsSource::origin), never what they are; known
  // for sure once a call has been made. Empty where the store takes none.
  virtual std::string credentials_origin() const = 0;

  // The bucket is there when this returns. Losing a race to create it is fine.
  virtual Result<void> ensure_bucket(const Deadline& deadline) = 0;

  // The whole object, replaced at once: a reader sees the old or the new.
  virtual Result<StoredObject> put(const std::string& key, const Body& body, std::string_view content_type,
                                   const Deadline& deadline) = 0;

  // put, at a key that is known to hold `before`, or no object where `before` is nothing: `exists` when the
  // store finds something else there. A request may arrive long after its sender was killed, out of the
  // buffers of a slow network, and must not take the place of what the sender's successor has stored since.
  // Each store says how it keeps a late request from doing so.
  virtual Result<StoredObject> replace(const std::string& key, const std::optional<StoredObject>& before,
                                       const Body& body, std::string_view content_type,
                                       const Deadline& deadline) = 0;

  // The object at `key`, which holds the first `stored.size` bytes of `whole` (0 < stored.size <=
  // whole.size()), holds all of it when this returns. `exists` when the store finds that it does not hold
  // `stored`.
  virtual Result<StoredObject> extend(const std::string& key, const StoredObject& stored, const Body& whole,
                                      std::string_view content_type, const Deadline& deadline) = 0;

  // On the server, without sending the bytes again. Replaces what `to` was. `exists` when `from` is no longer
  // `expected`.
  virtual Result<StoredObject> copy(const std::string& from, const StoredObject& expected,
                                    const std::string& to, const Deadline& deadline) = 0;

  // Nothing where there is no such object.
  virtual Result<std::optional<StoredObject>> stat(const std::string& key, const Deadline& deadline) = 0;

  // A page of the keys that begin with `prefix`. `cursor` is empty for the first page, and ListPage::next of
  // the page before for all others; only the store knows what is in it.
  virtual Result<ListPage> list(const std::string& prefix, const std::string& cursor,
                                const Deadline& deadline) = 0;

  // Bytes [offset, offset + length) of the object, fewer at its end. Held in memory: ask for what you can
  // hold.
  virtual Result<std::string> get(const std::string& key, uint64_t offset, uint64_t length,
                                  const Deadline& deadline) = 0;

  // No such object is fine. Nothing that was collected is ever removed: this is for probes and temporary
  // tails.
  virtual Result<void> remove(const std::string& key, const Deadline& deadline) = 0;

  // Uploads under `prefix` that an earlier run began and did not finish are given up. Stores that keep none
  // do nothing. Objects are not touched.
  virtual Result<void> abort_unfinished_uploads(const std::string& prefix, const Deadline& deadline) = 0;

  // What an operator should know about how the bucket is set up, because it will cost money or history, a
  // sentence each with what to do about it: it keeps old versions, it keeps what was removed, a rule will
  // remove what is stored. What the credentials may not look at is a warning too, with the permission that is
  // missing; errors are for a store that cannot be asked at all. Nothing is changed.
  virtual Result<std::vector<std::string>> bucket_warnings(const Deadline& deadline) = 0;

  // What the server has shown that it cannot do, a sentence each, with the promise that is not kept for it.
  virtual std::vector<std::string> lacks() const { return {}; }

  // As far as is known by now.
  virtual ObjectGrowth growth() const { return ObjectGrowth::by_tail; }

  // Finds out what the store's server can do, by trying it below `prefix`, which is nothing else's and ends
  // with a slash. One process at a time may do it with SurveyUse::write; what it wrote it removes, where it
  // may. Errors are for what passes and for what no other way can do.
  virtual Result<void> survey(const std::string& /*prefix*/, SurveyUse /*use*/,
                              const Deadline& /*deadline*/) {
    return {};
  }

  // What is known of the server: "put_if_match=yes part_copy=no …" (store_abilities.h). Empty where all that
  // is needed belongs to this kind of store.
  virtual std::string abilities() const { return {}; }
};

// Content types of what the collector stores.
inline constexpr std::string_view kTextContent = "text/plain; charset=utf-8";
inline constexpr std::string_view kJsonLinesContent = "application/x-ndjson";
inline constexpr std::string_view kGzipContent = "application/gzip";
inline constexpr std::string_view kJsonContent = "application/json";

}  // namespace rayhistory
