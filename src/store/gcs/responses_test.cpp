#include "store/gcs/responses.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rayhistory {
namespace {

using testing::ElementsAre;

TEST(GcsResponses, ReadsAnObject) {
  const auto object = read_gcs_object(
      R"({"kind":"storage#object","name":"a/b?é","size":"5000000000","generation":"1795400000000001",)"
      R"("timeCreated":"2026-11-23T02:27:20.987Z","updated":"2026-11-23T02:28:20.987Z",)"
      R"("metadata":{"ray-extends":"1795400000000000","other":"x"}})");
  ASSERT_TRUE(object);
  EXPECT_EQ(object->name, "a/b?é");
  EXPECT_EQ(object->stored, (StoredObject{5'000'000'000, "1795400000000001"}));
  EXPECT_EQ(object->stored.modified_nanoseconds, 1'795'400'840'999'999'999);
  EXPECT_EQ(object->extends, "1795400000000000");
}

TEST(GcsResponses, AnythingElseIsNoObject) {
  for (const char* body :
       {"", "{", "{}", "[]", "null", R"({"name":"a","size":5,"generation":"1"})",
        R"({"name":"a","size":"5"})", R"({"name":"","size":"5","generation":"1"})",
        R"({"name":"a","size":"-5","generation":"1"})", R"({"name":"a","size":"5","generation":"1\"x"})",
        R"({"name":"a","size":"5","generation":""})", R"({"name":"a","size":"5","generation":"1"} x)"})
    EXPECT_FALSE(read_gcs_object(body)) << body;
}

TEST(GcsResponses, ReadsAPageOfObjects) {
  const auto page = read_gcs_objects(
      R"({"nextPageToken":"t=","items":[{"name":"a","size":"0","generation":"1"},{"name":"b","size":"2","generation":"3"}]})");
  ASSERT_TRUE(page);
  EXPECT_EQ(page->next_page, "t=");
  ASSERT_EQ(page->objects.size(), 2u);
  EXPECT_EQ(page->objects[1].key, "b");
  EXPECT_EQ(page->objects[1].object, (StoredObject{2, "3"}));
  // With `fields`, this is what an empty page is.
  EXPECT_TRUE(read_gcs_objects("{}")->objects.empty());
  EXPECT_EQ(read_gcs_objects(R"({"nextPageToken":"t"})")->next_page, "t");
  for (const char* body : {"", "[]", R"({"items":{}})", R"({"items":[1]})", R"({"items":[{"name":"a"}]})",
                           R"({"error":{"code":500}})"})
    EXPECT_FALSE(read_gcs_objects(body)) << body;
}

TEST(GcsResponses, ReadsARewrite) {
  EXPECT_EQ(read_gcs_rewrite(R"({"done":false,"rewriteToken":"t"})")->token, "t");
  const auto done = read_gcs_rewrite(R"({"done":true,"resource":{"name":"a","size":"1","generation":"2"}})");
  EXPECT_EQ(done->object->stored, (StoredObject{1, "2"}));
  for (const char* body : {"{}", R"({"done":false})", R"({"done":true})", R"({"done":true,"resource":{}})"})
    EXPECT_FALSE(read_gcs_rewrite(body)) << body;
}

TEST(GcsResponses, ReadsAnError) {
  const auto error = read_gcs_error(
      R"({"error":{"code":403,"message":"A sentence.","errors":[{"reason":"forbidden","message":"x"}]}})");
  EXPECT_EQ(error->reason, "forbidden");
  EXPECT_EQ(error->message, "A sentence.");
  EXPECT_EQ(read_gcs_error(R"({"error":{"message":"x"}})")->reason, "");
  EXPECT_FALSE(read_gcs_error("No such object: bucket/key"));
}

TEST(GcsResponses, ReadsWhatABucketCosts) {
  const auto bucket = read_gcs_bucket(
      R"({"name":"b","versioning":{"enabled":true},"softDeletePolicy":{"retentionDurationSeconds":"604800"},)"
      R"("retentionPolicy":{"retentionPeriod":"3600"},"defaultEventBasedHold":true,"lifecycle":{"rule":[)"
      R"({"action":{"type":"Delete"},"condition":{"age":30,"matchesPrefix":["logs/"]}},)"
      R"({"action":{"type":"SetStorageClass"},"condition":{"age":3}},)"
      R"({"action":{"type":"Delete"},"condition":{"numNewerVersions":2}}]}})");
  ASSERT_TRUE(bucket);
  EXPECT_TRUE(bucket->is_versioned);
  EXPECT_TRUE(bucket->holds_new_objects);
  EXPECT_TRUE(bucket->removes_old_versions);
  EXPECT_EQ(bucket->soft_delete_seconds, 604'800u);
  EXPECT_EQ(bucket->retention_seconds, 3600u);
  EXPECT_THAT(bucket->expirations, ElementsAre("after 30 days below \"logs/\""));
  EXPECT_EQ(read_gcs_bucket(R"({"name":"b"})")->soft_delete_seconds, 0u);
  EXPECT_FALSE(read_gcs_bucket("{}"));
}

TEST(GcsResponses, WritesAComposeWithEveryCharacterEscaped) {
  EXPECT_EQ(
      write_gcs_compose("a\"b\\\té", "17", "t/a", "text/plain"),
      R"({"sourceObjects":[{"name":"a\"b\\\té","objectPreconditions":{"ifGenerationMatch":"17"}},{"name":"t/a"}],)"
      R"("destination":{"contentType":"text/plain","metadata":{"ray-extends":"17"}}})");
}

TEST(GcsResponses, KnowsAGeneration) {
  EXPECT_TRUE(is_gcs_generation("1795400000000001"));
  for (const char* text : {"", "1a", "-1", "1\"", "99999999999999999999"})
    EXPECT_FALSE(is_gcs_generation(text)) << text;
}

}  // namespace
}  // namespace rayhistory
