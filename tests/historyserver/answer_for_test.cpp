// Answers as the History Server does, without a web server, for test_answers_against_live.py.
//
// answer_for_test FOLDER PREFIX SESSION [TASK:ATTEMPT...]: FOLDER is a bucket, PREFIX that of the session's
// keys; the attempts that are named are left out. In:  a request a line, "/api/v0/tasks?limit=1" Out: status,
// size of the body and its content type with blanks between them, a line break, the body, a line break
#include <cstdlib>
#include <iostream>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/check.h"
#include "historyserver/api/dashboard_api.h"
#include "historyserver/exchange/percent.h"
#include "historyserver/logs/log_answer.h"
#include "historyserver/state/load_state.h"
#include "store/local/local_folder_store.h"

namespace rayhistory::historyserver {
namespace {

// Joins the pieces of a body.
std::string body_of(Response& response) {
  std::string body = std::move(response.body);
  while (response.pieces) {
    const auto piece = response.pieces->next();
    CHECK(piece.has_value());
    if (piece->empty()) break;
    body += *piece;
  }
  return body;
}

int answer_requests(int argc, char** argv) {
  CHECK(argc >= 4);
  const auto session = SessionName::parse(argv[3]);
  CHECK(session.has_value());
  LocalFolderStore store(argv[1], system_clock());
  const auto listing = list_session(
      store,
      {.place = {.name_space = *DnsName::parse("ns"), .cluster = *DnsName::parse("c"), .owner = {}},
       .name = *session,
       .prefix = argv[2]},
      Deadline::never());
  if (!listing) {
    std::cerr << listing.error().message << '\n';
    return EXIT_FAILURE;
  }
  const auto loaded = load_state(store, *listing, Deadline::never(), /*threads=*/2);
  if (!loaded) {
    std::cerr << loaded.error().message << '\n';
    return EXIT_FAILURE;
  }
  const std::set<std::string> left_out(argv + 4, argv + argc);
  SessionState state = **loaded;
  std::erase_if(state.attempts, [&](const TaskAttempt& task) {
    return left_out.contains(fmt::format("{}:{}", task.task_id, task.attempt));
  });
  const auto kept = std::make_shared<const SessionListing>(*listing);
  StoredTexts texts(store, kept);
  for (std::string line; std::getline(std::cin, line);) {
    const size_t mark = std::min(line.find('?'), line.size());
    const Request request{
        .path = percent_decoded(line.substr(0, mark)),
        .query = Query::parse(mark == line.size() ? "" : std::string_view(line).substr(mark + 1))};
    std::optional<Response> response =
        answer_logs(request, {*listing, state, store, system_clock()}, Deadline::never());
    if (!response) {
      response = answer(request, {.state = state,
                                  .listing = *listing,
                                  .texts = texts,
                                  .now = system_clock().unix_nanoseconds(),
                                  .deadline = Deadline::never()});
    }
    const std::string body = body_of(*response);
    std::cout << response->status << ' ' << body.size() << ' ' << response->content_type << '\n'
              << body << '\n';
  }
  return EXIT_SUCCESS;
}

}  // namespace
}  // namespace rayhistory::historyserver

int main(int argc, char** argv) {
  return rayhistory::historyserver::answer_requests(argc, argv);
}
