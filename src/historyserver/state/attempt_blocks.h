// Several threads finish all attempts of a session: each takes a block of attempts at a time.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>
#include <tuple>
#include <vector>

#include <endian.h>

#include "base/clock.h"
#include "historyserver/state/attempt_finisher.h"
#include "historyserver/state/session_state.h"
#include "historyserver/state/state_pieces.h"
#include "historyserver/state/text_memory.h"

namespace rayhistory::historyserver {

// A place holds the beginning of its task's ID as a number, so that most of the sorting looks at no piece.
struct AttemptPlace {
  uint64_t id_begin;
  TaskPiece* piece;

  explicit AttemptPlace(TaskPiece* of) : id_begin(0), piece(of) {
    std::memcpy(&id_begin, of->task_id.data(), std::min(sizeof id_begin, of->task_id.size()));
    id_begin = be64toh(id_begin);
  }
  bool operator<(const AttemptPlace& other) const {
    return std::tie(id_begin, piece->task_id, piece->attempt) <
           std::tie(other.id_begin, other.piece->task_id, other.piece->attempt);
  }
};

// `places` are in order, and `state` has all but the attempts. It returns the texts that were made. Where the
// deadline or a stop comes first, some attempts are left unfinished.
std::vector<TextPool> finish_attempts(std::span<const AttemptPlace> places, const SessionState& state,
                                      const JobEnds& job_ends, const Deadline& deadline, unsigned threads);

}  // namespace rayhistory::historyserver
