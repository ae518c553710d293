#include "base/shared_path.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>

#include "testing/temporary_folder.h"

namespace rayhistory {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

class SharedPathTest : public testing::TestWithParam<Walk> {
 protected:
  SharedPathTest() {
    folder_.write("tree/a/b/file", "ours");
    outside_.write("a/b/file", "theirs");
    outside_.write("file", "theirs");
  }

  SharedPath at(const std::string& path) const { return SharedPath(tree_) / path; }
  std::string real(const std::string& path) const { return folder_ / ("tree/" + path); }
  void link(const std::string& target, const std::string& path) const {
    fs::create_symlink(target, real(path));
  }
  static ErrorKind kind_of_opening(const SharedPath& path) {
    const auto file = open_for_reading(path);
    return file ? ErrorKind::unknown_outcome : file.error().kind;
  }
  // Every function that could reach what is at the path.
  void expect_out_of_reach(const SharedPath& path) const {
    EXPECT_FALSE(open_for_reading(path)) << path.str();
    EXPECT_FALSE(open_for_writing(path)) << path.str();
    EXPECT_FALSE(create_new(path)) << path.str();
    EXPECT_FALSE(open_folder(path)) << path.str();
    EXPECT_FALSE(status_of(path)) << path.str();
    EXPECT_FALSE(file_identity(path)) << path.str();
    EXPECT_FALSE(read_symlink(path)) << path.str();
    EXPECT_FALSE(names_in(path)) << path.str();
    EXPECT_FALSE(read_file(path, 100)) << path.str();
    EXPECT_FALSE(replace_file(path, "x")) << path.str();
    EXPECT_FALSE(remove_folder(path)) << path.str();
    EXPECT_FALSE(rename_file(path, at("renamed"))) << path.str();
    EXPECT_FALSE(rename_file(at("a/b/file"), path)) << path.str();
    EXPECT_FALSE(make_folders(path)) << path.str();
    EXPECT_FALSE(sync_folder(path)) << path.str();
    (void)remove_file(path);
    (void)remove_tree(path);
  }
  void expect_outside_untouched() const {
    EXPECT_EQ(outside_.read("a/b/file"), "theirs");
    EXPECT_EQ(outside_.read("file"), "theirs");
    size_t entries = 0;
    for (const auto& entry : fs::recursive_directory_iterator(outside_.path()))
      entries += entry.exists() ? 1 : 0;
    EXPECT_EQ(entries, 4u);
  }

