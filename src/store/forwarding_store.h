// The base of a Store that stands before another one: it passes every call on, and a subclass overrides the
// calls that it changes.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/store.h"

namespace rayhistory {

// Any thread, as far as the other store and the subclass allow it.
class ForwardingStore : public Store {
 public:
  std::string description() const override { return inner_.description(); }
  std::string credentials_origin() const override { return inner_.credentials_origin(); }
  Result<void> ensure_bucket(const Deadline& deadline) override { return inner_.ensure_bucket(deadline); }
  Result<StoredObject> put(const std::string& key, const Body& body, std::string_view content_type,
                           const Deadline& deadline) override {
    return inner_.put(key, body, content_type, deadline);
  }
  Result<StoredObject> replace(const std::string& key, const std::optional<StoredObject>& before,
                               const Body& body, std::string_view content_type,
                               const Deadline& deadline) override {
    return inner_.replace(key, before, body, content_type, deadline);
  }
  Result<StoredObject> extend(const std::string& key, const StoredObject& stored, const Body& whole,
                              std::string_view content_type, const Deadline& deadline) override {
    return inner_.extend(key, stored, whole, content_type, deadline);
  }
  Result<StoredObject> copy(const std::string& from, const StoredObject& expected, const std::string& to,
                            const Deadline& deadline) override {
    return inner_.copy(from, expected, to, deadline);
  }
  Result<std::optional<StoredObject>> stat(const std::string& key, const Deadline& deadline) override {
    return inner_.stat(key, deadline);
  }
  Result<ListPage> list(const std::string& prefix, const std::string& cursor,
                        const Deadline& deadline) override {
    return inner_.list(prefix, cursor, deadline);
  }
  Result<std::string> get(const std::string& key, uint64_t offset, uint64_t length,
                          const Deadline& deadline) override {
    return inner_.get(key, offset, length, deadline);
  }
  Result<void> remove(const std::string& key, const Deadline& deadline) override {
    return inner_.remove(key, deadline);
  }
  Result<void> abort_unfinished_uploads(const std::string& prefix, const Deadline& deadline) override {
    return inner_.abort_unfinished_uploads(prefix, deadline);
  }
  Result<std::vector<std::string>> bucket_warnings(const Deadline& deadline) override {
    return inner_.bucket_warnings(deadline);
  }
  std::vector<std::string> lacks() const override { return inner_.lacks(); }
  ObjectGrowth growth() const override { return inner_.growth(); }
  Result<void> survey(const std::string& prefix, SurveyUse use, const Deadline& deadline) override {
    return inner_.survey(prefix, use, deadline);
  }
  std::string abilities() const override { return inner_.abilities(); }

 protected:
  // `inner` must outlive it.
  explicit ForwardingStore(Store& inner) : inner_(inner) {}

  Store& inner() const { return inner_; }

 private:
  Store& inner_;
};

}  // namespace rayhistory
