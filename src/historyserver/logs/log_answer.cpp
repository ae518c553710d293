#include "historyserver/logs/log_answer.h"

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/utf8.h"
#include "historyserver/logs/ansi_filter.h"
#include "historyserver/logs/json_text_filter.h"
#include "historyserver/logs/log_body.h"
#include "historyserver/logs/log_glob.h"
#include "historyserver/logs/log_names.h"
#include "historyserver/logs/log_request.h"
#include "historyserver/logs/log_source.h"
#include "historyserver/logs/secret_filter.h"

namespace rayhistory::historyserver {
namespace {

constexpr int kBadRequest = 400;
constexpr int kNotFound = 404;
constexpr int kGone = 410;
constexpr int kUnavailable = 503;

int status_for(const Error& error) {
  switch (error.kind) {
    case ErrorKind::invalid:
      return kBadRequest;
    case ErrorKind::not_found:
      return kGone;
    default:
      return kUnavailable;
  }
}

Response refusal(const Error& error) {
  return text_response(status_for(error), error.message);
}

Response list_refusal(int status, std::string_view message) {
  return envelope(status, message, R"({"result": null})");
}

Response list_logs(const Request& request, const LogView& view) {
  const Result<std::optional<NodeId>> asked = parse_node_id(request.query);
  if (!asked) return list_refusal(kBadRequest, asked.error().message);
  if (const Result<void> timeout = check_log_timeout(request.query); !timeout)
    return list_refusal(kBadRequest, timeout.error().message);
  const std::string_view ip = request.query.get("node_ip").value_or(std::string_view{});
  if (!*asked && ip.empty()) {
    return list_refusal(kBadRequest,
                        "Both node id and node ip are not provided. Please provide at least one of them.");
  }
  const std::string_view pattern = request.query.get("glob").value_or(std::string_view{});
  const Result<LogGlob> glob = LogGlob::parse(pattern.empty() ? "*" : pattern);
  if (!glob) return list_refusal(kBadRequest, glob.error().message);
  const Result<NodeId> node =
      *asked ? find_node_by_id(**asked, view.listing, view.state) : find_node_by_ip(ip, view.state);
  if (!node) return list_refusal(*asked ? kGone : kNotFound, node.error().message);
  const Result<std::string> names = log_names_json(view.listing, *node, *glob);
  if (!names) return list_refusal(kBadRequest, names.error().message);
  return envelope(200, "", R"({"result": )" + *names + "}");
}

// RFC 6266, with the name in ASCII for who knows no other (RFC 8187).
std::string attachment(std::string_view name) {
  std::string ascii;
  std::string encoded;
  bool is_ascii = true;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    is_ascii = is_ascii && byte < 0x80;
    if (c == '"' || c == '\\') ascii += '\\';
    if (byte < 0x80) {
      ascii += c;
    } else if (!is_utf8_continuation(c)) {
      ascii += '_';
    }
    const bool is_plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          std::string_view("!#$&+-.^_`|~").find(c) != std::string_view::npos;
    encoded += is_plain ? std::string(1, c) : fmt::format("%{:02X}", byte);
  }
  std::string header = "attachment; filename=\"" + ascii + "\"";
  if (!is_ascii) header += "; filename*=UTF-8''" + encoded;
  return header;
}

class BothFilters final : public TextFilter {
 public:
  BothFilters(std::unique_ptr<TextFilter> first, std::unique_ptr<TextFilter> second)
      : first_(std::move(first)), second_(std::move(second)) {}

  std::string take(std::string_view piece) override { return second_->take(first_->take(piece)); }
  std::string finish() override {
    std::string rest = second_->take(first_->finish());
    return rest + second_->finish();
  }

