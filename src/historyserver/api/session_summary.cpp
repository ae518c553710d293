#include "historyserver/api/session_summary.h"

#include <optional>
#include <string>

#include "base/json_text.h"
#include "historyserver/api/json_value.h"
#include "historyserver/api/session_end.h"

namespace rayhistory::historyserver {
namespace {

constexpr int64_t kNanosecondsPerMillisecond = 1'000'000;

void append_time(std::string& json, Comma& comma, std::string_view key, int64_t nanoseconds) {
  append_key(json, comma, key);
  json += nanoseconds == 0 ? "null" : std::to_string(nanoseconds / kNanosecondsPerMillisecond);
}

void append_unknown_events(std::string& json, Comma& comma, const UnknownEvents& events) {
  append_key(json, comma, "unknown_events");
  json += '{';
  Comma inner;
  append_key(json, inner, "total");
  json += std::to_string(events.total());
  append_key(json, inner, "of_type");
  json += '{';
  Comma types;
  for (const auto& [type, count] : events.of_type) {
    append_key(json, types, type);
    json += std::to_string(count);
  }
  json += "}}";
}

std::string summary_json(const SessionView& view) {
  const StoredSession& session = view.listing.session;
  const std::optional<Owner>& owner = session.place.owner;
  const std::optional<int64_t> stored = last_stored(view.listing);
  std::string json = "{";
  Comma comma;
  const auto text = [&](std::string_view key, std::string_view value) {
    append_key(json, comma, key);
    append_json_string(json, value);
  };
  text("namespace", session.place.name_space.str());
  text("cluster", session.place.cluster.str());
  append_key(json, comma, "owner_kind");
  append_text_or_null(json, !owner ? "" : owner->kind == OwnerKind::rayjob ? "rayjob" : "rayservice");
  append_key(json, comma, "owner_name");
  append_text_or_null(json, owner ? std::string_view(owner->name.str()) : std::string_view());
  text("session", session.name.str());
  append_time(json, comma, "last_seen_ms", view.state.last_seen);
  append_time(json, comma, "last_stored_ms", stored.value_or(0));
  append_key(json, comma, "has_ended");
  append_bool(json, has_ended(view));
  text("partial_failure", view.state.partial_failure);
  append_unknown_events(json, comma, view.state.unknown_events);
  json += '}';
  return json;
}

}  // namespace

Response session_summary(const SessionView& view) {
  return {.body = summary_json(view)};
}

Response session_script(const SessionView& view) {
  Response response;
  response.content_type = "text/javascript; charset=utf-8";
  response.headers = {{"Cache-Control", "no-store"}, {"X-Content-Type-Options", "nosniff"}};
  response.body = "const rayHistory = " + summary_json(view) + ";\n";
  response.body += kSessionScript;
  return response;
}

}  // namespace rayhistory::historyserver
