#include "shipper/key_state.h"

#include <algorithm>
#include <type_traits>

namespace rayhistory::collector {
namespace {

template <typename State>
auto* object_in(State& state) {
  return std::visit(
      [](auto& it) -> std::conditional_t<std::is_const_v<State>, const ObjectHere, ObjectHere>* {
        using Case = std::remove_cvref_t<decltype(it)>;
        if constexpr (std::is_same_v<Case, Uncertain>) {
          return object_in(it.before);
        } else if constexpr (std::is_same_v<Case, NotListed> || std::is_same_v<Case, Absent>) {
          return nullptr;
        } else {
          return &it.here;
        }
      },
      state);
}

template <typename Case>
const Case* certain(const KeyState& state) {
  if (const auto* uncertain = std::get_if<Uncertain>(&state)) return std::get_if<Case>(&uncertain->before);
  return std::get_if<Case>(&state);
}

}  // namespace

const ObjectHere* object_at(const KeyState& state) {
  return object_in(state);
}

ObjectHere* object_at(KeyState& state) {
  return object_in(state);
}

const Content* content_at(const KeyState& state) {
  const auto* holds = certain<Holds>(state);
  return holds == nullptr ? nullptr : &holds->content;
}

Relation relation_of(const KeyState& state, const Shipment& file) {
  if (certain<NotListed>(state) != nullptr) return Relation::unlisted;
  const ObjectHere* here = object_at(state);
  if (here == nullptr) return Relation::no_object;
  if (key_names_content(file)) return Relation::beginning;
  if (certain<Vacated>(state) != nullptr) return file.has_file() ? Relation::earlier : Relation::beginning;
  if (const Content* content = content_at(state))
    return *content == content_of(file) ? Relation::beginning : Relation::earlier;
  if (certain<Orphaned>(state) != nullptr) return Relation::earlier;
  if (here->object.size == 0) return Relation::beginning;
  return file.has_file() && here->object.size <= file.size ? Relation::unknown : Relation::earlier;
}

bool holds_all(const KeyState& state, const Shipment& file) {
  if (is<Uncertain>(state) || relation_of(state, file) != Relation::beginning) return false;
  const uint64_t size = object_at(state)->object.size;
  return key_names_content(file) ? size >= file.size : size == file.size;
}

bool is_only_listed(const KeyState& state) {
  return certain<Listed>(state) != nullptr;
}

uint64_t stored_bytes(const KeyState& state, const Content& content, uint64_t size) {
  const ObjectHere* here = object_at(state);
  if (here == nullptr) return 0;
  const Content* known = content_at(state);
  const bool is_its =
      is_only_listed(state) ? here->object.size <= size : known != nullptr && *known == content;
  return is_its ? std::min(here->object.size, size) : 0;
}

}  // namespace rayhistory::collector
