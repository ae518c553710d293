#include "historyserver/sessions/stored_session.h"

#include <algorithm>
#include <utility>

namespace rayhistory::historyserver {

std::vector<const ListedObject*> SessionListing::below(std::string_view path) const {
  const std::string prefix = session.prefix + std::string(path);
  auto found =
      std::lower_bound(objects.begin(), objects.end(), prefix,
                       [](const ListedObject& object, const std::string& key) { return object.key < key; });
  std::vector<const ListedObject*> result;
  for (; found != objects.end() && found->key.starts_with(prefix); ++found)
    result.push_back(&*found);
  return result;
}

const ListedObject* SessionListing::find(std::string_view path) const {
  const std::string key = session.prefix + std::string(path);
  const auto found = std::lower_bound(
      objects.begin(), objects.end(), key,
      [](const ListedObject& object, const std::string& wanted) { return object.key < wanted; });
  return found != objects.end() && found->key == key ? &*found : nullptr;
}

std::vector<NodeId> SessionListing::nodes() const {
  std::vector<NodeId> nodes;
  for (const ListedObject& object : objects) {
    const std::string_view path = std::string_view(object.key).substr(session.prefix.size());
    const std::string_view first = path.substr(0, path.find('/'));
    if (first.size() == path.size() || (!nodes.empty() && nodes.back().str() == first)) continue;
    if (auto node = NodeId::parse(first)) nodes.push_back(std::move(*node));
  }
  return nodes;
}

Result<SessionListing> list_session(Store& store, StoredSession session, const Deadline& deadline) {
  SessionListing listing{.session = std::move(session), .objects = {}, .chunked = {}};
  std::string cursor;
  do {
    TRY_ASSIGN(ListPage page, store.list(listing.session.prefix, cursor, deadline));
    std::move(page.objects.begin(), page.objects.end(), std::back_inserter(listing.objects));
    cursor = std::move(page.next);
  } while (!cursor.empty());
  // A server that keeps its keys in no order lists them in none; all that reads the listing searches by
  // order.
  const auto by_key = [](const ListedObject& a, const ListedObject& b) { return a.key < b.key; };
  if (!std::is_sorted(listing.objects.begin(), listing.objects.end(), by_key))
    std::sort(listing.objects.begin(), listing.objects.end(), by_key);
  listing.chunked = ChunkedLogs::take_from(listing.objects, listing.session.prefix);
  return listing;
}

Result<std::string> read_listed(Store& store, const SessionListing& listing, const std::string& key,
                                uint64_t offset, uint64_t length, const Deadline& deadline) {
  std::string bytes;
  for (const LogSlice& part : listing.chunked.in_store({key, offset, offset + length})) {
    TRY_ASSIGN(std::string more, store.get(part.key, part.begin, part.size(), deadline));
    const bool is_short = more.size() < part.size();
    if (bytes.empty()) {
      bytes = std::move(more);
    } else {
      bytes += more;
    }
    if (is_short) break;
  }
  return bytes;
}

}  // namespace rayhistory::historyserver
