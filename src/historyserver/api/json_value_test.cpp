#include "historyserver/api/json_value.h"

#include <cmath>
#include <limits>
#include <string>

#include <gtest/gtest.h>

namespace rayhistory::historyserver {
namespace {

TEST(CamelCase, IsPythonsTitleOfAllPartsButTheFirst) {
  EXPECT_EQ(camel_case("object_store_memory"), "objectStoreMemory");
  EXPECT_EQ(camel_case("node:__internal_head__"), "node:InternalHead");
  EXPECT_EQ(camel_case("CPU"), "CPU");
  EXPECT_EQ(camel_case("ray.io/node-id"), "ray.io/node-id");
  EXPECT_EQ(camel_case("job_ID"), "jobId");
  EXPECT_EQ(camel_case("_x"), "X");
  // Letters after digits begin anew, as live shows of a node's type.
  EXPECT_EQ(camel_case("node_b956a7677f4c"), "nodeB956A7677F4C");
  EXPECT_EQ(camel_case(""), "");
}

TEST(FloatText, IsPythonsRepr) {
  EXPECT_EQ(float_text(2), "2.0");
  EXPECT_EQ(float_text(0.1), "0.1");
  EXPECT_EQ(float_text(2.0 - 1.8 - 0.1), "0.09999999999999995");
  EXPECT_EQ(float_text(1e16), "1e+16");
  EXPECT_EQ(float_text(1795404334378.9248), "1795404334378.9248");
  EXPECT_EQ(float_text(1795404334378924.8), "1795404334378924.8");
  EXPECT_EQ(float_text(std::numeric_limits<double>::infinity()), "null");
  EXPECT_EQ(float_text(std::nan("")), "null");
}

TEST(JsonValue, WritesWhatWasParsedAgain) {
  const std::string text =
      R"({"a_b": [1, -2, 18446744073709551615, 1.5, true, null, {"c_d": "x\"y"}], "e": {}})";
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  ASSERT_EQ(parser.parse(text).get(root), simdjson::SUCCESS);
  std::string same;
  append_json(same, root);
  EXPECT_EQ(same, text);
  std::string camel;
  append_camel_json(camel, root);
  EXPECT_EQ(camel, R"({"aB": [1, -2, 18446744073709551615, 1.5, true, null, {"cD": "x\"y"}], "e": {}})");
}

}  // namespace
}  // namespace rayhistory::historyserver
