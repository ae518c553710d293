// An event walk reads the fields of one event, in either of protobuf's two spellings of their names.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory_resource>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <simdjson.h>

#include "base/field_name.h"
#include "base/rfc3339.h"
#include "historyserver/state/event_text.h"
#include "historyserver/state/ray_id.h"
#include "historyserver/state/session_state.h"

namespace rayhistory::historyserver {

// Texts that have to be made (IDs in hex, plain messages) live until the next event is read.
class EventScratch {
 public:
  std::string_view keep(std::string_view text) {
    if (text.empty()) return {};
    char* const place = static_cast<char*>(memory_.allocate(text.size(), 1));
    std::memcpy(place, text.data(), text.size());
    return {place, text.size()};
  }
  void clear() { memory_.release(); }

 private:
  // The IDs of most events fit in it.
  std::array<char, 4096> first_;  // NOLINT(cppcoreguidelines-pro-type-member-init): written before it is read
  std::pmr::monotonic_buffer_resource memory_{first_.data(), first_.size()};
};

// It walks one event. A value of another type than it should have counts as not there; only JSON that cannot
// be read on makes `ok` false.
class EventWalk {
 public:
  // again() reads with `inner`.
  EventWalk(EventScratch& scratch, simdjson::ondemand::parser& inner) : scratch_(scratch), inner_(inner) {}

  bool ok() const { return ok_; }

  // It calls on_field(name, value) for each field of a message. The name is in camel case, whichever of
  // protobuf's two spellings it has.
  template <typename OnField>
  void fields(simdjson::ondemand::value of, OnField on_field) {
    simdjson::ondemand::object found;
    if (of.get_object().get(found) != simdjson::SUCCESS) return;
    fields_of(found, on_field);
  }

  template <typename OnField>
  void fields_of(simdjson::ondemand::object found, OnField on_field) {
    FieldNameBuffer buffer;
    entries_of(found, [&](std::string_view key, simdjson::ondemand::value member) {
      on_field(camel_field_name(key, buffer), member);
    });
  }

  // It calls on_entry(key, value) for each entry of a map, whose keys are its user's.
  template <typename OnEntry>
  void entries(simdjson::ondemand::value of, OnEntry on_entry) {
    simdjson::ondemand::object found;
    if (of.get_object().get(found) != simdjson::SUCCESS) return;
    entries_of(found, on_entry);
  }

  template <typename OnEntry>
  void entries_of(simdjson::ondemand::object found, OnEntry on_entry) {
    for (auto member : found) {
      simdjson::ondemand::field one;
      std::string_view key;
      if (std::move(member).get(one) != simdjson::SUCCESS || !key_of(one, key)) {
        ok_ = false;
        return;
      }
      on_entry(key, one.value());
      if (!ok_) return;
    }
  }

  template <typename OnElement>
  void elements(simdjson::ondemand::value of, OnElement on_element) {
    simdjson::ondemand::array found;
    if (of.get_array().get(found) != simdjson::SUCCESS) return;
    for (auto element : found) {
      simdjson::ondemand::value one;
      if (element.get(one) != simdjson::SUCCESS) {
        ok_ = false;
        return;
      }
      on_element(one);
      if (!ok_) return;
    }
  }

  // Where nothing is escaped, as nearly always, it returns the bytes that stand there: simdjson would copy
  // them, and byte by byte in a program for any x86-64.
  static std::string_view text(simdjson::ondemand::value of) {
    std::string_view token = without_space_behind(of.raw_json_token());
    if (token.size() < 2 || token.front() != '"' || token.back() != '"') return {};
    token = token.substr(1, token.size() - 2);
    if (token.find('\\') == std::string_view::npos) return token;
    std::string_view text;
    return of.get_string().get(text) == simdjson::SUCCESS ? text : std::string_view();
  }

  // It returns the ID in hex.
  std::string_view id(simdjson::ondemand::value of, size_t bytes) { return hex_id(text(of), bytes); }
  std::string_view id_unless_nil(simdjson::ondemand::value of, size_t bytes) {
    return hex_id_unless_nil(text(of), bytes);
  }
  std::string_view hex_id_unless_nil(std::string_view raw, size_t bytes) {
    const std::string_view hex = hex_id(raw, bytes);
    return is_nil_id(hex) ? std::string_view() : hex;
  }

