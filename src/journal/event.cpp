#include "journal/event.h"

#include <algorithm>
#include <array>

#include <simdjson.h>

#include "base/field_name.h"
#include "base/rfc3339.h"
#include "journal/json_scanner.h"

namespace rayhistory::collector {
namespace {

constexpr std::string_view kPlatformPayload = "platformEvent";
constexpr std::array<std::string_view, 7> kPayloadsWithJob = {
    "driverJobDefinitionEvent", "driverJobLifecycleEvent",  "taskDefinitionEvent",  "taskLifecycleEvent",
    "taskProfileEvents",        "actorTaskDefinitionEvent", "actorDefinitionEvent",
};

// What a member of an event holds, as far as it matters here.
struct Member {
  enum class Holds { nothing, a_string, something_else } holds = Holds::nothing;
  JsonString string;
};

}  // namespace

// The members of an event that decide its place.
struct EventMembers {
  Member event_id;
  Member event_type;
  Member timestamp;
  Member session_name;
  Member job_id;
  bool is_of_platform = false;
};

namespace {

// A string's text; `buffer` holds it when it has to be unescaped.
std::string_view text_of(const JsonString& string, std::string& buffer) {
  if (!string.escaped) return string.inside;
  buffer = unescape_json(string.inside);
  return buffer;
}

bool read_member(JsonScanner& scanner, Member& member) {
  if (scanner.peek() == '"') {
    member.holds = Member::Holds::a_string;
    return scanner.read_string(member.string);
  }
  member.holds = Member::Holds::something_else;
  return scanner.skip_value();
}

// Calls `on_member(key)` for each member of the object that comes next, which passes the value. The key is in
// camel case, whichever of protobuf's two spellings it has.
template <typename OnMember>
bool for_each_member(JsonScanner& scanner, OnMember on_member) {
  if (!scanner.take('{')) return false;
  if (scanner.take('}')) return true;
  std::string buffer;
  FieldNameBuffer name_buffer;
  do {
    JsonString key;
    if (!scanner.read_string(key) || !scanner.take(':') ||
        !on_member(camel_field_name(text_of(key, buffer), name_buffer)))
      return false;
  } while (scanner.take(','));
  return scanner.take('}');
}

bool read_payload(JsonScanner& scanner, Member& job_id) {
  job_id = {};
  if (scanner.peek() != '{') return scanner.skip_value();
  return for_each_member(scanner, [&](std::string_view key) {
    return key == "jobId" ? read_member(scanner, job_id) : scanner.skip_value();
  });
}

bool read_event(JsonScanner& scanner, EventMembers& members) {
  return for_each_member(scanner, [&](std::string_view key) {
    if (key == "eventId") return read_member(scanner, members.event_id);
    if (key == "eventType") return read_member(scanner, members.event_type);
    if (key == "timestamp") return read_member(scanner, members.timestamp);
    if (key == "sessionName") return read_member(scanner, members.session_name);
    if (std::find(kPayloadsWithJob.begin(), kPayloadsWithJob.end(), key) != kPayloadsWithJob.end()) {
      return read_payload(scanner, members.job_id);
    }
    if (key == kPlatformPayload) members.is_of_platform = true;
    return scanner.skip_value();
  });
}

std::optional<EventIdHash> hash_of(const Member& event_id, EventIdSpace space) {
  if (event_id.holds != Member::Holds::a_string || event_id.string.inside.empty()) return std::nullopt;
  std::string buffer;
  return hash_of_event_id(text_of(event_id.string, buffer), space);
}

// `line`: the good event as it is stored.
std::optional<EventIdHash> hash_of_good(const Member& event_id, bool is_of_platform, std::string_view line) {
  auto hash = hash_of(event_id, EventIdSpace::good);
  if (is_of_platform && hash) hash = hash_of_event_id(line, EventIdSpace::good);
  return hash;
}

// Why the timestamp is not one, or nothing.
std::string_view fault_of_timestamp(const Member& timestamp) {
  if (timestamp.holds == Member::Holds::nothing) return "timestamp is missing";
  if (timestamp.holds != Member::Holds::a_string) return "timestamp is not a string";
  std::string buffer;
  if (!parse_rfc3339(text_of(timestamp.string, buffer))) return "timestamp is not RFC 3339";
  return {};
}

std::string_view fault_of_session_name(const Member& session_name) {
  if (session_name.holds == Member::Holds::nothing) return "sessionName is missing";
  return "sessionName is not a string";
}

Error not_json(size_t position) {
  return Error{ErrorKind::invalid,
               "the body is not well-formed JSON: fault at byte " + std::to_string(position)};
}

// Above these, memory that one batch needed is given back before the next.
constexpr size_t kElementsKept = 4'000;

}  // namespace

Result<const CutBatch*> BatchCutter::cut(std::string_view body) {
  clear();
  if (!simdjson::validate_utf8(body.data(), body.size())) {
    return Error{ErrorKind::invalid, "the body is not UTF-8"};
  }
  JsonScanner scanner(body);
  if (!scanner.take('[')) {
    return Error{ErrorKind::invalid, "the body is not a JSON array of events"};
  }
  bool more = !scanner.take(']');
  for (size_t count = 0; more; ++count) {
    if (count == kBatchElementsLimit) {
      return Error{ErrorKind::invalid,
                   "the batch has more than " + std::to_string(kBatchElementsLimit) + " elements"};
    }
    const bool is_object = scanner.peek() == '{';
    const size_t start = scanner.position();
    scanner.forget_line_break();
    EventMembers members;
    if (!(is_object ? read_event(scanner, members) : scanner.skip_value()))
      return not_json(scanner.position());
    const std::string_view raw =
        one_line(body.substr(start, scanner.position() - start), scanner.passed_line_break());

    if (is_object) {
      add_event(raw, members);
    } else {
      set_aside(raw, members, "not an object");
    }

    more = scanner.take(',');
    if (!more && !scanner.take(']')) return not_json(scanner.position());
  }
  if (scanner.peek() != '\0' || scanner.position() != body.size()) return not_json(scanner.position());
  return &batch_;
}

void BatchCutter::add_event(std::string_view raw, const EventMembers& members) {
  if (const std::string_view fault = fault_of_timestamp(members.timestamp); !fault.empty())
    return set_aside(raw, members, fault);
  if (members.session_name.holds != Member::Holds::a_string)
    return set_aside(raw, members, fault_of_session_name(members.session_name));
  std::string buffer;
  const std::string_view name = text_of(members.session_name.string, buffer);
  const std::optional<uint32_t> session = name.empty() ? kNoSession : session_index(name);
  if (!session) return set_aside(raw, members, "sessionName is not safe as one segment of a path");

  CutEvent event{raw, hash_of_good(members.event_id, members.is_of_platform, raw), *session, kNoJob};
  const bool of_node = members.event_type.holds == Member::Holds::a_string &&
                       text_of(members.event_type.string, buffer).starts_with("NODE_");
  if (!of_node && members.job_id.holds == Member::Holds::a_string)
    event.job = job_index(text_of(members.job_id.string, buffer));
  batch_.events.push_back(event);
}

void BatchCutter::set_aside(std::string_view raw, const EventMembers& members, std::string_view fault) {
  const std::string_view type = members.event_type.holds == Member::Holds::a_string
                                    ? members.event_type.string.inside
                                    : std::string_view();
  batch_.set_aside.push_back({raw, fault, hash_of(members.event_id, EventIdSpace::set_aside), type});
}

void BatchCutter::clear() {
  if (batch_.events.capacity() > kElementsKept || batch_.set_aside.capacity() > kElementsKept) {
    batch_ = {};
  }
  batch_.events.clear();
  batch_.set_aside.clear();
  batch_.sessions.clear();
  batch_.jobs.clear();
  rewritten_.clear();
  session_indices_.clear();
  job_text_indices_.clear();
  job_indices_.clear();
  last_session_.clear();
  last_session_index_.reset();
  last_job_.clear();
  last_job_index_ = kNoJob;
}

std::string_view BatchCutter::one_line(std::string_view raw, bool has_line_break) {
  if (!has_line_break) return raw;
  rewritten_.push_back(minify_json(raw));
  return rewritten_.back();
}

std::optional<uint32_t> BatchCutter::session_index(std::string_view text) {
  if (last_session_index_ && text == last_session_) return last_session_index_;
  const auto [entry, is_new] = session_indices_.try_emplace(std::string(text));
  if (is_new) {
    if (auto session = SessionName::parse(text)) {
      entry->second = static_cast<uint32_t>(batch_.sessions.size());
      batch_.sessions.push_back(std::move(*session));
    }
  }
  last_session_ = text;
  last_session_index_ = entry->second;
  return entry->second;
}

uint32_t BatchCutter::job_index(std::string_view text) {
  if (text.empty()) return kNoJob;
  if (text == last_job_) return last_job_index_;
  const auto [entry, is_new_text] = job_text_indices_.try_emplace(std::string(text), kNoJob);
  if (is_new_text) {
    // One job may come in base64 and in hex: what the text means decides.
    if (auto job = job_id_from(text)) {
      const auto [meant, is_new_job] = job_indices_.try_emplace(job->str(), batch_.jobs.size());
      if (is_new_job) batch_.jobs.push_back(std::move(*job));
      entry->second = meant->second;
    }
  }
  last_job_ = text;
  last_job_index_ = entry->second;
  return entry->second;
}

std::optional<EventIdHash> event_id_of_line(std::string_view line, EventIdSpace space) {
  JsonScanner scanner(line);
  Member event_id;
  bool is_of_platform = false;
  const auto read_id = [&](std::string_view key) {
    is_of_platform = is_of_platform || key == kPlatformPayload;
    return key == "eventId" ? read_member(scanner, event_id) : scanner.skip_value();
  };
  const bool well_formed = space == EventIdSpace::good ? for_each_member(scanner, read_id)
                                                       : for_each_member(scanner, [&](std::string_view key) {
                                                           if (key != "event" || scanner.peek() != '{')
                                                             return scanner.skip_value();
                                                           return for_each_member(scanner, read_id);
                                                         });
  if (!well_formed) return std::nullopt;
  if (space == EventIdSpace::set_aside) return hash_of(event_id, space);
  return hash_of_good(event_id, is_of_platform, line);
}

}  // namespace rayhistory::collector
