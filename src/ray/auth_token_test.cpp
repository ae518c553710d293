#include "ray/auth_token.h"

#include <filesystem>

#include <gtest/gtest.h>

#include "testing/temporary_folder.h"

namespace rayhistory::collector {
namespace {

TEST(AuthToken, IsNotNeededUnlessConfigured) {
  const auto token = read_auth_token({});
  ASSERT_TRUE(token);
  EXPECT_EQ(*token, std::nullopt);
}

TEST(AuthToken, IsTheOneGivenWithoutSpacesAround) {
  EXPECT_EQ(*read_auth_token({.required = true, .token = " secret\n"}), "secret");
}

TEST(AuthToken, OfTheServiceAccountIsReadAnewThroughItsSymlink) {
  const TemporaryFolder folder;
  folder.write("..data_1/token", "first\n");
  std::filesystem::create_symlink("..data_1", folder / "..data");
  std::filesystem::create_symlink("..data/token", folder / "token");
  const AuthTokenSettings settings{
      .service_account = true, .token = "not this one", .service_account_path = folder / "token"};
  EXPECT_EQ(*read_auth_token(settings), "first");
  folder.write("..data_1/token", "second\n");
  EXPECT_EQ(*read_auth_token(settings), "second");
}

TEST(AuthToken, MissingWhereItIsRequiredIsAnErrorThatNamesTheVariables) {
  const auto token = read_auth_token({.required = true, .token = " "});
  ASSERT_FALSE(token);
  EXPECT_EQ(token.error().kind, ErrorKind::denied);
  EXPECT_NE(token.error().message.find("RAY_AUTH_TOKEN"), std::string::npos);
}

TEST(AuthToken, EmptyOrMissingFileIsAnErrorThatNamesIt) {
  const TemporaryFolder folder;
  const AuthTokenSettings settings{.service_account = true, .service_account_path = folder / "token"};
  const auto missing = read_auth_token(settings);
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().message.find(folder / "token"), std::string::npos);
  folder.write("token", "\n");
  EXPECT_FALSE(read_auth_token(settings));
}

}  // namespace
}  // namespace rayhistory::collector
