#include "historyserver/state/event_reader.h"

#include <string_view>

#include <simdjson.h>

#include "base/rfc3339.h"
#include "historyserver/state/event_payloads.h"
#include "historyserver/state/event_text.h"
#include "historyserver/state/event_walk.h"
#include "historyserver/state/ray_id.h"

namespace rayhistory::historyserver {
namespace {

using simdjson::ondemand::object;
using simdjson::ondemand::value;

// Every event has these fields of RayEvent. Their texts are valid for as long as the event is read.
struct EventEnvelope {
  std::string_view timestamp;
  std::string_view sender;  // the node whose agent sent the event
  std::string_view type;

  UnixNanoseconds time() const { return parse_rfc3339(timestamp).value_or(0); }
};

EventEnvelope read_envelope(EventWalk& walk, object of, EventPieces& pieces) {
  EventEnvelope envelope;
  walk.fields_of(of, [&](std::string_view key, value member) {
    if (key == "timestamp") {
      envelope.timestamp = EventWalk::text(member);
    } else if (key == "nodeId") {
      envelope.sender = EventWalk::text(member);
    } else if (key == "eventType") {
      envelope.type = EventWalk::text(member);
    } else if (const ReadPayload read = payload_reader(key)) {
      read(walk, member, pieces);
    }
  });
  return envelope;
}

// Few events need their ID, so the first walk over an event reads none and this second walk reads it.
std::string_view read_event_id(EventWalk& walk, std::string_view event) {
  std::string_view event_id;
  walk.again(event, [&](value root) {
    walk.fields(root, [&](std::string_view key, value member) {
      if (key == "eventId") event_id = walk.keep(EventWalk::text(member));
    });
  });
  return event_id;
}

void add_task(SessionBuilder& builder, EventWalk& walk, const EventEnvelope& envelope, EventPieces& pieces) {
  TaskPiece& task = *pieces.task;
  if (pieces.is_told_by_worker) task.sender_node_id = walk.hex_id_unless_nil(envelope.sender, kNodeIdBytes);
  if (task.is_debugger_paused) task.debugger_time = envelope.time();
  builder.add(task);
}

// It adds the pieces that need no ID of their event, and returns whether there was any.
bool add_pieces(SessionBuilder& builder, EventWalk& walk, const EventEnvelope& envelope,
                EventPieces& pieces) {
  bool has_added = false;
  const auto add = [&](const auto& piece) {
    if (!piece) return;
    builder.add(*piece);
    has_added = true;
  };
  if (pieces.task) {
    add_task(builder, walk, envelope, pieces);
    has_added = true;
  }
  add(pieces.actor);
  add(pieces.node);
  add(pieces.worker);
  add(pieces.driver);
  add(pieces.submission);
  add(pieces.placement_group);
  if (pieces.provisioning) pieces.provisioning->time = envelope.time();
  add(pieces.provisioning);
  return has_added;
}

void add_autoscaler_report(SessionBuilder& builder, AutoscalerReportPiece& report, UnixNanoseconds time,
                           std::string_view event_id) {
  report.event_id = event_id;
  report.time = time;
  // A decision that nothing has to change says nothing.
  if (!report.message.empty()) builder.add(report);
}

void add_platform_event(SessionBuilder& builder, std::string_view event, UnixNanoseconds time,
                        std::string_view event_id) {
  PlatformEventPiece platform;
  platform.event_id = event_id;
  platform.time = time;
  platform.json = event;
  builder.add(platform);
}

}  // namespace

struct EventReader::State {
  explicit State(SessionBuilder& builder_to_fill) : builder(builder_to_fill) {}

  SessionBuilder& builder;
  simdjson::ondemand::parser parser;
  simdjson::ondemand::parser inner;
  EventScratch scratch;
};

EventReader::EventReader(SessionBuilder& builder) : state_(std::make_unique<State>(builder)) {}
EventReader::~EventReader() = default;

bool EventReader::read(std::string_view event) {
  State& state = *state_;
  state.scratch.clear();
  simdjson::ondemand::document document;
  object root;
  if (state.parser.iterate(event.data(), event.size(), event.size() + kEventPadding).get(document) !=
          simdjson::SUCCESS ||
      document.get_object().get(root) != simdjson::SUCCESS) {
    return false;
  }

  EventWalk walk(state.scratch, state.inner);
  EventPieces pieces;
  const EventEnvelope envelope = read_envelope(walk, root, pieces);
  if (!walk.ok()) return false;

  const bool has_added = add_pieces(state.builder, walk, envelope, pieces);
  const bool is_named_by_event = pieces.autoscaler_report || pieces.is_of_platform;
  if (!has_added && !is_named_by_event) state.builder.add_unknown_event(envelope.type);
  if (!is_named_by_event) return true;

  const std::string_view event_id = read_event_id(walk, event);
  if (!walk.ok()) return false;
  if (pieces.autoscaler_report)
    add_autoscaler_report(state.builder, *pieces.autoscaler_report, envelope.time(), event_id);
  if (pieces.is_of_platform) add_platform_event(state.builder, event, envelope.time(), event_id);
  return true;
}

}  // namespace rayhistory::historyserver
