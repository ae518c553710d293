#include "testing/hostile_folder.h"

#include <stdlib.h>

#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/check.h"

namespace rayhistory {
namespace {

namespace fs = std::filesystem;

constexpr const char* kInMemory = "/dev/shm";
// Of so many calls one is played with the outside on the disk, another file system.
constexpr size_t kOnDiskEvery = 3;
// A pass makes some hundred calls; one that never ends is a fault of the test.
constexpr size_t kCallsLimit = 10'000;

std::string new_folder(const std::string& parent) {
  std::string path = parent + "/rayhistory-XXXXXX";
  CHECK(::mkdtemp(path.data()) != nullptr);
  return path;
}

void write_file(const fs::path& path, std::string_view content) {
  fs::create_directories(path.parent_path());
  std::ofstream(path) << content;
}

}  // namespace

HostileFolder::HostileFolder(Walk walk, const std::string& outside_parent)
    : folder_(new_folder(kInMemory)),
      outside_(new_folder(outside_parent)),
      tree_(SharedTree::open(folder_, {.walk = walk, .before_call = [this] { called(); }})) {}

HostileFolder::~HostileFolder() {
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
  fs::remove_all(outside_, ignored);
}

void HostileFolder::write(const std::string& path, std::string_view content) {
  write_file(fs::path(folder_) / path, content);
  write_outside(path);
}

void HostileFolder::write_outside(const std::string& path) {
  // One whole line of JSON, so that it would pass for a journal too.
  write_file(fs::path(outside_) / path, fmt::format("\"{}\"\n", kSecret));
}

void HostileFolder::swap_before(size_t call, std::string level) {
  outside_before_ = outside_now();
  calls_ = 0;
  swap_before_ = call;
  level_ = std::move(level);
}

void HostileFolder::called() {
  CHECK(calls_ < kCallsLimit);
  if (calls_++ != swap_before_) return;
  const fs::path at = fs::path(folder_) / level_;
  std::error_code ignored;
  fs::rename(at, fs::path(folder_) / "taken-away", ignored);
  fs::create_symlink(fs::path(outside_) / level_, at, ignored);
}

std::string HostileFolder::damage() const {
  const auto now = outside_now();
  std::string damage;
  for (const auto& [path, content] : outside_before_) {
    const auto found = now.find(path);
    if (found == now.end()) {
      damage += path + " is gone; ";
    } else if (found->second != content) {
      damage += path + " has changed; ";
    }
  }
  for (const auto& [path, content] : now)
    if (!outside_before_.contains(path)) damage += path + " was made; ";
  return damage;
}

std::map<std::string, std::string> HostileFolder::outside_now() const {
  std::map<std::string, std::string> found;
  for (const auto& entry : fs::recursive_directory_iterator(outside_)) {
    std::ifstream file(entry.path());
    found[entry.path().lexically_relative(outside_).string()] =
        entry.is_regular_file() ? std::string(std::istreambuf_iterator<char>(file), {}) : std::string();
  }
  return found;
}

std::string play_all_swaps(const std::vector<std::string>& levels,
                           const std::function<void(HostileFolder&)>& fill,
                           const std::function<std::string(HostileFolder&)>& pass) {
  const std::string on_disk = fs::temp_directory_path().string();
  for (const Walk walk : {Walk::by_kernel, Walk::step_by_step}) {
    for (const std::string& level : levels) {
      for (size_t call = 0;; ++call) {
        const std::string outside = call % kOnDiskEvery == 0 ? on_disk : kInMemory;
        HostileFolder folder(walk, outside);
        fill(folder);
        folder.swap_before(call, level);
        const std::string stored = pass(folder);
        const bool has_secret = stored.find(HostileFolder::kSecret) != std::string::npos;
        const std::string damage = has_secret ? "the secret was stored" : folder.damage();
        if (!damage.empty())
          return fmt::format("{} became a link to {} before call {}: {}", level, outside, call, damage);
        if (folder.calls() <= call) break;
      }
    }
  }
  return "";
}

}  // namespace rayhistory
