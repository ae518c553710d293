#include "credentials/aws/credential_process.h"

#include <signal.h>

#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/check.h"
#include "testing/temporary_folder.h"

namespace rayhistory {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Longer than any of these takes, so that a hang is an error and not a hang.
Deadline soon() {
  return Deadline::after(system_clock(), Seconds(30));
}

Result<Issued<AwsCredentials>> run(const std::string& script, const Deadline& deadline = soon()) {
  return AwsCredentialProcess({"/bin/sh", "-c", script}, "p", system_clock()).issue(deadline);
}

// As Python's shlex.split has them.
TEST(SplitCommand, QuotesGroupAndBackslashesEscape) {
  EXPECT_THAT(*split_command("  a b\tc "), ElementsAre("a", "b", "c"));
  EXPECT_THAT(*split_command(R"("/opt/my tool" 'a "b' --x="1 2"'3')"),
              ElementsAre("/opt/my tool", "a \"b", "--x=1 23"));
  EXPECT_THAT(*split_command(R"(a\ b "c\"d\e\\" 'f\g' '')"), ElementsAre("a b", R"(c"d\e\)", R"(f\g)", ""));
  EXPECT_THAT(*split_command("echo $HOME `id` > x | y; z"),
              ElementsAre("echo", "$HOME", "`id`", ">", "x", "|", "y;", "z"));
  for (const char* none : {"", "  ", "\"a", "'a", "a\\", "''"})
    EXPECT_EQ(split_command(none), std::nullopt) << none;
}

TEST(AwsCredentialProcess, ReadsWhatItPrints) {
  const auto issued = run(
      R"(echo '{"Version": 1, "AccessKeyId": "id", "SecretAccessKey": "secret", "SessionToken": "token",
                "Expiration": "2026-11-23T02:27:20Z"}')");
  ASSERT_TRUE(issued) << issued.error().message;
  EXPECT_EQ(issued->credentials, (AwsCredentials{"id", "secret", "token"}));
  EXPECT_EQ(issued->expires_unix_nanoseconds, 1'795'400'840'000'000'000);
  const auto for_ever = run(R"(echo '{"Version": 1, "AccessKeyId": "id", "SecretAccessKey": "secret"}')");
  ASSERT_TRUE(for_ever);
  EXPECT_EQ(for_ever->expires_unix_nanoseconds, std::nullopt);
}

TEST(AwsCredentialProcess, TellsWhatWentWrongAndNeverWhatItPrinted) {
  const auto failed = run("echo my-secret; echo 'please log in' >&2; exit 3");
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().kind, ErrorKind::denied);
  EXPECT_THAT(failed.error().message, HasSubstr("profile p: ended with status 3: please log in"));
  EXPECT_THAT(failed.error().message, testing::Not(HasSubstr("my-secret")));
  const auto nonsense = run("echo my-secret");
  ASSERT_FALSE(nonsense);
  EXPECT_THAT(nonsense.error().message, HasSubstr("its output is not"));
  EXPECT_THAT(nonsense.error().message, testing::Not(HasSubstr("my-secret")));
  const auto other_version = run(R"(echo '{"Version": 2, "AccessKeyId": "a", "SecretAccessKey": "b"}')");
  EXPECT_FALSE(other_version);
  const auto absent = AwsCredentialProcess({"/no/such/program"}, "p", system_clock()).issue(soon());
  ASSERT_FALSE(absent);
  EXPECT_THAT(absent.error().message, HasSubstr("/no/such/program"));
}

TEST(AwsCredentialProcess, ItsOutputIsBounded) {
  const auto endless = run("while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done");
  ASSERT_FALSE(endless);
  EXPECT_THAT(endless.error().message, HasSubstr("more than"));
}

TEST(AwsCredentialProcess, IsEndedByAStopWithAllThatItStarted) {
  const TemporaryFolder folder;
  const std::string started = folder / "started";
  std::stop_source stop;
  std::jthread waiter([&] {
    while (folder.read("started").empty())
      std::this_thread::yield();
    stop.request_stop();
  });
  folder.write("started", "");
  const auto stopped = run("sleep 600 & echo $! > " + started + "; wait", Deadline::never(stop.get_token()));
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().kind, ErrorKind::cancelled);
  const pid_t grandchild = static_cast<pid_t>(std::stol(folder.read("started")));
  // A letter, or "gone".
  const auto state = [&] {
    std::FILE* file = std::fopen(("/proc/" + std::to_string(grandchild) + "/stat").c_str(), "r");
    if (file == nullptr) return std::string("gone");
    char letter = 0;
    const int read = std::fscanf(file, "%*d (%*[^)]) %c", &letter);
    std::fclose(file);
    return read == 1 ? std::string(1, letter) : std::string("gone");
  };
  // The signal is on its way; a zombie is one that nobody has reaped yet.
  const SteadyTime latest = system_clock().steady_now() + Seconds(10);
  while (state() != "gone" && state() != "Z" && state() != "X") {
    ASSERT_LT(system_clock().steady_now(), latest) << "it lives on: " << state();
    std::this_thread::yield();
  }
}

TEST(AwsCredentialProcess, AGrandchildThatKeepsThePipeHoldsUpNothing) {
  const auto issued =
      run(R"(sleep 600 & echo '{"Version": 1, "AccessKeyId": "id", "SecretAccessKey": "s"}')");
  ASSERT_TRUE(issued) << issued.error().message;
}

}  // namespace
}  // namespace rayhistory
