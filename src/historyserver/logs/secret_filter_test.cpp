#include "historyserver/logs/secret_filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rayhistory::historyserver {
namespace {

const std::string kLog =
    "2026-11-29 INFO runtime_env_agent.py:400 -- Creating runtime env: {\"env_vars\": {\"A\": \"s3cr3t\"}}.\n"
    "\n"
    "Successfully created, the context: {'env_vars': {'B': 's3cr3t'}, 'py_executable': 'python'}\n"
    "Looking in indexes: https://me:s3cr3t@pypi.example/simple";
const std::string kMasked =
    "2026-11-29 INFO runtime_env_agent.py:400 -- Creating runtime env: {\"env_vars\": {\"A\": "
    "\"<redacted>\"}}.\n"
    "\n"
    "Successfully created, the context: {'env_vars': {'B': '<redacted>'}, 'py_executable': 'python'}\n"
    "Looking in indexes: https://me:<redacted>@pypi.example/simple";

TEST(SecretFilter, HidesSecretsHoweverTheTextIsCut) {
  for (size_t size = 1; size <= kLog.size(); ++size) {
    SecretFilter filter;
    std::string shown;
    for (size_t at = 0; at < kLog.size(); at += size)
      shown += filter.take(std::string_view(kLog).substr(at, size));
    shown += filter.finish();
    ASSERT_EQ(shown, kMasked) << size;
  }
}

TEST(SecretFilter, LeavesOutALineThatItCannotHold) {
  SecretFilter filter;
  const std::string half(700'000, 'x');
  std::string shown;
  for (const std::string& piece : {"a\n{\"env_vars\": {\"A\": \"" + half, half, std::string("s3cr3t\"}}\nb")})
    shown += filter.take(piece);
  shown += filter.finish();
  EXPECT_THAT(shown, testing::StartsWith("a\n(This line is longer than 1 MiB"));
  EXPECT_THAT(shown, testing::EndsWith(")\nb"));
}

TEST(ShowsRuntimeEnvs, KnowsTheLogsOfTheAgent) {
  for (const char* name :
       {"runtime_env_agent.log", "runtime_env_agent.log.1", "runtime_env_agent.rotated.1-2.log",
        "runtime_env_agent.out", "runtime_env_setup-01000000.log", "sub/runtime_env_setup-x.log"})
    EXPECT_TRUE(shows_runtime_envs(name)) << name;
  for (const char* name :
       {"raylet.out", "my_runtime_env_agent.log", "runtime_env_agent", "runtime_env_agent.log/x"})
    EXPECT_FALSE(shows_runtime_envs(name)) << name;
}

}  // namespace
}  // namespace rayhistory::historyserver
