#include "logs/log_tree.h"

#include "base/log.h"
#include "base/shared_path.h"

namespace rayhistory::collector {

SplitPath split_path(std::string_view path) {
  const size_t slash = path.rfind('/');
  const size_t length = slash == std::string_view::npos ? 0 : slash + 1;
  return {path.substr(0, length), path.substr(length)};
}

LogFolder* LogTree::find(std::string_view prefix) {
  LogFolder* folder = &root_;
  while (!prefix.empty()) {
    const size_t slash = prefix.find('/');
    const auto below = folder->folders.find(prefix.substr(0, slash));
    if (below == folder->folders.end()) return nullptr;
    folder = below->second.get();
    prefix.remove_prefix(slash + 1);
  }
  return folder;
}

Result<OpenFolder> LogTree::open(std::string_view prefix) const {
  if (prefix.empty()) return open_folder(folder_);
  prefix.remove_suffix(1);  // the slash
  return open_folder(folder_ / prefix);
}

void LogTree::open_hints() {
  auto hints = ChangeHints::open();
  if (hints) {
    hints_.emplace(std::move(*hints));
  } else {
    log_no_hints(hints.error());
  }
}

void LogTree::log_no_hints(const Error& error) {
  hints_complete_ = false;
  if (std::exchange(no_hints_logged_, true)) return;
  log_warning("cannot watch the logs for changes, scanning alone",
              {{"folder", folder_.str()}, {"error", error.message}});
}

void LogTree::watch(LogFolder& folder, const OpenFolder& open) {
  if (!hints_) return;
  const auto watch = hints_->watch(open.descriptor());
  if (!watch) return log_no_hints(watch.error());
  if (folder.watch != *watch) unwatch(folder);  // another folder took its name
  folder.watch = *watch;
  by_watch_[*watch] = &folder;
}

void LogTree::unwatch(LogFolder& folder) {
  const auto watched = by_watch_.find(folder.watch);
  folder.watch = -1;
  // A folder that was renamed keeps its watch, which then belongs to another LogFolder.
  if (watched == by_watch_.end() || watched->second != &folder) return;
  hints_->unwatch(watched->first);
  by_watch_.erase(watched);
}

void LogTree::leave(LogFolder& folder) {
  dirty_folders_.erase(&folder);
  unwatch(folder);
}

LogTree::Hints LogTree::read_hints() {
  for (auto& [prefix, name] : std::exchange(look_again_, {}))
    if (LogFolder* folder = find(prefix)) mark_dirty(*folder, name);
  if (!hints_) return Hints::named;
  Hints read = Hints::named;
  const auto done = hints_->read([&](const ChangeHints::Hint& hint) {
    if (hint.watch < 0) {
      read = Hints::lost;
    } else {
      take_hint(hint);
    }
  });
  if (!done) log_no_hints(done.error());
  return read;
}

void LogTree::take_hint(const ChangeHints::Hint& hint) {
  const auto found = by_watch_.find(hint.watch);
  if (found == by_watch_.end()) return;
  if (hint.name.empty()) {
    found->second->watch = -1;
    by_watch_.erase(found);
  } else {
    note_news(*found->second, hint);
    mark_dirty(*found->second, hint.name);
  }
}

void LogTree::note_news(LogFolder& folder, const ChangeHints::Hint& hint) {
  // The kernel tells of both ends of a renaming one after the other.
  const auto moved = std::exchange(moved_out_, std::nullopt);
  if (hint.what == ChangeHints::What::moved_in && moved) note_renaming(folder, hint, *moved);
  if (hint.what == ChangeHints::What::changed) return;
  if (hint.what == ChangeHints::What::moved_out)
    moved_out_ = MovedOut{hint.renaming, folder.prefix, std::string(hint.name)};
  const auto file = folder.files.find(hint.name);
  if (file == folder.files.end()) return;
  if (hint.what != ChangeHints::What::moved_in) {
    file->second.news = NameNews::left;
  } else if (file->second.news == NameNews::none) {
    file->second.news = NameNews::renamed_over;
  }
}

void LogTree::note_renaming(const LogFolder& folder, const ChangeHints::Hint& hint, const MovedOut& from) {
  if (from.renaming != hint.renaming) return;
  LogFolder* left = find(from.prefix);
  if (left == nullptr) return;
  const auto file = left->files.find(from.name);
  if (file == left->files.end()) return;
  file->second.renamed_within = true;
  if (left == &folder && hint.name == from.name + ".1") ++file->second.unseen_generations;
}

void LogTree::mark_dirty(LogFolder& folder, std::string_view name) {
  if (!folder.dirty.contains(name)) folder.dirty.emplace(name);
  dirty_folders_.insert(&folder);
}

void LogTree::look_again(const LogFolder& folder, const std::string& name) {
  look_again_.emplace_back(folder.prefix, name);
}

std::optional<LogTree::Dirty> LogTree::take_dirty() {
  if (dirty_folders_.empty()) return std::nullopt;
  LogFolder& folder = **dirty_folders_.begin();
  dirty_folders_.erase(dirty_folders_.begin());
  return Dirty{&folder, std::exchange(folder.dirty, {})};
}

}  // namespace rayhistory::collector
