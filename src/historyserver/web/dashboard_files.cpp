#include "historyserver/web/dashboard_files.h"

#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "base/file.h"
#include "base/log.h"

namespace rayhistory::historyserver {
namespace {

// Ray 2.60's build has 60 files; who mounts something else by mistake is told, and its memory is spared.
constexpr size_t kMostFiles = 10'000;
constexpr std::string_view kIndex = "/index.html";
// Their names hold a digest of their content.
constexpr std::string_view kHashedFolder = "/static/";
constexpr std::string_view kScripts = "/static/js/main.";

constexpr std::pair<std::string_view, std::string_view> kTypes[] = {
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".json", "application/json; charset=utf-8"},
    {".map", "application/json; charset=utf-8"},
    {".txt", "text/plain; charset=utf-8"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".ico", "image/x-icon"},
    {".woff", "font/woff"},
    {".woff2", "font/woff2"},
    {".ttf", "font/ttf"},
    {".wasm", "application/wasm"},
};

std::string_view type_of(std::string_view path) {
  for (const auto& [suffix, type] : kTypes)
    if (path.ends_with(suffix)) return type;
  return "application/octet-stream";
}

Result<std::string> content_of(const std::string& path) {
  TRY_ASSIGN(const File file, File::open_for_reading(path));
  TRY_ASSIGN(const FileStatus status, file.status());
  std::string content(status.size, '\0');
  TRY_ASSIGN(const size_t got, file.read_at(0, content));
  content.resize(got);
  return content;
}

void replace_first(std::string& text, std::string_view what, std::string_view by) {
  if (const size_t place = text.find(what); place != std::string::npos) text.replace(place, what.size(), by);
}

void change_index(std::string& html) {
  replace_first(html, "<head>", "<head><script src=\"./api/history/page.js\"></script>");
  // Browsers keep the script for a year by its name, and may have one from before the changes below.
  replace_first(html, ".js\"></script><link", ".js?history=1\"></script><link");
}

// Ray: dashboard/client/src/pages/log/Logs.tsx and pages/node/NodeRow.tsx, as they are minified.
void change_script(std::string& script) {
  replace_first(script, R"(.data.data.summary.filter((e=>"ALIVE"===e.raylet.state)))", ".data.data.summary");
  constexpr std::string_view kOnlyLiving = R"("DEAD"!==)";
  constexpr std::string_view kLink = R"(to:"/logs/?nodeId=")";
  constexpr size_t kLinkDistance = 100;
  constexpr size_t kStateBytes = 12;  // of "p.state", however a build names the node
  for (size_t place = script.find(kOnlyLiving); place != std::string::npos;
       place = script.find(kOnlyLiving, place + 1)) {
    const size_t and_then = script.find("&&", place);
    const size_t link = script.find(kLink, place);
    if (and_then == std::string::npos || link == std::string::npos) return;
    if (link - place > kLinkDistance || and_then - place > kOnlyLiving.size() + kStateBytes) continue;
    script.replace(place, and_then - place, "true");
    return;
  }
}

}  // namespace

Result<DashboardFiles> DashboardFiles::open(const std::string& folder) {
  namespace fs = std::filesystem;
  DashboardFiles files;
  std::error_code error;
  // A link's target may be anywhere; only what is a file here is taken.
  for (auto entry = fs::recursive_directory_iterator(folder, error);
       !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    std::error_code of_entry;
    if (!entry->is_regular_file(of_entry) || entry->is_symlink(of_entry)) continue;
    const std::string path = entry->path().string();
    files.files_.emplace("/" + entry->path().lexically_relative(folder).generic_string(), path);
    if (files.files_.size() > kMostFiles) {
      return Error{ErrorKind::invalid,
                   fmt::format("{}: more than {} files are no dashboard", folder, kMostFiles)};
    }
  }
  if (error && error != std::errc::no_such_file_or_directory)
    return Error{ErrorKind::denied, fmt::format("read {}: {}", folder, error.message())};
  if (!files.files_.contains(kIndex))
    return Error{ErrorKind::not_found, fmt::format("{} has no index.html", folder)};
  return files;
}

std::optional<Response> DashboardFiles::answer(std::string_view path) const {
  const auto file = files_.find(path == "/" ? kIndex : path);
  if (file == files_.end()) return std::nullopt;
  Result<std::string> content = content_of(file->second);
  if (!content) {
    log_error("a file of the dashboard cannot be read", {{"error", content.error().message}});
    return text_response(500,
                         "This file of the dashboard cannot be read; the History Server's log says why.");
  }
  if (file->first == kIndex) change_index(*content);
  if (file->first.starts_with(kScripts) && file->first.ends_with(".js")) change_script(*content);
  Response response;
  response.content_type = std::string(type_of(file->first));
  response.body = *std::move(content);
  const bool is_hashed = file->first.starts_with(kHashedFolder);
  // The index names the others, so it must not outlive them in a browser.
  response.headers.emplace_back("Cache-Control", is_hashed ? "public, max-age=31536000, immutable"
                                                 : file->first == kIndex ? "no-store"
                                                                         : "public, max-age=3600");
  return response;
}

}  // namespace rayhistory::historyserver
