// A question to the History Server, as the endpoints see it: checked, decoded, and below its session.
//
// The web server makes it (web/): it has read the path's session or the cookies, so that no endpoint looks at
// either.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rayhistory::historyserver {

enum class Method { get, head, other };

// The parameters after '?', percent-decoded, in their order; a name may repeat.
class Query {
 public:
  Query() = default;
  explicit Query(std::vector<std::pair<std::string, std::string>> parameters)
      : parameters_(std::move(parameters)) {}
  // "a=1&b=%20": '+' is a blank (application/x-www-form-urlencoded); a broken escape stays as it is.
  static Query parse(std::string_view text);

  // The first of that name; nothing where there is none.
  std::optional<std::string_view> get(std::string_view name) const;
  std::vector<std::string_view> all(std::string_view name) const;

 private:
  std::vector<std::pair<std::string, std::string>> parameters_;
};

struct Request {
  Method method = Method::get;
  std::string path;  // percent-decoded, without query, below the session's base: "/api/v0/tasks"
  Query query;
};

}  // namespace rayhistory::historyserver