 private:
  const std::unique_ptr<TextFilter> first_;
  const std::unique_ptr<TextFilter> second_;
};

// Null: the bytes as they are stored.
std::unique_ptr<TextFilter> filter_of(const LogRequest& asked) {
  std::unique_ptr<TextFilter> colours;
  std::unique_ptr<TextFilter> secrets;
  if (asked.filter_ansi_code) colours = std::make_unique<AnsiFilter>();
  if (asked.filename && shows_runtime_envs(asked.filename->str())) secrets = std::make_unique<SecretFilter>();
  if (colours && secrets) return std::make_unique<BothFilters>(std::move(colours), std::move(secrets));
  return colours ? std::move(colours) : std::move(secrets);
}

// Reads no more than it takes to begin.
Result<void> set_body(Response& response, LogTail tail, std::unique_ptr<TextFilter> filter,
                      const LogView& view, const Deadline& deadline) {
  if (!filter) response.pieces_size = tail.size();
  TRY_ASSIGN(response.pieces,
             open_log_body(view.store, std::move(tail), std::move(filter), view.clock, deadline));
  return {};
}

Result<Response> log_file(const Request& request, const LogView& view, const Deadline& deadline) {
  TRY_ASSIGN(const LogRequest asked, parse_log_request(request.query));
  LogTail tail;
  TRY_ASSIGN(tail.unread, find_log(asked, view.listing, view.state));
  if (asked.lines) {
    TRY_ASSIGN(tail, last_lines(view.store, std::move(tail.unread), *asked.lines, deadline));
  }
  Response response{.content_type = "text/plain",
                    .headers = {{"Content-Disposition", attachment(asked.download_filename)},
                                {"X-Content-Type-Options", "nosniff"}}};
  TRY(set_body(response, std::move(tail), filter_of(asked), view, deadline));
  return response;
}

const Job* find_job(const SessionState& state, std::string_view id) {
  const auto found = std::find_if(state.jobs.begin(), state.jobs.end(), [&](const Job& job) {
    return job.job_id == id || job.submission_id == id;
  });
  return found == state.jobs.end() ? nullptr : &*found;
}

Result<Response> job_logs(std::string_view id, const LogView& view, const Deadline& deadline) {
  const Job* const job = find_job(view.state, id);
  if (job && job->submission_id.empty())
    return text_response(kBadRequest, "Can only get logs of submission type jobs");
  LogTail tail;
  TRY_ASSIGN(tail.unread, find_driver_log(job ? job->submission_id : id, view.listing, view.state));
  // A job that is known and wrote nothing has an empty log, as with Ray.
  if (!job && tail.unread.empty()) return text_response(kGone, fmt::format("Job {} does not exist", id));
  Response response;
  TRY(set_body(response, std::move(tail), std::make_unique<JsonTextFilter>("logs"), view, deadline));
  return response;
}

// "<id>" of "/api/jobs/<id>/logs"; nothing of any other path.
std::optional<std::string_view> job_of(std::string_view path) {
  constexpr std::string_view kJobs = "/api/jobs/";
  constexpr std::string_view kLogs = "/logs";
  if (!path.starts_with(kJobs) || !path.ends_with(kLogs) || path.size() <= kJobs.size() + kLogs.size())
    return std::nullopt;
  path.remove_prefix(kJobs.size());
  path.remove_suffix(kLogs.size());
  return path;
}

}  // namespace

std::optional<Response> answer_logs(const Request& request, const LogView& view, const Deadline& deadline) {
  constexpr std::string_view kLogs = "/api/v0/logs";
  const std::string_view path = request.path;
  if (const auto job = job_of(path)) {
    Result<Response> response = job_logs(*job, view, deadline);
    return response ? std::move(*response) : refusal(response.error());
  }
  if (!path.starts_with(kLogs)) return std::nullopt;
  const std::string_view media_type = path.substr(kLogs.size());
  if (media_type.empty() || media_type == "/") return list_logs(request, view);
  if (!media_type.starts_with('/')) return std::nullopt;
  if (media_type != "/file" && media_type != "/stream") {
    return text_response(
        kBadRequest, fmt::format("Invalid media type: {} (must be file or stream)", media_type.substr(1)));
  }
  Result<Response> response = log_file(request, view, deadline);
  return response ? std::move(*response) : refusal(response.error());
}

}  // namespace rayhistory::historyserver
