#include "historyserver/exchange/secret_mask.h"

#include <gtest/gtest.h>

namespace rayhistory::historyserver {
namespace {

TEST(SecretName, IsWhatPeopleCallTheirSecrets) {
  for (const char* name : {"TOKEN",
                           "HF_TOKEN",
                           "hf-token",
                           "accessToken",
                           "DB_PASSWORD",
                           "password",
                           "PGPASSWD",
                           "CLIENT_SECRET",
                           "clientSecret",
                           "AWS_SECRET_ACCESS_KEY",
                           "AWS_ACCESS_KEY_ID",
                           "WANDB_API_KEY",
                           "api-key",
                           "apikey",
                           "apiKey",
                           "X-Api-Key",
                           "SOME_KEY",
                           "private_key",
                           "AZURE_STORAGE_CONNECTION_STRING",
                           "X-Amz-Signature",
                           "X-Amz-Security-Token",
                           "sig",
                           "GOOGLE_APPLICATION_CREDENTIALS",
                           "key.password"})
    EXPECT_TRUE(is_secret_name(name)) << name;
  for (const char* name : {"", "key", "sort_key", "tokens", "max_tokens", "tokenizer", "eos_token",
                           "keyboard", "passwords_file", "secretary", "monkey", "design", "PATH", "KEY"})
    EXPECT_FALSE(is_secret_name(name)) << name;
}

struct Case {
  const char* given;
  const char* masked;
};

TEST(MaskedText, HidesSecretsOfCommands) {
  for (const Case& each : {
           Case{"API_KEY=abc python x.py", "API_KEY=<redacted> python x.py"},
           Case{"export DB_PASSWORD='a b'; run", "export DB_PASSWORD='<redacted>'; run"},
           Case{R"(env HF_TOKEN="a\"b c" run)", R"(env HF_TOKEN="<redacted>" run)"},
           Case{"run --token=abc --lr=0.1", "run --token=<redacted> --lr=0.1"},
           Case{"run --api-key abc --lr 0.1", "run --api-key <redacted> --lr 0.1"},
           Case{"run --password 'a b' x", "run --password '<redacted>' x"},
           Case{"run --token --verbose", "run --token --verbose"},
           Case{"curl 'https://h/?token=abc&x=1'", "curl 'https://h/?token=<redacted>&x=1'"},
           Case{R"(run '{"api_key": "abc", "x": 1}')", R"(run '{"api_key": "<redacted>", "x": 1}')"},
           Case{R"(run "{\"api_key\": \"abc\"}")", R"(run "{\"api_key\": \"<redacted>\"}")"},
           Case{"run --token=$HF_TOKEN --key=${X}", "run --token=$HF_TOKEN --key=${X}"},
           Case{"git clone https://ghp_abc@github.com/x", "git clone https://<redacted>@github.com/x"},
           Case{"git clone https://me:abc@github.com/x", "git clone https://me:<redacted>@github.com/x"},
           Case{"redis://:p@ss@host:6379/0", "redis://:<redacted>@host:6379/0"},
           Case{"git+ssh://git@github.com/x", "git+ssh://git@github.com/x"},
           Case{"curl -H 'Authorization: Bearer abcdefghijklmnop.x'",
                "curl -H 'Authorization: Bearer <redacted>'"},
           Case{"curl -H 'authorization: basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=='",
                "curl -H 'authorization: basic <redacted>'"},
           Case{"the bearer of news, basic usage", "the bearer of news, basic usage"},
           Case{"TOKEN=", "TOKEN="},
           Case{"TOKEN='abc", "TOKEN='<redacted>"},
           Case{"python train.py --lr=0.1 --sort_key=name a=b",
                "python train.py --lr=0.1 --sort_key=name a=b"},
       })
    EXPECT_EQ(masked_text(each.given), each.masked);
}

TEST(MaskedText, HidesTheVariablesOfEnvironments) {
  for (const Case& each : {
           Case{R"({"env_vars": {"A": "s3cr3t", "B": "x"}, "pip": ["y"]})",
                R"({"env_vars": {"A": "<redacted>", "B": "<redacted>"}, "pip": ["y"]})"},
           Case{R"({"envVars":{"A":"s3cr3t"}})", R"({"envVars":{"A":"<redacted>"}})"},
           Case{R"({'env_vars': {'A': 's3cr3t', "it's": "a'b"}})",
                R"({'env_vars': {'A': '<redacted>', "it's": "<redacted>"}})"},
           Case{R"(RuntimeEnv(env_vars={'A': 's3cr3t'}))", R"(RuntimeEnv(env_vars={'A': '<redacted>'}))"},
           Case{R"("{\"env_vars\": {\"A\": \"s3\\\"cr3t\"}}")",
                R"("{\"env_vars\": {\"A\": \"<redacted>\"}}")"},
           Case{R"({"env_vars": {"A": "s3cr3t\\", "B": "\\\"x\\\\"}})",
                R"({"env_vars": {"A": "<redacted>", "B": "<redacted>"}})"},
           Case{R"({"env_vars": {"A": 7, "B": null}})",
                R"({"env_vars": {"A": <redacted>, "B": <redacted>}})"},
           Case{R"({"env_vars": {"A": "s3cr)", R"({"env_vars": {"A": "<redacted>)"},
           Case{R"({"env_vars": {}})", R"({"env_vars": {}})"},
           Case{R"({"env_vars": null, "a": "b"})", R"({"env_vars": null, "a": "b"})"},
           Case{"the env_vars are fine", "the env_vars are fine"},
       })
    EXPECT_EQ(masked_text(each.given), each.masked);
}

TEST(MaskedText, LeavesEverythingElse) {
  for (const char* text : {"", "=", ":", "://", "@", "--", "'", "\\", "\"\\", "a=b=c", "http://[::1]:80/@x",
                           "env_vars:", "env_vars={"})
    EXPECT_EQ(masked_text(text), text);
}

// A log's line and an answer can be megabytes long: with anything but linear time this does not end.
TEST(MaskedText, TakesTimeInProportionToTheText) {
  for (const std::string unit :
       {"=", "TOKEN=", "://", "env_vars:{", "\"", "\\", "a", "--token ", "env_vars:{\"a\":\"", "'x':"}) {
    std::string text;
    while (text.size() < 4'000'000)
      text += unit;
    EXPECT_LT(masked_text(text).size(), 4 * text.size()) << unit;
  }
}

}  // namespace
}  // namespace rayhistory::historyserver
