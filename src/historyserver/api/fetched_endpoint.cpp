#include "historyserver/api/fetched_endpoint.h"

#include <cstddef>
#include <semaphore>
#include <utility>

#include <fmt/format.h>

#include "historyserver/api/redaction.h"
#include "layout/object_key.h"

namespace rayhistory::historyserver {
namespace {

// Of one answer. The dashboard's own are some megabytes for thousands of placement groups; this keeps a
// bucket's owner from filling our memory.
constexpr uint64_t kAnswerBytes = 16ULL * 1024 * 1024;
// Reading one and masking its secrets takes some ten times its length for a moment, so that few answers above
// this size are made at a time.
constexpr uint64_t kLargeAnswerBytes = 1024 * 1024;
constexpr std::ptrdiff_t kLargeAnswersAtOnce = 2;

class LargeAnswerTurn {
 public:
  explicit LargeAnswerTurn(uint64_t bytes) : is_large_(bytes > kLargeAnswerBytes) {
    if (is_large_) turns().acquire();
  }
  ~LargeAnswerTurn() {
    if (is_large_) turns().release();
  }
  LargeAnswerTurn(const LargeAnswerTurn&) = delete;
  LargeAnswerTurn& operator=(const LargeAnswerTurn&) = delete;

 private:
  static std::counting_semaphore<kLargeAnswersAtOnce>& turns() {
    static std::counting_semaphore<kLargeAnswersAtOnce> all(kLargeAnswersAtOnce);
    return all;
  }
  const bool is_large_;
};

constexpr std::string_view kFolder = "fetched_endpoints/";

Result<std::optional<std::string>> read_answer(const SessionView& view, const ListedObject* object) {
  if (object == nullptr || object->object.size == 0) return std::optional<std::string>();
  if (object->object.size > kAnswerBytes) {
    return Error{ErrorKind::invalid, fmt::format("{} holds {} bytes, more than any answer of the dashboard",
                                                 object->key, object->object.size)};
  }
  const LargeAnswerTurn turn(object->object.size);
  TRY_ASSIGN(const auto text, view.texts.first(*object, kAnswerBytes, view.deadline));
  return std::optional(with_secrets_masked(*text));
}

const ListedObject* find_endpoint(const SessionView& view, std::string_view path_and_query) {
  return view.listing.find(std::string(kFolder) + endpoint_object_name(path_and_query));
}

}  // namespace

Result<std::optional<std::string>> fetched_endpoint(const SessionView& view,
                                                    std::string_view path_and_query) {
  return read_answer(view, find_endpoint(view, path_and_query));
}

Result<std::optional<std::string>> fetched_list(const SessionView& view, std::string_view path,
                                                std::string_view query) {
  const ListedObject* object = find_endpoint(view, fmt::format("{}?{}", path, query));
  if (object == nullptr) object = find_endpoint(view, path);
  if (object == nullptr) {
    const auto others = view.listing.below(fmt::format("{}{}?", kFolder, endpoint_object_name(path)));
    if (!others.empty()) object = others.front();
  }
  return read_answer(view, object);
}

Response store_failure(const Error& error) {
  return text_response(503, error.message);
}

Response fetched_or(const SessionView& view, std::string_view path_and_query, Response fallback) {
  auto fetched = fetched_endpoint(view, path_and_query);
  if (!fetched) return store_failure(fetched.error());
  if (!*fetched) return fallback;
  return {.body = std::move(**fetched)};
}

}  // namespace rayhistory::historyserver
