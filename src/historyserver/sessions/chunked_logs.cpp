#include "historyserver/sessions/chunked_logs.h"

#include <algorithm>
#include <charconv>
#include <functional>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "layout/rotated_log.h"

namespace rayhistory::historyserver {
namespace {

constexpr std::string_view kChunksFolder = ".chunks/";
constexpr size_t kOffsetDigits = 20;
// Most stores say when they wrote an object to the second only, so what is nearer may have come in any order.
constexpr int64_t kSurelyLater = 2'000'000'000;
// A chunk takes so much memory, its ETag included.
constexpr uint64_t kChunkBytes = 96;

struct ChunkName {
  std::string_view log_key;
  uint64_t offset = 0;
};

std::optional<ChunkName> parse_chunk(std::string_view key, std::string_view prefix) {
  if (key.size() < prefix.size() + kChunksFolder.size() + kOffsetDigits) return std::nullopt;
  const std::string_view digits = key.substr(key.size() - kOffsetDigits);
  const std::string_view before = key.substr(0, key.size() - kOffsetDigits);
  if (!before.ends_with(kChunksFolder)) return std::nullopt;
  ChunkName name{.log_key = before.substr(0, before.size() - kChunksFolder.size())};
  if (name.log_key.ends_with('/') || name.log_key.find("/logs/", prefix.size()) == std::string_view::npos)
    return std::nullopt;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), name.offset);
  if (parsed.ec != std::errc{} || parsed.ptr != digits.data() + digits.size()) return std::nullopt;
  return name;
}

template <typename Objects>
auto lower_bound(Objects& objects, std::string_view key) {
  return std::lower_bound(objects.begin(), objects.end(), key,
                          [](const ListedObject& object, std::string_view wanted) {
                            return std::string_view(object.key) < wanted;
                          });
}

// Whether the file that was at `key` at that time has been rotated away since.
bool was_rotated_after(int64_t time, std::string_view key, const std::vector<ListedObject>& objects) {
  const std::string beginning = rotated_log_beginning(key);
  for (auto object = lower_bound(objects, beginning);
       object != objects.end() && object->key.starts_with(beginning); ++object) {
    const std::optional<RotatedLog> rotated = parse_rotated_log(object->key);
    if (rotated && rotated->live_path == key && rotated->modified_nanoseconds > time) return true;
  }
  return false;
}

// Whether the chunks of a log are those of a KubeRay collector that took over from ours, which had stored
// `whole`. Time alone does not tell: a bucket that was copied has its objects in any order.
template <typename Chunks>
bool took_over(const Chunks& chunks, uint64_t chunks_size, const ListedObject& whole,
               const std::vector<ListedObject>& objects) {
  const std::optional<int64_t> stored = whole.object.modified_nanoseconds;
  const std::optional<int64_t> begun =
      chunks.empty() ? std::nullopt : chunks.front().object.modified_nanoseconds;
  if (!stored || !begun || *begun - *stored < kSurelyLater) return false;
  return chunks_size >= whole.object.size || was_rotated_after(*stored, whole.key, objects);
}

}  // namespace

ChunkedLogs ChunkedLogs::take_from(std::vector<ListedObject>& objects, std::string_view prefix) {
  ChunkedLogs result;
  std::map<std::string, StoredObject> joined;
  const auto take_chunk = [&](const ListedObject& object) {
    const std::optional<ChunkName> name = parse_chunk(object.key, prefix);
    if (!name) return false;
    const std::string key(name->log_key);
    StoredObject& log = joined[key];
    std::vector<Chunk>& chunks = result.logs_[key];
    if (name->offset != log.size) return true;
    log.size += object.object.size;
    log.etag = fmt::format("{:x}", std::hash<std::string>{}(log.etag + '\n' + object.object.etag));
    log.modified_nanoseconds = std::max(log.modified_nanoseconds, object.object.modified_nanoseconds);
    chunks.push_back({name->offset, object.object});
    return true;
  };
  std::erase_if(objects, take_chunk);

  std::vector<ListedObject> added;
  for (auto& [key, log] : joined) {
    const auto whole = lower_bound(objects, key);
    if (whole == objects.end() || whole->key != key) {
      added.push_back({key, std::move(log)});
    } else if (took_over(result.logs_[key], log.size, *whole, objects)) {
      whole->object = std::move(log);
    } else {
      result.logs_.erase(key);
    }
  }
  const auto middle = objects.insert(objects.end(), std::make_move_iterator(added.begin()),
                                     std::make_move_iterator(added.end()));
  std::inplace_merge(objects.begin(), middle, objects.end(),
                     [](const ListedObject& a, const ListedObject& b) { return a.key < b.key; });
  return result;
}

std::vector<LogSlice> ChunkedLogs::in_store(const LogSlice& slice) const {
  const auto log = logs_.find(slice.key);
  if (log == logs_.end() || slice.size() == 0) return {slice};
  std::vector<LogSlice> result;
  for (const Chunk& chunk : log->second) {
    const uint64_t begin = std::max(slice.begin, chunk.offset);
    const uint64_t end = std::min(slice.end, chunk.offset + chunk.object.size);
    if (begin < end) {
      result.push_back({fmt::format("{}{}{:0{}}", log->first, kChunksFolder, chunk.offset, kOffsetDigits),
                        begin - chunk.offset, end - chunk.offset});
    }
  }
  return result;
}

std::vector<LogSlice> ChunkedLogs::in_store(const std::vector<LogSlice>& slices) const {
  std::vector<LogSlice> result;
  for (const LogSlice& slice : slices) {
    std::vector<LogSlice> parts = in_store(slice);
    std::move(parts.begin(), parts.end(), std::back_inserter(result));
  }
  return result;
}

uint64_t ChunkedLogs::bytes() const {
  uint64_t bytes = 0;
  for (const auto& [key, chunks] : logs_)
    bytes += key.size() + chunks.size() * kChunkBytes;
  return bytes;
}

}  // namespace rayhistory::historyserver
