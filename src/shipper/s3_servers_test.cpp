// A node's life on servers that do otherwise than S3: logs grow, one is rotated, one is cut short, the
// collector is killed and starts again, and every byte is stored once. With each behaviour of
// testing/s3_behaviour.h alone, and with each pair of them.
#include <map>
#include <memory>
#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/tail_digest.h"
#include "http/curl_client.h"
#include "layout/rotated_log.h"
#include "shipper/shipper.h"
#include "store/retrying_store.h"
#include "store/s3/s3_store.h"
#include "testing/model_s3.h"
#include "testing/skipping_clock.h"
#include "testing/temporary_folder.h"

namespace rayhistory::collector {
namespace {

using enum S3Behaviour;

// S3's own sizes would make each of five hundred lives move 40 MiB.
constexpr S3Limits kSmallLimits{.least_part_bytes = 1000,
                                .single_request_bytes = 4000,
                                .sent_part_bytes = 1500,
                                .copied_part_bytes = 2000};
constexpr size_t kBodyLimitBytes = 1500;  // above the least part: there is a way
constexpr Nanoseconds kLongEnough = Seconds(60);
const std::string kPrefix = "history/session/node/";

std::string lines(char seed, size_t size) {
  std::string text;
  for (size_t i = 0; text.size() < size; ++i)
    text += std::string(1, seed) + std::to_string(i * 7919) + "\n";
  text.resize(size);
  return text;
}

class S3ServersTest : public testing::Test {
 protected:
  ~S3ServersTest() override { restart(); }

  // A new server.
  void serve(std::initializer_list<S3Behaviour> behaviours) {
    restart();
    wanted_.clear();
    server_.reset();
    s3_ = std::make_unique<ModelS3>("bucket", kSmallLimits.least_part_bytes);
    for (const S3Behaviour behaviour : behaviours)
      s3_->behave(behaviour);
    s3_->limit_bodies(kBodyLimitBytes);
    s3_->list_in_pages_of(2);
    server_ = std::make_unique<ScriptedHttpServer>(
        [this](const ReceivedRequest& request) { return s3_->respond(request); });
  }

  // A killed collector leaves nothing but its files and what is stored.
  void restart() {
    shipper_.reset();
    store_.reset();
  }
  Shipper& shipper() {
    if (shipper_) return *shipper_;
    auto credentials =
        std::make_unique<FixedCredentials<AwsCredentials>>(AwsCredentials{"id", "secret", ""}, "a test");
    auto s3 =
        S3Store::open({.bucket = "bucket", .endpoint = server_->origin()},
                      std::make_unique<CurlClient>(clock_), std::move(credentials), clock_, kSmallLimits);
    store_ = std::make_unique<RetryingStore>(*std::move(s3), clock_);
    shipper_ = std::make_unique<Shipper>(*store_, system_clock(),
                                         ShipperOptions{.workers = 2, .push_interval = Milliseconds(1)});
    return *shipper_;
  }

  void offer(const std::string& name, const std::string& key, uint32_t generation = 0,
             const std::string& moved_from = "") {
    const std::string path = folder_ / name;
    const FileStatus status = *status_of(path);
    Shipment shipment;
    shipment.kind = moved_from.empty() ? ShipmentKind::log : ShipmentKind::rotated_log;
    shipment.key = kPrefix + key;
    shipment.prefix_length = kPrefix.size();
    shipment.content_type = kTextContent;
    shipment.path = folder_.shared(name);
    shipment.identity = status.identity;
    shipment.generation = generation;
    shipment.size = status.size;
    shipment.tail = *tail_digest(*File::open_for_reading(path), status.size);
    if (!moved_from.empty()) shipment.moved_from = kPrefix + moved_from;
    shipper().offer(std::move(shipment));
    wanted_[kPrefix + key] = path;
  }
  // Empty, or what went wrong.
  std::string stored() {
    if (shipper().wait_until_stored_or_failed(Deadline::after(system_clock(), kLongEnough))) return "";
    const auto failure = shipper().failure();
    return failure ? failure->key + ": " + failure->message : "not done in time";
  }
  std::string wrong_objects() {
    std::string wrong;
    for (const auto& [key, path] : wanted_) {
      const auto object = s3_->objects().find(key);
      if (object == s3_->objects().end()) {
        wrong += key + " is missing; ";
      } else if (object->second.content != *read_file(path, UINT32_MAX)) {
        wrong += key + " holds other bytes; ";
      }
    }
    return wrong;
  }
  std::string kept_generation(const std::string& live_key) {
    const std::string beginning = rotated_log_beginning(kPrefix + live_key);
    for (const auto& [key, object] : s3_->objects())
      if (key.starts_with(beginning) && !wanted_.contains(key)) return object.content;
    return "";
  }

