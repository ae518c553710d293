// A live log and its rotated generations, each at a key of its own, and the rules that bring keys and files
// together: next_step() says what to do, apply() says what a finished step has changed. Neither knows time,
// threads or the store (ledger.h and upload.h do), so a test can play every case; docs/design/ledger.md lists
// them all.
//
// The rules
//   Compare before building on it.  An object that was only listed is compared with the file first.
//   Preserve before overwriting.    An earlier generation's object keeps its key until its bytes have a key
//   of
//       their own. The rotated log that they belong to claims them. If no file is left to claim them, they
//       are copied to preserving_key(), which follows from the object alone: each run that copies them, and a
//       copy that a killed run sent and that arrives late, arrive at the same key.
//   Complete before claiming.       A claim copies only complete files. The missing tail is first appended
//       under the old key; otherwise a late duplicate of the copy would overwrite it.
//   Vacate what is there twice.     If a live log was renamed and no new one comes, its key gets an empty
//   object,
//       which is the beginning of any file that comes next. Nothing is deleted, because the collector has no
//       permission to delete. An object that is nowhere else stays.
//
// A step that touches two keys always touches the live key. That key is busy meanwhile, so such steps run one
// at a time; uploads to other keys of the family go on.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "shipper/file_versions.h"
#include "shipper/key_state.h"
#include "shipper/task.h"

namespace rayhistory::collector {

struct LogFamily;

// Whether the object at the live key is this rotated log's.
enum class Claim {
  undecided,
  refused_once,  // the store held another object than expected, perhaps because a request came twice
  decided,
};

// How often in a row the store refused a put or an extend because it held another object than expected.
enum class WriteRefusals { none, one, several };

// One key of the store: the file that belongs there, and what the key holds.
struct MirroredKey {
  std::string key;
  std::optional<Shipment> shipment;  // without its key. Nothing: no file belongs here, or all is done
  std::optional<Content> content;    // of the last shipment
  KeyState state;
  Claim claim = Claim::undecided;
  WriteRefusals refusals = WriteRefusals::none;
  bool busy = false;      // a step under way reads or writes the key
  bool reported = false;  // the shipment's on_stored was called
  FileVersions versions;
  LogFamily* family = nullptr;  // nothing for a key that no rotated log belongs to
};

struct LogFamily {
  MirroredKey* live = nullptr;
  std::map<std::string_view, MirroredKey*> rotated;  // by key
};

struct NextStep {
  enum class Kind {
    nothing,  // the key is as it should be
    wait,     // until another step of the family has ended
    leave,    // the object cannot be vacated: no other key has its bytes. The shipment is dropped
    perform,  // `step`, with `other_key` where it touches two keys
  };
  Kind kind;
  Task::Step step{};
  std::string other_key = {};

  friend bool operator==(const NextStep&, const NextStep&) = default;
};

// Whether anything is left to do for the key.
bool has_work(const MirroredKey& key);

// The next step for a key that has a shipment and is not busy.
NextStep next_step(const MirroredKey& key);

// The step begins: its keys are busy until apply().
void begin(MirroredKey& key, MirroredKey* other, Task::Step step);
// The step has ended. `other` is the key at task.other_key, or nothing.
void apply(MirroredKey& key, MirroredKey* other, const Task& task, const TaskResult& result);

// A page of a listing shows the object. What this run wrote meanwhile is known better.
void found(MirroredKey& key, StoredObject object);
// The listing has ended without an object at the key.
void not_found(MirroredKey& key);
// The object has to be compared with the file again.
void compare_again(MirroredKey& key);

// Whether the object at a live key that no file belongs to may be under a rotated log's key too.
bool may_be_vacated(const MirroredKey& live);

// Whether a rotated log of the family is of this content.
bool is_rotated_away(const MirroredKey& live, const Content& content);

// The key under which the object of an earlier generation is preserved. It follows from what the store says
// of the object, which must include the time of its writing.
std::string preserving_key(const MirroredKey& live);

}  // namespace rayhistory::collector
