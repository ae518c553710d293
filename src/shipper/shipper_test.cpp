#include "shipper/shipper.h"

#include <atomic>
#include <latch>

#include <gtest/gtest.h>

#include "testing/memory_store.h"
#include "testing/temporary_folder.h"

namespace rayhistory::collector {
namespace {

constexpr Nanoseconds kLongEnough = Seconds(60);

Shipment shipment_of(const TemporaryFolder& folder, const std::string& name) {
  const FileStatus status = *status_of(folder / name);
  Shipment shipment;
  shipment.key = name;
  shipment.path = folder.shared(name);
  shipment.identity = status.identity;
  shipment.size = status.size;
  return shipment;
}

Shipment written_shipment(const TemporaryFolder& folder, const std::string& name, std::string_view content) {
  folder.write(name, content);
  return shipment_of(folder, name);
}

TEST(Shipper, StoresWhatIsOfferedWhileItIsDraining) {
  const TemporaryFolder folder;
  MemoryStore store;
  Shipper shipper(store, system_clock(), {.workers = 4});
  shipper.begin_drain();
  for (int i = 0; i < 200; ++i) {
    const std::string name = "file" + std::to_string(i);
    shipper.offer(written_shipment(folder, name, name));
  }
  EXPECT_TRUE(shipper.wait_until_stored(Deadline::after(system_clock(), kLongEnough)));
  EXPECT_EQ(store.keys().size(), 200u);
  EXPECT_TRUE(shipper.backlog().empty());
}

TEST(Shipper, PushesByItselfWhenTheIntervalIsOver) {
  const TemporaryFolder folder;
  MemoryStore store;
  std::latch stored(1);
  store.before_each_call([&](StoreCall call, const std::string&) {
    if (call == StoreCall::put) stored.count_down();
  });
  Shipper shipper(store, system_clock(), {.workers = 2, .push_interval = Milliseconds(1)});
  shipper.offer(written_shipment(folder, "a", "a"));
  stored.wait();
}

TEST(Shipper, SaysWhatIsLeftWhenTheStoreIsAway) {
  const TemporaryFolder folder;
  MemoryStore store;
  store.fail_always(Error{ErrorKind::retry, "connection refused"});
  Shipper shipper(store, system_clock(), {.workers = 2});
  shipper.begin_drain();
  shipper.offer(written_shipment(folder, "a", "12345"));
  EXPECT_FALSE(shipper.wait_until_stored(Deadline::after(system_clock(), Milliseconds(20))));
  EXPECT_EQ(shipper.backlog().files, 1u);
  EXPECT_EQ(shipper.backlog().bytes, 5u);
}

// Nothing but the last look into the ledger tells that there is nothing to do.
TEST(Shipper, ADrainEndsAlsoWhenAnEmptyFileTurnsOutToBeStored) {
  const TemporaryFolder folder;
  MemoryStore store;
  store.set("a", "");
  Shipper shipper(store, system_clock(), {.workers = 1});
  shipper.begin_drain();
  shipper.offer(written_shipment(folder, "a", ""));
  EXPECT_TRUE(shipper.wait_until_stored(Deadline::never()));
}

TEST(Shipper, ADrainEndsAlsoWhenAnObjectOfNoFileTurnsOutToBeNowhereElse) {
  const TemporaryFolder folder;
  MemoryStore store;
  store.set("r.out", "left by a deleted log");
  store.set("r.rotated.1-1.out", "of a generation before, and longer");
  Shipper shipper(store, system_clock(), {.workers = 1});
  shipper.begin_drain();
  Shipment event = written_shipment(folder, "a", "a");
  event.kind = ShipmentKind::events;  // goes first
  shipper.offer(event);
  EXPECT_TRUE(shipper.wait_until_stored(Deadline::never()));
  EXPECT_EQ(store.content("r.out"), "left by a deleted log");
}

TEST(Shipper, OneKeyIsNeverWrittenByTwoWorkers) {
  const TemporaryFolder folder;
  MemoryStore store;
  std::atomic<int> writing = 0;
  std::atomic<bool> overlapped = false;
  store.before_each_call([&](StoreCall call, const std::string&) {
    if (call != StoreCall::put && call != StoreCall::extend) return;
    if (writing.fetch_add(1) != 0) overlapped = true;
    std::this_thread::yield();
    writing.fetch_sub(1);
  });
  Shipper shipper(store, system_clock(), {.workers = 8});
  shipper.begin_drain();
  folder.write("a", "");
  for (int i = 0; i < 300; ++i) {
    folder.append("a", "x");
    shipper.offer(shipment_of(folder, "a"));
  }
  EXPECT_TRUE(shipper.wait_until_stored(Deadline::after(system_clock(), kLongEnough)));
  EXPECT_EQ(store.content("a"), std::string(300, 'x'));
  EXPECT_FALSE(overlapped);
}

}  // namespace
}  // namespace rayhistory::collector
