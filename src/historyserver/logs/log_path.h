// The path of a log below its node's logs folder, as a user may name it: "raylet.out",
// "events/event_GCS.log". A path is read as the list of logs shows it (exchange/shown_name.h).
//
// It is only ever compared with the paths that the listing of the session has, so it cannot leave that
// folder. Besides, no path has an empty, "." or ".." element, a leading or trailing slash (the rules of Go's
// fs.ValidPath, which KubeRay's server applies) or a NUL: no log has such a name. A file may be named "..\\x"
// or "%2e%2e", and is then found; where there is no such file, the question is refused as an attempt to leave
// the folder.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace rayhistory::historyserver {

class LogPath {
 public:
  // `invalid` where no log has that path. `parameter` is whose value it is, for the error's text: "filename".
  static Result<LogPath> parse(std::string_view text, std::string_view parameter);

  // As the store has it: any bytes.
  const std::string& str() const { return stored_; }
  // As people are shown it.
  std::string shown() const;
  // Whether it might leave its folder where somebody decodes percent escapes again, takes backslashes for
  // slashes or reads overlong UTF-8: so only a file that is there may be meant.
  bool is_odd() const;
  // `invalid`: what an odd path that is not there is answered with.
  Error traversal(std::string_view parameter) const;

 private:
  explicit LogPath(std::string stored) : stored_(std::move(stored)) {}
  std::string stored_;
};

}  // namespace rayhistory::historyserver
