#include "collector/store_check.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/digest.h"

namespace rayhistory {
namespace {

// Large enough that a store which grows objects in place does so: S3 from 5 MiB on, Azure from 8.
constexpr size_t kProbeBytes = 9 * 1024 * 1024;
constexpr size_t kTailBytes = 64;
constexpr size_t kNameBytes = 8;

class Check {
 public:
  Check(Store& store, const Deadline& deadline, std::FILE* out)
      : store_(store), deadline_(deadline), out_(out) {}

  bool run(const std::string& prefix) {
    std::fprintf(out_, "store: %s\n", store_.description().c_str());
    const std::string key = prefix + random_hex(kNameBytes);
    const bool works = reach() && write(key) && read(key);
    if (works) note_remarks();
    if (written_) remove(key);
    std::fprintf(out_,
                 works ? "all that the collector needs works\n"
                       : "the collector would wait for this to be put right, and store nothing until then\n");
    return works;
  }

 private:
  template <typename Value>
  bool told(std::string_view step, const Result<Value>& result) {
    const std::string text = result ? "ok" : result.error().message;
    std::fprintf(out_, "%.*s: %s\n", static_cast<int>(step.size()), step.data(), text.c_str());
    return result.has_value();
  }

  bool reach() {
    const Result<void> reached = store_.ensure_bucket(deadline_);
    // Only now is it known which of the places where credentials may lie has them.
    if (const std::string origin = store_.credentials_origin(); !origin.empty())
      std::fprintf(out_, "credentials: %s\n", origin.c_str());
    return told("reach the bucket, make it if it is missing", reached);
  }

  bool write(const std::string& key) {
    content_.assign(kProbeBytes, 'x');
    auto object = store_.put(key, MemoryBody(content_), kTextContent, deadline_);
    written_ = object.has_value();
    if (!told("store an object", object)) return false;
    content_.append(kTailBytes, 'y');
    return told("grow it in place",
                store_.extend(key, *object, MemoryBody(content_), kTextContent, deadline_)) &&
           told("copy it on the server", copy(key));
  }

  Result<void> copy(const std::string& key) {
    TRY_ASSIGN(const auto object, store_.stat(key, deadline_));
    if (!object) return Error{ErrorKind::not_found, key + " was stored and is not there"};
    TRY_ASSIGN(const StoredObject copied, store_.copy(key, *object, key + "-copy", deadline_));
    if (copied.size != content_.size())
      return Error{ErrorKind::invalid, key + "-copy has another size than " + key};
    return {};
  }

  bool read(const std::string& key) {
    return told("read it back", read_back(key)) && told("list it", list(key));
  }

  Result<void> read_back(const std::string& key) {
    TRY_ASSIGN(const std::string back, store_.get(key, kProbeBytes - kTailBytes, 2 * kTailBytes, deadline_));
    if (back != content_.substr(kProbeBytes - kTailBytes))
      return Error{ErrorKind::invalid, key + " holds other bytes than were stored"};
    return {};
  }

  Result<void> list(const std::string& key) {
    TRY_ASSIGN(const ListPage page, store_.list(key, "", deadline_));
    const bool is_there = !page.objects.empty() && page.objects.front().key == key;
    if (!is_there) return Error{ErrorKind::not_found, key + " was stored and is not listed"};
    return {};
  }

  void note_remarks() {
    const Result<std::vector<std::string>> remarks = store_.remarks(deadline_);
    if (!remarks) {
      std::fprintf(out_, "note: how the bucket is set up could not be found out: %s\n",
                   remarks.error().message.c_str());
      return;
    }
    for (const std::string& remark : *remarks)
      std::fprintf(out_, "note: %s\n", remark.c_str());
  }

  void remove(const std::string& key) {
    Result<void> removed = store_.remove(key, deadline_);
    if (removed) removed = store_.remove(key + "-copy", deadline_);
    if (removed) return;
    std::fprintf(out_, "note: the probe %s stays, remove it by hand: %s\n", key.c_str(),
                 removed.error().message.c_str());
  }

  Store& store_;
  const Deadline& deadline_;
  std::FILE* const out_;
  std::string content_;
  bool written_ = false;
};

}  // namespace

bool check_store(Store& store, const std::string& root, const Deadline& deadline, std::FILE* out) {
  return Check(store, deadline, out).run(root.empty() ? "collector-check/" : root + "/collector-check/");
}

}  // namespace rayhistory
