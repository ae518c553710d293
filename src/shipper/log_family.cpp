#include "shipper/log_family.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "base/check.h"
#include "base/digest.h"
#include "layout/rotated_log.h"

namespace rayhistory::collector {
namespace {

using Step = Task::Step;
using Kind = NextStep::Kind;

// 60 bits: two objects of one key that agree in them do not occur, and the number stays one of 64 bits.
constexpr size_t kFingerprintDigits = 15;

NextStep perform(Step step, const MirroredKey* other = nullptr) {
  return {Kind::perform, step, other == nullptr ? "" : other->key};
}

NextStep perform_or_wait(Step step, const MirroredKey& other) {
  return other.busy ? NextStep{Kind::wait} : perform(step, &other);
}

bool is_write(Step step) {
  return step == Step::put || step == Step::extend || step == Step::claim;
}

// Whether an object of this size at the live key may be the beginning of the rotated log.
bool may_be_claimed(const ObjectHere* here, const Shipment& file) {
  return here != nullptr && here->object.size > 0 && here->object.size <= file.size;
}

NextStep step_without_object(const MirroredKey& key) {
  const Shipment& file = *key.shipment;
  const bool may_claim = key.claim != Claim::decided && file.kind == ShipmentKind::rotated_log &&
                         !file.moved_from.empty() && key.family != nullptr;
  if (!may_claim) return perform(Step::put);
  const MirroredKey& live = *key.family->live;
  if (live.busy) return {Kind::wait};
  if (is<Uncertain>(live.state)) return perform(Step::look, &live);
  if (!may_be_claimed(object_at(live.state), file)) return perform(Step::put);
  if (is<Listed>(live.state) || is<Orphaned>(live.state)) return perform(Step::compare, &live);
  const Content* content = content_at(live.state);
  if (content == nullptr || *content != content_of(file)) return perform(Step::put);
  const bool is_whole = object_at(live.state)->object.size == file.size;
  return perform(is_whole ? Step::claim : Step::complete, &live);
}

NextStep step_for_beginning(const MirroredKey& key) {
  const Shipment& file = *key.shipment;
  if (holds_all(key.state, file))
    return has_work(key) ? perform(Step::report_stored) : NextStep{Kind::nothing};
  const uint64_t stored = object_at(key.state)->object.size;
  const bool can_extend =
      file.grows && key.refusals != WriteRefusals::several && stored > 0 && stored < file.size;
  return perform(can_extend ? Step::extend : Step::put);
}

// A rotated log of the family whose claim on the object at the live key is not settled.
std::optional<NextStep> step_of_unsettled_claim(const MirroredKey& live) {
  const Content* content = content_at(live.state);
  for (const auto& [name, rotated] : live.family->rotated) {
    if (!rotated->content) continue;
    const bool may_claim_yet =
        rotated->shipment && object_at(rotated->state) == nullptr && rotated->claim != Claim::decided;
    if (may_claim_yet) return NextStep{Kind::wait};
    if (is<Uncertain>(rotated->state) && content != nullptr && *rotated->content == *content)
      return perform_or_wait(Step::look, *rotated);
  }
  return std::nullopt;
}

bool is_kept_by_its_own_key(const MirroredKey& live) {
  const Content* content = content_at(live.state);
  if (content == nullptr) return false;
  return std::any_of(live.family->rotated.begin(), live.family->rotated.end(), [&](const auto& item) {
    const auto& [name, rotated] = item;
    const ObjectHere* here = object_at(rotated->state);
    return rotated->content == *content && here != nullptr &&
           here->object.size >= object_at(live.state)->object.size;
  });
}

// A rotated log whose object may begin with the one at the live key, and was not compared with it yet. Only
// an object that an earlier run wrote needs one: this run knows where its own objects went.
const MirroredKey* possible_keeper(const MirroredKey& live) {
  if (live.family == nullptr || content_at(live.state) != nullptr || is<Vacated>(live.state)) return nullptr;
  const ObjectHere& here = *object_at(live.state);
  for (const auto& [name, rotated] : live.family->rotated) {
    const ObjectHere* kept = object_at(rotated->state);
    if (kept == nullptr || kept->object.size < here.object.size) continue;
    const auto parsed = parse_rotated_log(name);
    if (!parsed || parsed->live_path != live.key) continue;
    if (std::find(here.not_kept_at.begin(), here.not_kept_at.end(), name) == here.not_kept_at.end())
      return rotated;
  }
  return nullptr;
}

NextStep step_to_preserve(const MirroredKey& live) {
  const ObjectHere& here = *object_at(live.state);
  if (live.family != nullptr) {
    if (auto step = step_of_unsettled_claim(live)) return *step;
    if (is_kept_by_its_own_key(live)) return perform(Step::put);
    // After a restart: the object may have been copied to its own name by the run before.
    if (const MirroredKey* keeper = possible_keeper(live))
      return perform_or_wait(Step::compare_kept, *keeper);
  }
  if (!live.shipment->has_file() && here.second_copy == SecondCopy::unknown) return {Kind::leave};
  if (!here.object.modified_nanoseconds) return perform(Step::look);
  const std::string keeper_key = preserving_key(live);
  if (live.family != nullptr) {
    if (const auto keeper = live.family->rotated.find(keeper_key); keeper != live.family->rotated.end()) {
      if (keeper->second->busy) return {Kind::wait};
      const ObjectHere* kept = object_at(keeper->second->state);
      if (kept != nullptr && kept->object.size == here.object.size) return perform(Step::put);
    }
  }
  return {Kind::perform, Step::preserve, keeper_key};
}

NextStep step_for_earlier(const MirroredKey& key) {
  const ObjectHere& here = *object_at(key.state);
  const auto* holds = std::get_if<Holds>(&key.state);
  const bool is_older_version = holds != nullptr && holds->is_version && key.versions.is_version();
  const bool is_wanted = key.shipment->keep_earlier && !is_older_version;
  if (!is_wanted || here.second_copy == SecondCopy::kept || here.object.size == 0) return perform(Step::put);
  return step_to_preserve(key);
}

// ---- what a step changes

// The state without the doubt.
KeyState certain(CertainState state) {
  return std::visit([](auto& it) -> KeyState { return std::move(it); }, state);
}

void become_uncertain(MirroredKey& key) {
  if (is<Uncertain>(key.state)) return;
  key.state = std::visit(
      [](auto& it) -> KeyState {
        if constexpr (std::is_same_v<std::remove_cvref_t<decltype(it)>, Uncertain>) {
          return std::move(it);
        } else {
          return Uncertain{std::move(it)};
        }
      },
      key.state);
}

void apply_look(MirroredKey& key, const TaskResult& result) {
  if (result.outcome == Outcome::different) {
    key.state = Absent{};
    return;
  }
  // An ETag belongs to one write. If it is the same, so are the bytes, and all that is known of them holds.
  ObjectHere* before = object_at(key.state);
  const bool is_as_before =
      before != nullptr && !result.object.etag.empty() && before->object == result.object;
  if (!is_as_before) {
    key.state = Listed{{result.object}};
    return;
  }
  before->object = result.object;
  if (auto* uncertain = std::get_if<Uncertain>(&key.state)) key.state = certain(std::move(uncertain->before));
}

void apply_compare(MirroredKey& key, MirroredKey& compared, const Task& task, bool is_beginning) {
  if (is_beginning) {
    if (ObjectHere* here = object_at(compared.state))
      compared.state = Holds{std::move(*here), content_of(task.shipment)};
  } else if (&compared != &key) {
    key.claim = Claim::decided;
  } else if (ObjectHere* here = object_at(compared.state)) {
    compared.state = Orphaned{std::move(*here)};
  }
}

void apply_preserve(MirroredKey& key, MirroredKey& keeper, const TaskResult& result) {
  const Content* content = content_at(key.state);
  if (content != nullptr) {
    keeper.state = Holds{{result.object}, *content};
  } else {
    keeper.state = Listed{{result.object}};
  }
  object_at(key.state)->second_copy = SecondCopy::kept;
}

void apply_written(MirroredKey& key, const Task& task, const TaskResult& result) {
  const Content content = content_of(task.shipment);
  if (task.shipment.has_file()) {
    const bool is_version = key.versions.is_version() && key.content == content;
    key.state = Holds{{result.object}, content, is_version};
  } else {
    key.state = Vacated{{result.object}};
  }
  key.refusals = WriteRefusals::none;
  key.claim = Claim::decided;
}

void apply_done(MirroredKey& key, MirroredKey* other, const Task& task, const TaskResult& result) {
  switch (task.step) {
    case Step::look:
      return apply_look(other != nullptr ? *other : key, result);
    case Step::compare:
      return apply_compare(key, *other, task, true);
    case Step::compare_kept:
      object_at(key.state)->second_copy = SecondCopy::kept;
      return;
    case Step::complete:
      other->state = Holds{{result.object}, content_of(task.shipment)};
      return;
    case Step::claim:
      key.state = Holds{{result.object}, content_of(task.shipment)};
      key.claim = Claim::decided;
      if (ObjectHere* here = object_at(other->state)) here->second_copy = SecondCopy::kept;
      return;
    case Step::preserve:
      return apply_preserve(key, *other, result);
    case Step::put:
    case Step::extend:
      return apply_written(key, task, result);
    case Step::report_stored:
      key.reported = true;
      return;
    case Step::list_prefix:
    case Step::report_ended:
      UNREACHABLE("a step of a prefix");
  }
}

void apply_different(MirroredKey& key, MirroredKey* other, const Task& task, const TaskResult& result) {
  switch (task.step) {
    case Step::look:
      return apply_look(other != nullptr ? *other : key, result);
    case Step::compare:
      return apply_compare(key, *other, task, false);
    case Step::compare_kept:
      object_at(key.state)->not_kept_at.push_back(other->key);
      return;
    case Step::complete:
    case Step::claim:
      // A request that came twice has found its own result: what is there now is compared again, once.
      become_uncertain(*other);
      key.claim = key.claim == Claim::undecided ? Claim::refused_once : Claim::decided;
      return;
    case Step::preserve:
      return become_uncertain(key);
    case Step::put:
    case Step::extend:
      key.refusals = key.refusals == WriteRefusals::none ? WriteRefusals::one : WriteRefusals::several;
      return become_uncertain(key);
    case Step::report_stored:
    case Step::list_prefix:
    case Step::report_ended:
      UNREACHABLE("a step that finds no difference");
  }
}

// The file moved or the step failed: the store may have been written to.
void apply_unfinished(MirroredKey& key, MirroredKey* other, const Task& task, const TaskResult& result) {
  if (is_write(task.step)) become_uncertain(key);
  if (task.step == Step::complete) become_uncertain(*other);
  const bool cannot_copy = result.error && result.error->kind == ErrorKind::unsupported;
  if (task.step == Step::claim && cannot_copy) key.claim = Claim::decided;
}

}  // namespace

bool has_work(const MirroredKey& key) {
  if (!key.shipment) return false;
  const Shipment& file = *key.shipment;
  if (!file.grows && !file.final) return false;
  return !holds_all(key.state, file) || (file.final && file.on_stored && !key.reported);
}

NextStep next_step(const MirroredKey& key) {
  if (!has_work(key)) return {Kind::nothing};
  if (is<Uncertain>(key.state)) return perform(Step::look);
  switch (relation_of(key.state, *key.shipment)) {
    case Relation::unlisted:
      return {Kind::wait};
    case Relation::no_object:
      return step_without_object(key);
    case Relation::beginning:
      return step_for_beginning(key);
    case Relation::unknown:
      return perform(Step::compare, &key);
    case Relation::earlier:
      return step_for_earlier(key);
  }
  UNREACHABLE("a relation without a rule");
}

void begin(MirroredKey& key, MirroredKey* other, Task::Step step) {
  key.busy = true;
  if (other != nullptr) other->busy = true;
  if (step == Step::put) key.claim = Claim::decided;
  // The file is shorter than the object now, so it will not begin with it when it has grown either.
  const bool is_of_another_file = key.shipment->has_file() && is<Listed>(key.state) &&
                                  relation_of(key.state, *key.shipment) == Relation::earlier;
  if (is_of_another_file) key.state = Orphaned{std::move(*object_at(key.state))};
  if (step == Step::preserve) object_at(key.state)->second_copy = SecondCopy::begun;
}

void apply(MirroredKey& key, MirroredKey* other, const Task& task, const TaskResult& result) {
  key.busy = false;
  if (other != nullptr) other->busy = false;
  switch (result.outcome) {
    case Outcome::done:
      return apply_done(key, other, task, result);
    case Outcome::different:
      return apply_different(key, other, task, result);
    case Outcome::file_moved:
    case Outcome::failed:
      return apply_unfinished(key, other, task, result);
  }
}

void found(MirroredKey& key, StoredObject object) {
  if (is<NotListed>(key.state) || is<Absent>(key.state)) key.state = Listed{{std::move(object)}};
}

void not_found(MirroredKey& key) {
  if (is<NotListed>(key.state)) key.state = Absent{};
}

void compare_again(MirroredKey& key) {
  ObjectHere* here = object_at(key.state);
  if (here == nullptr) return;
  Listed listed{std::move(*here)};
  if (auto* uncertain = std::get_if<Uncertain>(&key.state)) {
    uncertain->before = std::move(listed);
  } else {
    key.state = std::move(listed);
  }
}

bool may_be_vacated(const MirroredKey& live) {
  const ObjectHere* here = object_at(live.state);
  if (live.shipment || here == nullptr || here->object.size == 0) return false;
  const Content* content = content_at(live.state);
  if (content != nullptr && is_rotated_away(live, *content)) return true;
  return here->second_copy != SecondCopy::unknown || possible_keeper(live) != nullptr;
}

bool is_rotated_away(const MirroredKey& live, const Content& content) {
  if (live.family == nullptr) return false;
  return std::any_of(live.family->rotated.begin(), live.family->rotated.end(),
                     [&](const auto& item) { return item.second->content == content; });
}

std::string preserving_key(const MirroredKey& live) {
  const StoredObject& object = object_at(live.state)->object;
  const std::string fingerprint = to_hex(sha256(object.etag + '/' + std::to_string(object.size)));
  const uint64_t number = std::stoull(fingerprint.substr(0, kFingerprintDigits), nullptr, 16);
  return rotated_log_path(live.key, *object.modified_nanoseconds, number);
}

}  // namespace rayhistory::collector
