#include "shipper/log_family.h"

#include <functional>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "layout/rotated_log.h"
#include "testing/document_section.h"
#include "testing/temporary_folder.h"

namespace rayhistory::collector {
namespace {

using Step = Task::Step;

constexpr uint64_t kFileSize = 100;
const std::string kLiveKey = "logs/x.out";
const std::string kRotatedKey = "logs/x.rotated.1-1.out";
const FileIdentity kThisFile{.device = 1, .inode = 1};
const FileIdentity kOtherFile{.device = 1, .inode = 2};

std::string name_of(Step step) {
  switch (step) {
    case Step::list_prefix:
      return "list_prefix";
    case Step::look:
      return "look";
    case Step::compare:
      return "compare";
    case Step::complete:
      return "complete";
    case Step::claim:
      return "claim";
    case Step::preserve:
      return "preserve";
    case Step::compare_kept:
      return "compare_kept";
    case Step::put:
      return "put";
    case Step::extend:
      return "extend";
    case Step::report_stored:
      return "report_stored";
    case Step::report_ended:
      return "report_ended";
  }
  return "";
}

std::string name_of(const NextStep& step) {
  switch (step.kind) {
    case NextStep::Kind::nothing:
      return "–";
    case NextStep::Kind::wait:
      return "wait";
    case NextStep::Kind::leave:
      return "leave";
    case NextStep::Kind::perform:
      return name_of(step.step) + (step.other_key == kLiveKey ? " the live key" : "");
  }
  return "";
}

std::string certain_name(const CertainState& state) {
  static constexpr std::string_view kNames[] = {"NotListed", "Absent",   "Listed",
                                                "Holds",     "Orphaned", "Vacated"};
  return std::string(kNames[state.index()]);
}

// The documentation's name for the state of a key, with the file whose bytes it holds.
std::string name_of(const KeyState& state) {
  if (const auto* uncertain = std::get_if<Uncertain>(&state))
    return "Uncertain, before: " + certain_name(uncertain->before);
  const CertainState certain = std::visit(
      [](const auto& it) -> CertainState {
        if constexpr (std::is_same_v<std::decay_t<decltype(it)>, Uncertain>) {
          return it.before;
        } else {
          return it;
        }
      },
      state);
  std::string name = certain_name(certain);
  if (const Content* content = content_at(state))
    name += content->identity == kThisFile ? " this file" : " another file";
  const ObjectHere* here = object_at(state);
  if (here != nullptr && here->second_copy == SecondCopy::begun) name += ", second copy begun";
  if (here != nullptr && here->second_copy == SecondCopy::kept) name += ", second copy kept";
  return name;
}

StoredObject object_of(uint64_t size) {
  return {.size = size, .etag = "etag", .modified_nanoseconds = 1'000'000'000};
}

Shipment file_of(ShipmentKind kind) {
  Shipment file;
  file.kind = kind;
  file.identity = kThisFile;
  file.size = kFileSize;
  file.final = kind == ShipmentKind::rotated_log;
  static const TemporaryFolder folder;
  file.path = folder.shared("x.out");
  return file;
}

Shipment rotated_file() {
  Shipment file = file_of(ShipmentKind::rotated_log);
  file.moved_from = kLiveKey;
  return file;
}

MirroredKey key_with(std::string name, std::optional<Shipment> file, KeyState state) {
  MirroredKey key;
  key.key = std::move(name);
  if (file) key.content = content_of(*file);
  key.shipment = std::move(file);
  key.state = std::move(state);
  return key;
}

struct NamedState {
  std::string name;
  KeyState state;
};

// Every state that a key can be in, beside a file of 100 bytes.
std::vector<NamedState> states() {
  const Content this_file{kThisFile, 0};
  const Content other_file{kOtherFile, 0};
  return {
      {"NotListed", NotListed{}},
      {"Absent", Absent{}},
      {"Listed, 0 bytes", Listed{{object_of(0)}}},
      {"Listed, 60 bytes", Listed{{object_of(60)}}},
      {"Listed, 100 bytes", Listed{{object_of(kFileSize)}}},
      {"Listed, 140 bytes", Listed{{object_of(140)}}},
      {"Holds 60 bytes of this file", Holds{{object_of(60)}, this_file}},
      {"Holds 100 bytes of this file", Holds{{object_of(kFileSize)}, this_file}},
      {"Holds 60 bytes of another file", Holds{{object_of(60)}, other_file}},
      {"Holds 60 bytes of another file, second copy kept",
       Holds{{object_of(60), SecondCopy::kept}, other_file}},
      {"Orphaned, 60 bytes", Orphaned{{object_of(60)}}},
      {"Orphaned, 60 bytes, second copy begun", Orphaned{{object_of(60), SecondCopy::begun}}},
      {"Vacated", Vacated{{object_of(0)}}},
      {"Uncertain, Absent before", Uncertain{Absent{}}},
      {"Uncertain, Holds 100 bytes of this file before", Uncertain{Holds{{object_of(kFileSize)}, this_file}}},
  };
}

// Two keys of one family: the live one and a rotated one.
struct Family {
  Family(MirroredKey live_key, MirroredKey rotated_key)
      : live(std::move(live_key)), rotated(std::move(rotated_key)) {
    family.live = &live;
    family.rotated.emplace(rotated.key, &rotated);
    live.family = &family;
    rotated.family = &family;
  }
  Family(const Family&) = delete;
  Family& operator=(const Family&) = delete;

  MirroredKey live;
  MirroredKey rotated;
  LogFamily family;
};

std::string row(const std::vector<std::string>& cells) {
  std::string text = "|";
  for (const std::string& cell : cells)
    text += " " + cell + " |";
  return text + "\n";
}

std::string table_of_one_key() {
  std::string text =
      "### A key without a family\n\n"
      "The file has 100 bytes.\n\n"
      "| the key | an event file | a live log | no file belongs there |\n|---|---|---|---|\n";
  for (const NamedState& state : states()) {
    const MirroredKey events = key_with("events/x", file_of(ShipmentKind::events), state.state);
    const MirroredKey live = key_with(kLiveKey, file_of(ShipmentKind::log), state.state);
    const MirroredKey vacant = key_with(kLiveKey, Shipment{}, state.state);
    // The key of an event file contains the file's name, so no other file's bytes can be there.
    const Content* content = content_at(state.state);
    const bool is_anothers =
        is<Orphaned>(state.state) || (content != nullptr && content->identity == kOtherFile);
    text += row({state.name, is_anothers ? "cannot be" : name_of(next_step(events)), name_of(next_step(live)),
                 name_of(next_step(vacant))});
  }
  return text;
}

std::string table_of_rotated_key() {
  std::string text =
      "\n### A rotated log's key at which the store has no object\n\n"
      "The rotated log has 100 bytes.\n\n"
      "| the live key | claim undecided | claim decided |\n|---|---|---|\n";
  const auto next = [](const KeyState& live, bool is_busy, Claim claim) {
    Family family(key_with(kLiveKey, std::nullopt, live), key_with(kRotatedKey, rotated_file(), Absent{}));
    family.live.busy = is_busy;
    family.rotated.claim = claim;
    return name_of(next_step(family.rotated));
  };
  for (const NamedState& state : states()) {
    text += row(
        {state.name, next(state.state, false, Claim::undecided), next(state.state, false, Claim::decided)});
  }
  text += row({"busy", next(Absent{}, true, Claim::undecided), next(Absent{}, true, Claim::decided)});
  return text;
}

std::string table_of_live_key() {
  std::string text =
      "\n### A live key at which an earlier file's object lies\n\n"
      "The earlier file's object has 60 bytes.\n\n"
      "| the rotated log's key | the object is that log's beginning | no file of the object is known "
      "|\n|---|---|---|\n";
  const Content other_file{kOtherFile, 0};
  const auto next = [&](const KeyState& live, const MirroredKey& rotated) {
    Family family(key_with(kLiveKey, file_of(ShipmentKind::log), live), rotated);
    return name_of(next_step(family.live));
  };
  const auto rotated = [&](std::optional<Shipment> file, KeyState state, Claim claim = Claim::decided) {
    if (file) file->identity = kOtherFile;
    MirroredKey key = key_with(kRotatedKey, std::move(file), std::move(state));
    key.content = other_file;
    key.claim = claim;
    return key;
  };
  const std::vector<std::pair<std::string, MirroredKey>> rows = {
      {"Absent, its file claims the object yet", rotated(rotated_file(), Absent{}, Claim::undecided)},
      {"Absent, its claim is decided", rotated(rotated_file(), Absent{})},
      {"Uncertain", rotated(rotated_file(), Uncertain{Absent{}})},
      {"Holds 60 bytes", rotated(std::nullopt, Holds{{object_of(60)}, other_file})},
      {"Holds 30 bytes", rotated(std::nullopt, Holds{{object_of(30)}, other_file})},
      {"Listed, 60 bytes", rotated(std::nullopt, Listed{{object_of(60)}})},
      {"Listed, 30 bytes", rotated(std::nullopt, Listed{{object_of(30)}})},
  };
  for (const auto& [name, key] : rows)
    text += row({name, next(Holds{{object_of(60)}, other_file}, key), next(Orphaned{{object_of(60)}}, key)});
  return text;
}

struct Ending {
  Step step;
  KeyState key;
  std::optional<KeyState> other;
};

std::string table_of_outcomes() {
  const Content this_file{kThisFile, 0};
  const std::vector<Ending> endings = {
      {Step::look, Uncertain{Absent{}}, std::nullopt},
      {Step::compare, Listed{{object_of(60)}}, std::nullopt},
      {Step::compare, Absent{}, Listed{{object_of(60)}}},
      {Step::complete, Absent{}, Holds{{object_of(60)}, this_file}},
      {Step::claim, Absent{}, Holds{{object_of(kFileSize)}, this_file}},
      {Step::preserve, Orphaned{{object_of(60)}}, Absent{}},
      {Step::compare_kept, Orphaned{{object_of(60)}}, Listed{{object_of(80)}}},
      {Step::put, Absent{}, std::nullopt},
      {Step::extend, Holds{{object_of(60)}, this_file}, std::nullopt},
  };
  std::string text =
      "\n### How a step ends\n\n"
      "The cell names the state of the key and, after a semicolon, that of the other key.\n\n"
      "| step | before | done | different | file_moved | failed |\n|---|---|---|---|---|---|\n";
  for (const Ending& ending : endings) {
    const bool is_live = ending.step == Step::preserve || ending.step == Step::compare_kept || !ending.other;
    const std::string key_name = is_live ? kLiveKey : kRotatedKey;
    const std::string other_name = is_live ? kRotatedKey : kLiveKey;
    const auto states_of = [&](const MirroredKey& key, const MirroredKey* other) {
      return name_of(key.state) + (ending.other ? "; " + name_of(other->state) : "");
    };
    const Shipment file = is_live ? file_of(ShipmentKind::log) : rotated_file();
    std::vector<std::string> cells = {name_of(ending.step)};
    for (const Outcome outcome : {Outcome::done, Outcome::different, Outcome::file_moved, Outcome::failed}) {
      MirroredKey key = key_with(key_name, file, ending.key);
      MirroredKey other = key_with(other_name, std::nullopt, ending.other.value_or(KeyState{}));
      MirroredKey* second = ending.other ? &other : ending.step == Step::compare ? &key : nullptr;
      if (cells.size() == 1) cells.push_back(states_of(key, &other));
      begin(key, second, ending.step);
      const Task task{.step = ending.step,
                      .key = key_name,
                      .other_key = second == nullptr ? "" : second->key,
                      .stored = {},
                      .shipment = file};
      TaskResult result{outcome, object_of(kFileSize), std::nullopt};
      if (outcome == Outcome::failed) result.error = Error{ErrorKind::retry, "503"};
      apply(key, second, task, result);
      cells.push_back(states_of(key, &other));
    }
    text += row(cells);
  }
  return text;
}

constexpr std::string_view kBegin = "<!-- the tables: generated by LedgerDocument -->\n\n";
constexpr std::string_view kEnd = "\n<!-- the end of the tables -->";

// `RAYHISTORY_WRITE_DOCS=1 shipper_test --gtest_filter='LedgerDocument.*'` writes the tables.
TEST(LedgerDocument, ShowsEachStateWithItsNextStepAndEachStepWithItsEnds) {
  const std::string tables =
      table_of_one_key() + table_of_rotated_key() + table_of_live_key() + table_of_outcomes();
  expect_document_section(std::string(RAYHISTORY_SOURCE_FOLDER) + "/docs/design/ledger.md", kBegin, kEnd,
                          tables, "shipper_test --gtest_filter='LedgerDocument.*'");
}

// ---- what the tables cannot show

TEST(LogFamily, AStepIsNeverPlannedForAKeyThatAnotherStepUses) {
  for (const NamedState& state : states()) {
    Family family(key_with(kLiveKey, file_of(ShipmentKind::log), state.state),
                  key_with(kRotatedKey, rotated_file(), Absent{}));
    family.live.busy = true;
    const NextStep step = next_step(family.rotated);
    EXPECT_EQ(step.kind, NextStep::Kind::wait) << state.name;
    family.live.busy = false;
    family.rotated.busy = true;
    const NextStep other = next_step(family.live);
    EXPECT_NE(other.other_key, kRotatedKey) << state.name;
  }
}

TEST(LogFamily, EveryStateReachesTheEndInAFewStepsIfEachStepIsDone) {
  constexpr int kStepsLimit = 5;
  for (const NamedState& state : states()) {
    if (is<NotListed>(state.state)) continue;
    MirroredKey key = key_with(kLiveKey, file_of(ShipmentKind::log), state.state);
    MirroredKey keeper = key_with("logs/x.rotated.9-9.out", std::nullopt, Absent{});
    int steps = 0;
    while (next_step(key).kind == NextStep::Kind::perform && steps < kStepsLimit) {
      const NextStep step = next_step(key);
      MirroredKey* other = step.other_key.empty() ? nullptr : step.other_key == key.key ? &key : &keeper;
      begin(key, other, step.step);
      const Task task{.step = step.step,
                      .key = key.key,
                      .other_key = step.other_key,
                      .stored = {},
                      .shipment = *key.shipment};
      apply(key, other, task, {Outcome::done, object_of(kFileSize), std::nullopt});
      ++steps;
    }
    EXPECT_TRUE(holds_all(key.state, *key.shipment)) << state.name << " after " << steps << " steps";
  }
}

TEST(LogFamily, ThePreservingKeyFollowsFromTheObjectAlone) {
  const MirroredKey one = key_with(kLiveKey, std::nullopt, Orphaned{{object_of(60)}});
  const MirroredKey again = key_with(kLiveKey, file_of(ShipmentKind::log), Listed{{object_of(60)}});
  const MirroredKey other = key_with(kLiveKey, std::nullopt, Orphaned{{object_of(61)}});
  EXPECT_EQ(preserving_key(one), preserving_key(again));
  EXPECT_NE(preserving_key(one), preserving_key(other));
  EXPECT_EQ(parse_rotated_log(preserving_key(one))->live_path, kLiveKey);
}

}  // namespace
}  // namespace rayhistory::collector
