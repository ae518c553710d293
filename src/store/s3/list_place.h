// Where a list of objects goes on: what S3Store puts into ListPage::next.
//
// S3 goes on from the continuation token of the page before. Some servers ignore it, or know the first
// version of ListObjects only, which goes on after the last key. So both are kept, and the first key too: a
// page that begins with it is the same page again, and a list that went on from there would never end.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "store/s3/responses.h"

namespace rayhistory {

struct S3ListPlace {
  std::string token;  // empty where the server gave none
  std::string first_key;
  std::string last_key;

  static S3ListPlace after(const S3ObjectPage& page);
  // Nothing of an empty text: the beginning. `invalid` for a text that text() never gave.
  static Result<std::optional<S3ListPlace>> read(const std::string& text);
  std::string text() const;
  // Whether the page is a later one.
  bool is_passed_by(const S3ObjectPage& page) const;

  friend bool operator==(const S3ListPlace&, const S3ListPlace&) = default;
};

}  // namespace rayhistory
