// The path of a log below its node's logs folder, as a user may name it: "raylet.out",
// "events/event_GCS.log".
//
// It becomes a part of an object's key, so it exists only if it cannot leave that folder: UTF-8, no empty,
// "." or ".." element, no leading or trailing slash (the rules of Go's fs.ValidPath, which KubeRay's server
// applies), no backslash and no NUL. The same must hold once it is percent-decoded again, as a proxy on the
// way might do.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace rayhistory {

class LogPath {
 public:
  // `invalid` where it is none. `parameter` is whose value it is, for the error's text: "filename".
  static Result<LogPath> parse(std::string_view text, std::string_view parameter);

  const std::string& str() const { return text_; }

 private:
  explicit LogPath(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

}  // namespace rayhistory
