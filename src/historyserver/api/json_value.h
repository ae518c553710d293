// JSON values of answers, written as Ray's Python writes them, and parsed ones written again.
//
// An answer is appended to one string, from top to bottom. "null" is what is not known: an empty text, a time
// of 0. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <simdjson.h>

#include "historyserver/state/session_state.h"

namespace rayhistory::historyserver {

// Python's repr of a float: the shortest that reads back as the same, "2.0", "0.1", "1e+16"; null for what
// JSON cannot say.
void append_float(std::string& json, double value);
std::string float_text(double value);

void append_bool(std::string& json, bool value);
void append_text_or_null(std::string& json, std::string_view text);
// Unix milliseconds as a whole number, the fraction dropped; the time 0 is `unknown`.
void append_milliseconds(std::string& json, UnixNanoseconds time, std::string_view unknown);
// The same as a float, "1795404332920.0": how the state API has tasks' times.
void append_float_milliseconds(std::string& json, UnixNanoseconds time);

// {"CPU": 1.0}: names that people choose are never changed, also where the live dashboard writes "my_res_x"
// as "myResX" (dashboard/utils.py to_google_style).
void append_resources(std::string& json, const Resources& resources);
void append_text_map(std::string& json, const TextMap& map);

// "object_store_memory" -> "objectStoreMemory": what the live dashboard does to each key of an envelope that
// is not the state API's (dashboard/utils.py to_google_style): split at '_', and of all parts but the first
// Python's title().
std::string camel_case(std::string_view key);

// The JSON that a text of an event is; an error where it is none.
simdjson::simdjson_result<simdjson::dom::element> parse_json(simdjson::dom::parser& parser,
                                                             std::string_view text);
// As it was parsed. At most as deep as the parser lets through (1,024).
void append_json(std::string& json, simdjson::dom::element value);
// With its objects' keys in camel case.
void append_camel_json(std::string& json, simdjson::dom::element value);
// With its objects' keys as a .proto file spells them: "labelKey" becomes "label_key".
void append_proto_json(std::string& json, simdjson::dom::element value);

// Puts the comma before each but the first of an array's or an object's members.
class Comma {
 public:
  void next(std::string& json) {
    if (!first_) json += ", ";
    first_ = false;
  }

 private:
  bool first_ = true;
};

// A member of an object: its key, ": ", and with the comma before it where it needs one.
void append_key(std::string& json, Comma& comma, std::string_view key);

}  // namespace rayhistory::historyserver