  const TemporaryFolder folder_;
  const TemporaryFolder outside_;
  const std::shared_ptr<const SharedTree> tree_ =
      SharedTree::open(folder_ / "tree", {.walk = GetParam(), .before_call = {}});
};

INSTANTIATE_TEST_SUITE_P(Walks, SharedPathTest, testing::Values(Walk::by_kernel, Walk::step_by_step),
                         [](const auto& walk) {
                           return walk.param == Walk::by_kernel ? "ByKernel" : "StepByStep";
                         });

TEST_P(SharedPathTest, ReadsMakesRenamesAndRemovesWhatLiesInTheTree) {
  EXPECT_EQ(*read_file(at("a/b/file"), 100), "ours");
  EXPECT_EQ(status_of(at("a/b/file"))->identity, status_of(real("a/b/file"))->identity);
  EXPECT_EQ(*file_identity(at("a/b/file")), *file_identity(real("a/b/file")));
  EXPECT_EQ(open_for_reading(at("a/b/file"))->status()->identity, status_of(real("a/b/file"))->identity);
  ASSERT_TRUE(make_folders(at("c/d")));
  ASSERT_TRUE(make_folders(at("c/d")));
  ASSERT_TRUE(rename_file(at("a/b/file"), at("c/d/moved")));
  EXPECT_EQ(folder_.read("tree/c/d/moved"), "ours");
  EXPECT_THAT(*names_in(at("c")), UnorderedElementsAre("d"));
  EXPECT_EQ(create_new(at("c/d/moved")).error().kind, ErrorKind::exists);
  ASSERT_TRUE(replace_file(at("c/d/moved"), "replaced"));
  EXPECT_EQ(*read_file(at("c/d/moved"), 100), "replaced");
  EXPECT_EQ(read_file(at("c/d/moved"), 3).error().kind, ErrorKind::invalid);
  EXPECT_TRUE(sync_folder(at("c/d")));
  EXPECT_FALSE(remove_folder(at("c/d"))) << "it is not empty";
  ASSERT_TRUE(remove_file(at("c/d/moved")));
  ASSERT_TRUE(remove_file(at("c/d/moved")));
  ASSERT_TRUE(remove_folder(at("c/d")));
  EXPECT_FALSE(fs::exists(real("c/d")));
}

TEST_P(SharedPathTest, ReachesNothingThroughALinkAtAnyLevel) {
  link(outside_.path(), "first");
  link(outside_ / "a", "a/middle");
  link("../..", "a/up");
  link("b", "a/sideways");
  for (const char* path : {"first/a/b/file", "first/file", "a/middle/b/file", "a/middle/b", "a/up/a/b/file",
                           "a/sideways/file", "first/new", "a/middle/new/folder"})
    expect_out_of_reach(at(path));
  expect_outside_untouched();
  EXPECT_EQ(folder_.read("tree/a/b/file"), "ours");
}

TEST_P(SharedPathTest, OpensNoLinkAtTheEndAndShowsItAsALink) {
  link(outside_ / "file", "to-file");
  link(outside_.path(), "to-folder");
  for (const char* path : {"to-file", "to-folder"}) {
    EXPECT_EQ(kind_of_opening(at(path)), ErrorKind::not_found);
    EXPECT_FALSE(open_for_writing(at(path)));
    EXPECT_EQ(create_new(at(path)).error().kind, ErrorKind::exists);
    EXPECT_FALSE(open_folder(at(path)));
    EXPECT_FALSE(make_folders(at(path)));
    EXPECT_FALSE(sync_folder(at(path)));
    EXPECT_EQ(status_of(at(path))->type, FileType::symlink);
  }
  EXPECT_EQ(*read_symlink(at("to-file")), outside_ / "file");
  EXPECT_TRUE(remove_tree(at("to-folder"))) << "there is no folder";
  EXPECT_TRUE(fs::is_symlink(real("to-folder")));
  // The link itself is renamed and removed, and not what it leads to.
  ASSERT_TRUE(rename_file(at("to-folder"), at("a/renamed")));
  ASSERT_TRUE(replace_file(at("to-file"), "a file now"));
  ASSERT_TRUE(remove_file(at("a/renamed")));
  EXPECT_EQ(*read_file(at("to-file"), 100), "a file now");
  expect_outside_untouched();
}

TEST_P(SharedPathTest, TakesNoPathThatIsNotBelowTheRoot) {
  const std::string nul("a/b/file\0x", 10);
  for (const std::string& path :
       {std::string(".."), std::string("../x"), std::string("a/../../x"), std::string("a/.."),
        outside_ / "file", std::string("/"), std::string("a//b"), std::string("a/b/"), std::string("."),
        std::string("a/./b/file"), nul}) {
    EXPECT_EQ(kind_of_opening(SharedPath(tree_, path)), ErrorKind::invalid) << path;
    expect_out_of_reach(SharedPath(tree_, path));
  }
  expect_outside_untouched();
  EXPECT_TRUE(open_folder(SharedPath(tree_, ""))) << "the root itself";
  for (const std::string& name :
       {std::string(), std::string("."), std::string(".."), std::string("b/file"), nul}) {
    const auto folder = open_folder(at("a"));
    EXPECT_EQ(folder->status_of(name).error().kind, ErrorKind::invalid) << name;
    EXPECT_FALSE(folder->open_for_reading(name)) << name;
    EXPECT_FALSE(folder->open_below(name)) << name;
    EXPECT_FALSE(folder->remove_file(name)) << name;
  }
}

TEST_P(SharedPathTest, NeverReplacesOrRemovesItsRoot) {
  EXPECT_FALSE(remove_file(at("")));
  EXPECT_FALSE(remove_folder(at("")));
  EXPECT_FALSE(rename_file(at(""), at("x")));
  EXPECT_FALSE(rename_file(at("a"), at("")));
}

TEST_P(SharedPathTest, OpensRegularFilesOnly) {
  ASSERT_EQ(::mkfifo(real("fifo").c_str(), 0644), 0);
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, real("socket").c_str(), sizeof(address.sun_path) - 1);
  ASSERT_EQ(::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  ::close(socket);
  std::vector<std::string> names = {"fifo", "socket", "a"};
  if (::mknod(real("device").c_str(), S_IFCHR | 0644, makedev(1, 5)) == 0) names.emplace_back("device");
  for (const std::string& name : names) {
    EXPECT_FALSE(open_for_reading(at(name))) << name;
    EXPECT_FALSE(open_folder(at(""))->open_for_reading(name)) << name;
    EXPECT_FALSE(open_for_writing(at(name))) << name;
    EXPECT_FALSE(read_file(at(name), 100)) << name;
    EXPECT_NE(status_of(at(name))->type, FileType::regular) << name;
  }
}

TEST_P(SharedPathTest, SaysThatANameIsTooLong) {
  const std::string name(NAME_MAX + 1, 'n');
  for (const std::string& path : {name, "a/" + name, name + "/file"}) {
    EXPECT_THAT(open_for_reading(at(path)).error().message, HasSubstr("File name too long"));
    EXPECT_FALSE(make_folders(at(path)));
  }
}

TEST_P(SharedPathTest, ReachesPathsLongerThanTheKernelTakesAtOnce) {
  const std::string name(NAME_MAX, 'n');
  std::string path = name;
  while (path.size() <= 3 * PATH_MAX)
    path += "/" + name;
  ASSERT_TRUE(make_folders(at(path)));
  ASSERT_TRUE(replace_file(at(path) / "file", "deep"));
  EXPECT_EQ(*read_file(at(path) / "file", 100), "deep");
  EXPECT_EQ(remove_tree(at(name)).error().kind, ErrorKind::invalid) << "it is deeper than the limit";
}

TEST_P(SharedPathTest, RemovesATreeButNothingThatItLinksTo) {
  folder_.write("tree/gone/x/y/file", "1");
  folder_.write("tree/gone/file", "1");
  link(outside_.path(), "gone/x/link");
  ASSERT_EQ(::mkfifo(real("gone/fifo").c_str(), 0644), 0);
  ASSERT_TRUE(remove_tree(at("gone")));
  EXPECT_FALSE(fs::exists(real("gone")));
  EXPECT_TRUE(remove_tree(at("gone"))) << "nothing there is fine";
  expect_outside_untouched();
}

TEST_P(SharedPathTest, FindsARootThatComesLaterOrIsMadeAgain) {
  const auto tree = SharedTree::open(folder_ / "later", {.walk = GetParam(), .before_call = {}});
  const SharedPath file = SharedPath(tree) / "below/file";
  EXPECT_EQ(kind_of_opening(file), ErrorKind::not_found);
  folder_.write("later/below/file", "1");
  EXPECT_EQ(*read_file(file, 100), "1");
  fs::remove_all(folder_ / "later");
  EXPECT_EQ(kind_of_opening(file), ErrorKind::not_found);
  ASSERT_TRUE(make_folders(file.parent()));
  ASSERT_TRUE(replace_file(file, "2"));
  EXPECT_EQ(folder_.read("later/below/file"), "2");
}

TEST_P(SharedPathTest, TrustsARootThatIsALink) {
  fs::create_directory_symlink(folder_ / "tree", folder_ / "root");
  const auto tree = SharedTree::open(folder_ / "root", {.walk = GetParam(), .before_call = {}});
  EXPECT_EQ(*read_file(SharedPath(tree) / "a/b/file", 100), "ours");
}

// Runs `test` in a mount namespace of its own. False where that is not permitted.
bool with_own_mounts(const std::function<void()>& test) {
  bool permitted = false;
  std::thread([&] {
    permitted =
        ::unshare(CLONE_NEWNS) == 0 && ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
    if (permitted) test();
  }).join();
  return permitted;
}

TEST_P(SharedPathTest, CrossesIntoNoMount) {
  fs::create_directories(real("a/bind"));
  fs::create_directories(real("tmpfs"));
  folder_.write("tree/a/bound-file", "");
  const bool permitted = with_own_mounts([&] {
    ASSERT_EQ(::mount(outside_.path().c_str(), real("a/bind").c_str(), nullptr, MS_BIND, nullptr), 0);
    ASSERT_EQ(::mount((outside_ / "file").c_str(), real("a/bound-file").c_str(), nullptr, MS_BIND, nullptr),
              0);
    ASSERT_EQ(::mount("none", real("tmpfs").c_str(), "tmpfs", 0, nullptr), 0);
    for (const char* path :
         {"a/bind", "a/bind/file", "a/bind/new", "a/bind/a/b/file", "a/bound-file", "tmpfs", "tmpfs/new"})
      expect_out_of_reach(at(path));
    EXPECT_EQ(kind_of_opening(at("a/bind/file")), ErrorKind::denied);
    const auto folder = open_folder(at("a"));
    EXPECT_EQ(folder->status_of("bind").error().kind, ErrorKind::denied);
    EXPECT_EQ(folder->status_of("bound-file").error().kind, ErrorKind::denied);
    EXPECT_FALSE(folder->open_below("bind"));
    EXPECT_FALSE(folder->open_for_reading("bound-file"));
    EXPECT_TRUE(folder->status_of("b"));
    expect_outside_untouched();
    EXPECT_FALSE(remove_tree(at("a")));
    expect_outside_untouched();
  });
  if (!permitted) GTEST_SKIP() << "mounting is not permitted here, so mounts in the tree are NOT tested";
}

TEST_P(SharedPathTest, SaysOnceThatAMountIsNotUsed) {
  fs::create_directories(real("mounted"));
  testing::internal::CaptureStderr();
  const bool permitted = with_own_mounts([&] {
    ASSERT_EQ(::mount("none", real("mounted").c_str(), "tmpfs", 0, nullptr), 0);
    for (int i = 0; i < 3; ++i)
      EXPECT_FALSE(open_folder(at("mounted")));
  });
  const std::string log = testing::internal::GetCapturedStderr();
  if (!permitted) GTEST_SKIP() << "mounting is not permitted here, so the warning is NOT tested";
  const size_t first = log.find("another file system is mounted in the shared folder");
  ASSERT_NE(first, std::string::npos);
  EXPECT_THAT(log, HasSubstr(real("mounted")));
  EXPECT_EQ(log.find("another file system", first + 1), std::string::npos);
}

TEST_P(SharedPathTest, UsesTheOperatorsMountAsATreeOfItsOwn) {
  fs::create_directories(real("events"));
  EXPECT_EQ(SharedTree::across_mounts(at("events")), at("events"));
  EXPECT_EQ(SharedTree::across_mounts(at("none/below")), at("none/below"));
  link(outside_.path(), "link");
  EXPECT_EQ(SharedTree::across_mounts(at("link/a")), at("link/a"));
  const bool permitted = with_own_mounts([&] {
    ASSERT_EQ(::mount(outside_.path().c_str(), real("events").c_str(), nullptr, MS_BIND, nullptr), 0);
    // Its root has to be of these mounts: the other tree's was opened before them.
    const SharedPath root(SharedTree::open(folder_ / "tree", {.walk = GetParam(), .before_call = {}}));
    const SharedPath below = SharedTree::across_mounts(root / "events/a/new");
    EXPECT_EQ(below.str(), real("events/a/new"));
    ASSERT_TRUE(make_folders(below));
    EXPECT_TRUE(fs::exists(outside_ / "a/new"));
    EXPECT_EQ(*read_file(SharedTree::across_mounts(root / "events") / "file", 100), "theirs");
  });
  if (!permitted) GTEST_SKIP() << "mounting is not permitted here, so the operator's mounts are NOT tested";
}

// In a process of its own, in which openat2 gives this error as a container runtime's seccomp profile makes
// it.
bool walks_step_by_step_where_openat2_gives(int error, const std::string& root) {
  const pid_t child = ::fork();
  if (child != 0) {
    int status = 0;
    return ::waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
  }
  std::array<sock_filter, 4> filter = {{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<unsigned>(error)),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  }};
  const sock_fprog program{.len = filter.size(), .filter = filter.data()};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
    ::_exit(2);
  const auto tree = SharedTree::open(root);
  const auto content = read_file(SharedPath(tree) / "a/b/file", 100);
  ::_exit(tree->walk() == Walk::step_by_step && content && *content == "ours" ? 0 : 1);
}

TEST_P(SharedPathTest, GoesStepByStepWhereOpenat2IsRefused) {
  EXPECT_TRUE(walks_step_by_step_where_openat2_gives(ENOSYS, folder_ / "tree"));
  EXPECT_TRUE(walks_step_by_step_where_openat2_gives(EPERM, folder_ / "tree"));
}

}  // namespace
}  // namespace rayhistory