  // Protobuf writes 64-bit numbers as strings, and takes both.
  static std::optional<int64_t> number(simdjson::ondemand::value of) {
    simdjson::ondemand::json_type type{};
    if (of.type().get(type) != simdjson::SUCCESS) return std::nullopt;
    if (type == simdjson::ondemand::json_type::string) {
      const std::string_view digits = text(of);
      int64_t number = 0;
      const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
      if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
      return number;
    }
    int64_t number = 0;
    if (type != simdjson::ondemand::json_type::number || of.get_int64().get(number) != simdjson::SUCCESS)
      return std::nullopt;
    return number;
  }
  // No count, time or pid is negative.
  static int64_t count(simdjson::ondemand::value of) { return std::max<int64_t>(number(of).value_or(0), 0); }
  static uint32_t small_count(simdjson::ondemand::value of) {
    return static_cast<uint32_t>(std::min<int64_t>(count(of), std::numeric_limits<uint32_t>::max()));
  }

  static std::optional<double> amount(simdjson::ondemand::value of) {
    double number = 0;
    if (of.get_double().get(number) != simdjson::SUCCESS || !std::isfinite(number)) return std::nullopt;
    return number;
  }

  static std::optional<bool> truth(simdjson::ondemand::value of) {
    bool truth = false;
    if (of.get_bool().get(truth) != simdjson::SUCCESS) return std::nullopt;
    return truth;
  }

  static UnixNanoseconds time(simdjson::ondemand::value of) { return parse_rfc3339(text(of)).value_or(0); }

  Resources resources(simdjson::ondemand::value of) {
    Resources resources;
    entries(of, [&](std::string_view name, simdjson::ondemand::value member) {
      if (const auto number = amount(member)) resources.emplace_back(name, *number);
    });
    std::sort(resources.begin(), resources.end());
    return resources;
  }

  TextMap map(simdjson::ondemand::value of) {
    TextMap map;
    entries(of, [&](std::string_view key, simdjson::ondemand::value member) {
      map.emplace_back(key, text(member));
    });
    std::sort(map.begin(), map.end());
    return map;
  }

  // It returns the object as it came.
  static std::string_view raw_object(simdjson::ondemand::value of) {
    simdjson::ondemand::object found;
    std::string_view raw;
    if (of.get_object().get(found) != simdjson::SUCCESS || found.raw_json().get(raw) != simdjson::SUCCESS)
      return {};
    return raw;
  }

  // It walks what raw_object gave, from its beginning. Texts are valid until the next call.
  template <typename OnRoot>
  void again(std::string_view raw, OnRoot on_root) {
    simdjson::ondemand::document document;
    simdjson::ondemand::value root;
    if (inner_.iterate(raw.data(), raw.size(), raw.size() + kEventPadding).get(document) !=
            simdjson::SUCCESS ||
        document.get_value().get(root) != simdjson::SUCCESS) {
      ok_ = false;
      return;
    }
    on_root(root);
  }

  std::string_view keep(std::string_view text) { return scratch_.keep(text); }

 private:
  // It reads the key as text() does. A key that is read has its closing quote.
  static bool key_of(simdjson::ondemand::field& member, std::string_view& key) {
    const char* const begin = member.key().raw();
    const char* end = begin;
    while (*end != '"' && *end != '\\')
      ++end;
    if (*end != '"') return member.unescaped_key().get(key) == simdjson::SUCCESS;
    key = {begin, static_cast<size_t>(end - begin)};
    return true;
  }

  std::string_view hex_id(std::string_view raw, size_t bytes) {
    if (raw.empty()) return {};
    hex_.clear();
    append_hex_id(hex_, raw, bytes);
    return scratch_.keep(hex_);
  }

  EventScratch& scratch_;
  simdjson::ondemand::parser& inner_;
  std::string hex_;
  bool ok_ = true;
};

}  // namespace rayhistory::historyserver