  std::string live() {
    const std::string odd = "50%25 +&=é.out";
    folder_.write("small", lines('s', 600));
    folder_.write("big", lines('b', 3000));
    folder_.write("cut", lines('c', 1200));
    offer("small", odd);
    offer("big", "big.out");
    offer("cut", "cut.log");
    if (const std::string wrong = stored(); !wrong.empty()) return "stored first: " + wrong;

    for (const size_t grown : {3100u, 5500u}) {
      folder_.write("big", lines('b', grown));
      offer("big", "big.out");
      if (const std::string wrong = stored(); !wrong.empty()) return "grown: " + wrong;
    }

    // Ray renames a log and opens another one.
    folder_.write("next", lines('n', 400));
    const std::string rotated = rotated_log_path("big.out", 1, 2);
    shipper().hand_over(kPrefix + "big.out");
    wanted_.erase(kPrefix + "big.out");
    offer("big", rotated, 0, "big.out");
    offer("next", "big.out");
    if (const std::string wrong = stored(); !wrong.empty()) return "rotated: " + wrong;

    // copytruncate
    const std::string before = lines('c', 1200);
    folder_.write("cut", lines('d', 1300));
    offer("cut", "cut.log", 1);
    if (const std::string wrong = stored(); !wrong.empty()) return "cut short: " + wrong;
    if (kept_generation("cut.log") != before) return "cut short: the earlier generation is not kept";
    if (std::string wrong = wrong_objects(); !wrong.empty()) return wrong;

    restart();
    const size_t objects = s3_->objects().size();
    offer("small", odd);
    offer("big", rotated, 0, "big.out");
    offer("next", "big.out");
    offer("cut", "cut.log", 1);
    if (const std::string wrong = stored(); !wrong.empty()) return "started again: " + wrong;
    if (shipper().totals().objects_written > 0) return "started again: something is stored once more";
    folder_.write("next", lines('n', 2500));
    offer("next", "big.out");
    if (const std::string wrong = stored(); !wrong.empty()) return "grown after the start: " + wrong;
    if (s3_->objects().size() != objects) return "an object is there twice";
    return wrong_objects();
  }

  const TemporaryFolder folder_;
  SkippingClock clock_;
  std::unique_ptr<ModelS3> s3_;
  std::unique_ptr<ScriptedHttpServer> server_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<Shipper> shipper_;
  std::map<std::string, std::string> wanted_;  // key to path
};

class OneBehaviour : public S3ServersTest, public testing::WithParamInterface<S3Behaviour> {};

TEST_P(OneBehaviour, EveryByteIsStoredOnce) {
  serve({GetParam()});
  EXPECT_EQ(live(), "");
  const bool is_left_to_lifecycle = GetParam() == upload_listing_501 || GetParam() == upload_listing_400 ||
                                    GetParam() == upload_listing_403;
  EXPECT_TRUE(is_left_to_lifecycle || s3_->unfinished_uploads() == 0);
}

TEST_P(OneBehaviour, AKilledRunsUploadIsGivenUpWhereTheServerShowsIt) {
  serve({GetParam()});
  s3_->begin_upload(kPrefix + "a b.out");
  folder_.write("a", lines('a', 1200));
  offer("a", "a b.out");
  EXPECT_EQ(stored(), "");
  const std::set<S3Behaviour> hide_it = {upload_listing_501, upload_listing_400, upload_listing_403,
                                         upload_listing_gives_objects};
  EXPECT_EQ(s3_->unfinished_uploads(), hide_it.contains(GetParam()) ? 1u : 0u);
}

INSTANTIATE_TEST_SUITE_P(Server, OneBehaviour, testing::ValuesIn(all_s3_behaviours()),
                         [](const auto& behaviour) { return std::string(name_of(behaviour.param)); });

// With which a pair leaves no way: it is told, and not tried here.
bool has_no_way(S3Behaviour one, S3Behaviour other) {
  const auto is_pair = [&](S3Behaviour a, S3Behaviour b) {
    return (one == a && other == b) || (one == b && other == a);
  };
  // A body above the limit goes in parts only.
  for (const S3Behaviour no_parts : {multipart_501, multipart_405})
    if (is_pair(body_limit, no_parts)) return true;
  // A list in no order goes on by its token only.
  for (const S3Behaviour no_token : {list_v2_400, list_v2_ignored, token_ignored})
    if (is_pair(unordered_keys, no_token)) return true;
  return false;
}

class TwoBehaviours : public S3ServersTest, public testing::WithParamInterface<S3Behaviour> {};

TEST_P(TwoBehaviours, EveryByteIsStoredOnce) {
  for (const S3Behaviour other : all_s3_behaviours()) {
    if (other <= GetParam() || has_no_way(GetParam(), other)) continue;
    SCOPED_TRACE(name_of(other));
    serve({GetParam(), other});
    EXPECT_EQ(live(), "");
  }
}

INSTANTIATE_TEST_SUITE_P(Server, TwoBehaviours, testing::ValuesIn(all_s3_behaviours()),
                         [](const auto& behaviour) { return std::string(name_of(behaviour.param)); });

}  // namespace
}  // namespace rayhistory::collector
