// Bodies that are written while they are sent. A list of ten thousand tasks has ten megabytes, and its reader
// may be slow: no more than a piece of it is held.
#pragma once

#include <functional>
#include <string>

#include "historyserver/exchange/response.h"

namespace rayhistory::historyserver {

// An answer with more rows than this is written while it is sent; a smaller one is short enough to be held.
inline constexpr size_t kRowsAtOnce = 500;

// `append_more` appends some kilobytes, and returns false when the body is at its end. It is called by one
// thread at a time, until then or until the client has left; what it refers to is for Response::keeps to
// keep.
std::unique_ptr<BodyPieces> generated_body(std::function<bool(std::string& body)> append_more);

// The answer with this body, of so many rows: held where they are few, and otherwise written while it is
// sent.
Response generated_answer(size_t rows, std::function<bool(std::string& body)> append_more);

}  // namespace rayhistory::historyserver
