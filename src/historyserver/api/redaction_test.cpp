#include "historyserver/api/redaction.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rayhistory::historyserver {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(WithSecretsMasked, FindsEnvironmentsUnderAnyKeyAtAnyDepth) {
  for (const char* json : {
           R"({"env_vars": {"A": "s3cr3t"}})",
           R"({"data": [{"x": {"env_vars": {"A": "s3cr3t"}}}]})",
           R"({"train_runs": [{"worker_runtime_env": {"env_vars": {"A": "s3cr3t"}}}]})",
           R"({"whatever": {"envVars": {"A": {"b": "s3cr3t"}}}})",
           R"({"env_vars": "s3cr3t"})",
           R"({"env_vars": ["s3cr3t"]})",
           R"({"text": "{\"env_vars\": {\"A\": \"s3cr3t\"}}"})",
           R"x({"text": "RuntimeEnv(env_vars={'A': 's3cr3t'})"})x",
           R"({"text": "\"{\\\"env_vars\\\": {\\\"A\\\": \\\"s3cr3t\\\"}}\""})",
           R"({"\u0065nv_vars": {"A": "s3cr3t"}})",
           R"({"text": "{\"\u0065nv_vars\": {\"A\": \"s3cr3t\"}}"})",
           R"({"runtime_env": {"pip": ["--index-url=https://me:s3cr3t@pypi.example"]}})",
           R"({"runtime_env": {"container": {"run_options": ["--env=API_TOKEN=s3cr3t"]}}})",
           R"({"jobs": [{"entrypoint": "DB_PASSWORD=s3cr3t python x.py"}]})",
           R"({"jobs": [{"metadata": {"wandb_api_key": "s3cr3t"}}]})",
           R"({"raylet": {"cmdline": ["raylet", "--redis_password=s3cr3t"]}})",
           R"({"env_vars": {"A": "s3cr3t")",
       }) {
    EXPECT_THAT(with_secrets_masked(json), testing::AllOf(Not(HasSubstr("s3cr3t")), HasSubstr("<redacted>")))
        << json;
  }
}

TEST(WithSecretsMasked, ChangesNoByteWithoutASecret) {
  for (const char* json :
       {"", "{}", "[1,2 , 3]", R"({"a":"b","metadata": {"k" :"v"}, "entrypoint":"python x.py --lr=0.1"})",
        R"({"env_vars": null})", R"({"runtime_env":{}})", R"({"token": "of a parser"})",
        "no JSON, entrypoint"})
    EXPECT_EQ(with_secrets_masked(json), json);
}

TEST(MaskedMetadata, HidesSecretsByNameAndByForm) {
  std::string json;
  append_masked_metadata(json, {{"team", "a"}, {"api_key", "s3cr3t"}, {"url", "https://me:s3cr3t@host/x"}});
  EXPECT_EQ(json, R"({"team": "a", "api_key": "<redacted>", "url": "https://me:<redacted>@host/x"})");
}

}  // namespace
}  // namespace rayhistory::historyserver
