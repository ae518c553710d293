#include "journal/recovery.h"

#include <algorithm>
#include <functional>

#include "base/log.h"
#include "base/shared_path.h"
#include "journal/event.h"
#include "journal/json_scanner.h"

namespace rayhistory::collector {
namespace {

// Folders between the root and a file: <session>/job_events/<job>/<file>. What is deeper is not ours.
constexpr int kDeepestFolder = 3;
// What is read of all files together to learn the last IDs: several of Ray's batches of 1 MB, of which one is
// in flight; 10 ms of a whole CPU, so that events are taken in time also with a fifth of one.
constexpr uint64_t kTailsBytes = 8 * 1024 * 1024;
// A batch is no longer, and so no line.
constexpr uint64_t kLongestLineBytes = 64 * 1024 * 1024;
// Read at a time when looking backwards for a line break.
constexpr size_t kBackwardBytes = 64 * 1024;

void tell_unlisted(const Error& error) {
  if (error.kind == ErrorKind::not_found) return;
  log_warning("event journals of an earlier run cannot be listed and stay where they are",
              {{"error", error.message}});
}

// Calls `visit(path below the first folder, status)` for everything that is no folder.
void walk(const OpenFolder& folder, const std::string& below, int depth,
          const std::function<void(const std::string&, const FileStatus&)>& visit) {
  std::vector<std::string> names;
  const Result<void> listed =
      folder.for_each([&](std::string_view name, FileType) { names.emplace_back(name); });
  if (!listed) return tell_unlisted(listed.error());
  for (const std::string& name : names) {
    const std::string path = below + name;
    const Result<FileStatus> status = folder.status_of(name);
    if (!status && status.error().kind == ErrorKind::not_found) continue;  // gone since
    if (!status) {
      tell_unlisted(status.error());
    } else if (status->type == FileType::directory && depth < kDeepestFolder) {
      const Result<OpenFolder> deeper = folder.open_below(name);
      deeper ? walk(*deeper, path + "/", depth + 1, visit) : tell_unlisted(deeper.error());
    } else {
      visit(path, *status);
    }
  }
}

bool older(const FoundJournal& a, const FoundJournal& b) {
  return a.found.name.opened_nanoseconds < b.found.name.opened_nanoseconds;
}

// The complete lines in the last `limit` bytes of a file, without the one that begins before them.
Result<std::string> last_lines(const FoundJournal& journal, uint64_t limit) {
  TRY_ASSIGN(const File file, open_for_reading(journal.path));
  const uint64_t start = journal.status.size > limit ? journal.status.size - limit : 0;
  std::string tail(journal.status.size - start, '\0');
  TRY_ASSIGN(const size_t got, file.read_at(start, tail));
  tail.resize(got);
  tail.resize(tail.rfind('\n') + 1);  // npos + 1 is 0: no line at all
  if (start > 0) tail.erase(0, tail.find('\n') + 1);
  return tail;
}

// How long the beginning of the file's first `size` bytes is that ends with the last of such characters; 0
// where there is none.
Result<uint64_t> size_up_to_last(const File& file, uint64_t size, bool (*is_wanted)(char)) {
  std::string block;
  uint64_t start = size;
  while (start > 0) {
    const uint64_t length = std::min<uint64_t>(start, kBackwardBytes);
    start -= length;
    block.resize(length);
    TRY_ASSIGN(const size_t got, file.read_at(start, block));
    block.resize(got);
    const auto last = std::find_if(block.rbegin(), block.rend(), is_wanted);
    if (last != block.rend()) return start + static_cast<uint64_t>(block.rend() - last);
  }
  return uint64_t{0};
}

// `size` is 0 or the end of a line.
Result<uint64_t> size_without_blank_lines(const File& file, uint64_t size) {
  TRY_ASSIGN(const uint64_t text, size_up_to_last(file, size, [](char c) { return c != '\n'; }));
  return text == 0 ? 0 : text + 1;
}

// Whether the line from `start` to `end`, with its line break, is one whole JSON value. A batch that was not
// written to its end leaves a piece of a line in front of the blank ones.
Result<bool> holds_json(const File& file, uint64_t start, uint64_t end) {
  if (end - start > kLongestLineBytes) return true;  // none that we wrote, and too long to be looked at
  std::string line(end - start, '\0');
  TRY_ASSIGN(const size_t got, file.read_at(start, line));
  line.resize(got);
  JsonScanner scanner(line);
  return scanner.skip_value() && scanner.peek() == '\0' && scanner.position() == line.size();
}

}  // namespace

SharedPath recent_event_ids_path(const JournalFolder& folder) {
  return folder.root() / "recent_event_ids";
}

FoundJournals find_journals(const JournalFolder& folder) {
  FoundJournals journals;
  std::string first_unknown;
  uint64_t unknown = 0;
  const Result<OpenFolder> root = open_folder(folder.root());
  if (!root) {
    tell_unlisted(root.error());
    return journals;
  }
  walk(*root, "", 0, [&](const std::string& path, const FileStatus& status) {
    const SharedPath whole_path = folder.root() / path;
    if (status.type == FileType::regular && path.ends_with(".tmp")) {
      if (const Result<void> removed = remove_file(whole_path); !removed) {
        log_warning("a torn write of an earlier run cannot be removed", {{"error", removed.error().message}});
      }
      return;
    }
    if (whole_path == recent_event_ids_path(folder)) return;
    auto found = status.type == FileType::regular ? JournalFolder::parse(path) : std::nullopt;
    if (!found) {
      if (unknown++ == 0) first_unknown = path;
      return;
    }
    journals.bytes += status.size;
    (found->gzip ? journals.compressed : journals.plain).push_back({std::move(*found), whole_path, status});
  });
  if (unknown > 0) {
    log_warning("not event journals: left alone",
                {{"folder", folder.root().str()}, {"files", unknown}, {"first", first_unknown}});
  }
  std::sort(journals.plain.begin(), journals.plain.end(), older);
  std::sort(journals.compressed.begin(), journals.compressed.end(), older);
  return journals;
}

std::vector<EventIdHash> last_event_ids(const FoundJournals& journals, size_t limit) {
  std::vector<const FoundJournal*> newest_first;
  for (const FoundJournal& journal : journals.plain)
    newest_first.push_back(&journal);
  std::sort(newest_first.begin(), newest_first.end(), [](const FoundJournal* a, const FoundJournal* b) {
    return a->status.modified_nanoseconds > b->status.modified_nanoseconds;
  });

  std::vector<EventIdHash> newest_ids;
  uint64_t bytes_left = kTailsBytes;
  for (const FoundJournal* journal : newest_first) {
    if (newest_ids.size() >= limit || bytes_left == 0) break;
    const Result<std::string> lines = last_lines(*journal, bytes_left);
    if (!lines) continue;  // recovery proper tells of it
    bytes_left -= std::min<uint64_t>(bytes_left, journal->status.size);
    const EventIdSpace space = journal->found.name.kind == JournalKind::rejected_events
                                   ? EventIdSpace::set_aside
                                   : EventIdSpace::good;
    std::string_view left = *lines;
    while (!left.empty() && newest_ids.size() < limit) {
      left.remove_suffix(1);  // the line break
      const size_t start = left.rfind('\n') + 1;
      if (const auto id = event_id_of_line(left.substr(start), space)) newest_ids.push_back(*id);
      left = left.substr(0, start);
    }
  }
  std::reverse(newest_ids.begin(), newest_ids.end());
  return newest_ids;
}

Result<uint64_t> size_of_whole_lines(const SharedPath& path, uint64_t size) {
  TRY_ASSIGN(const File file, open_for_reading(path));
  TRY_ASSIGN(const uint64_t complete, size_up_to_last(file, size, [](char c) { return c == '\n'; }));
  TRY_ASSIGN(const uint64_t end, size_without_blank_lines(file, complete));
  if (end == 0) return end;
  TRY_ASSIGN(const uint64_t start, size_up_to_last(file, end - 1, [](char c) { return c == '\n'; }));
  TRY_ASSIGN(const bool is_whole, holds_json(file, start, end));
  return is_whole ? end : size_without_blank_lines(file, start);
}

}  // namespace rayhistory::collector
