#include "credentials/aws/credential_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>

#include <fmt/format.h>
#include <spawn.h>

#include "base/file.h"
#include "credentials/aws/key_response.h"

extern char** environ;

namespace rayhistory {
namespace {

// As the SDK for Go has it.
constexpr Seconds kTimeLimit{60};
// How late a stop or a passed deadline may be noticed.
constexpr Milliseconds kStopCheckInterval{100};
// The end of what it said on standard error.
constexpr size_t kShownErrorBytes = 300;
constexpr size_t kPieceBytes = 4096;
constexpr int kNotFoundStatus = 127;

// A descriptor of a pipe or a process.
class Descriptor {
 public:
  explicit Descriptor(int descriptor = -1) : descriptor_(descriptor) {}
  Descriptor(Descriptor&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~Descriptor() { close(); }
  int get() const { return descriptor_; }
  bool is_open() const { return descriptor_ >= 0; }
  void close() {
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = -1;
  }

 private:
  int descriptor_;
};

struct Pipe {
  Descriptor reading;
  Descriptor writing;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return error_from_errno(errno, "make a pipe");
  return Pipe{Descriptor(ends[0]), Descriptor(ends[1])};
}

// A child in a process group of its own, which ends when this object does.
class Child {
 public:
  static Result<Child> start(const std::vector<std::string>& words);
  Child(Child&& other) noexcept
      : process_(std::exchange(other.process_, 0)),
        handle_(std::move(other.handle_)),
        output_(std::move(other.output_)),
        error_(std::move(other.error_)) {}
  Child& operator=(Child&&) = delete;
  ~Child() {
    if (process_ == 0) return;
    ::kill(-process_, SIGKILL);
    ::kill(process_, SIGKILL);
    (void)wait();
  }

  // What it printed, once it has ended well.
  Result<std::string> finish(const Clock& clock, const Deadline& deadline);

 private:
  Child(pid_t process, Descriptor handle, Descriptor output, Descriptor error)
      : process_(process), handle_(std::move(handle)), output_(std::move(output)), error_(std::move(error)) {}

  int wait() {
    int status = 0;
    while (::waitpid(process_, &status, 0) < 0 && errno == EINTR) {
    }
    process_ = 0;
    return status;
  }
  // Nothing more comes once the pipe is closed by this.
  static void take_piece(Descriptor& pipe, std::string& text);
  Result<std::string> judge(int status, std::string printed, const std::string& complaint) const;

  pid_t process_;
  Descriptor handle_;
  Descriptor output_;
  Descriptor error_;
};

Result<Child> Child::start(const std::vector<std::string>& words) {
  TRY_ASSIGN(Pipe output, make_pipe());
  TRY_ASSIGN(Pipe error, make_pipe());
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (const std::string& word : words)
    arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);

  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  CHECK(::posix_spawn_file_actions_init(&files) == 0 && ::posix_spawnattr_init(&attributes) == 0);
  CHECK(::posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0) == 0);
  CHECK(::posix_spawn_file_actions_adddup2(&files, output.writing.get(), STDOUT_FILENO) == 0);
  CHECK(::posix_spawn_file_actions_adddup2(&files, error.writing.get(), STDERR_FILENO) == 0);
  // Ours are blocked in every thread, SIGPIPE and SIGIO ignored; neither is to be inherited.
  sigset_t none;
  sigset_t ignored;
  sigemptyset(&none);
  sigemptyset(&ignored);
  sigaddset(&ignored, SIGPIPE);
  sigaddset(&ignored, SIGIO);
  CHECK(::posix_spawnattr_setsigmask(&attributes, &none) == 0);
  CHECK(::posix_spawnattr_setsigdefault(&attributes, &ignored) == 0);
  CHECK(::posix_spawnattr_setpgroup(&attributes, 0) == 0);
  CHECK(::posix_spawnattr_setflags(
            &attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP) == 0);
  pid_t process = 0;
  const int failed =
      ::posix_spawnp(&process, arguments.front(), &files, &attributes, arguments.data(), environ);
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&files);
  if (failed != 0) return error_from_errno(failed, "run " + words.front());
  // glibc 2.36 declares pidfd_open for C only.
  const int handle = static_cast<int>(::syscall(SYS_pidfd_open, process, 0));
  return Child(process, Descriptor(handle), std::move(output.reading), std::move(error.reading));
}

void Child::take_piece(Descriptor& pipe, std::string& text) {
  std::array<char, kPieceBytes> piece{};
  const ssize_t count = ::read(pipe.get(), piece.data(), piece.size());
  if (count < 0 && errno == EINTR) return;
  if (count <= 0) return pipe.close();
  text.append(piece.data(), static_cast<size_t>(count));
}

Result<std::string> Child::finish(const Clock& clock, const Deadline& deadline) {
  if (!handle_.is_open()) return Error{ErrorKind::retry, "pidfd_open failed"};
  std::string printed;
  std::string complaint;
  // Its end is what is waited for: a child of its own may keep the pipes open for longer.
  while (true) {
    const Nanoseconds left = deadline.remaining(clock.steady_now(), kStopCheckInterval);
    if (left == Nanoseconds::zero()) return Error{ErrorKind::cancelled, "did not end in time and was killed"};
    std::array<pollfd, 3> waiting = {pollfd{output_.get(), POLLIN, 0}, pollfd{error_.get(), POLLIN, 0},
                                     pollfd{handle_.get(), POLLIN, 0}};
    const int ready = ::poll(waiting.data(), waiting.size(),
                             static_cast<int>(std::chrono::ceil<Milliseconds>(left).count()));
    if (ready <= 0) continue;
    if (waiting[0].revents != 0) take_piece(output_, printed);
    if (waiting[1].revents != 0) take_piece(error_, complaint);
    if (printed.size() > kAwsKeyResponseLimitBytes)
      return Error{ErrorKind::denied, fmt::format("printed more than {} bytes", kAwsKeyResponseLimitBytes)};
    if (complaint.size() > kAwsKeyResponseLimitBytes) complaint.erase(0, complaint.size() - kShownErrorBytes);
    // All that it wrote is in the pipes by then, and is read first.
    if (waiting[0].revents == 0 && waiting[1].revents == 0 && waiting[2].revents != 0) break;
  }
  return judge(wait(), std::move(printed), complaint);
}

Result<std::string> Child::judge(int status, std::string printed, const std::string& complaint) const {
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return printed;
  std::string text = WIFEXITED(status) ? fmt::format("ended with status {}", WEXITSTATUS(status))
                                       : fmt::format("was ended by signal {}", WTERMSIG(status));
  if (WIFEXITED(status) && WEXITSTATUS(status) == kNotFoundStatus) text += ": is it in the image?";
  std::string shown =
      complaint.size() > kShownErrorBytes ? complaint.substr(complaint.size() - kShownErrorBytes) : complaint;
  std::replace_if(
      shown.begin(), shown.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
  shown.erase(shown.find_last_not_of(' ') + 1);
  if (!shown.empty()) text += ": " + shown;
  return Error{ErrorKind::denied, std::move(text)};
}

// Cuts a command into words, a character at a time.
class CommandSplitter {
 public:
  // Between single quotes a backslash is a character like any other.
  bool is_escape(char c) const { return c == '\\' && quote_ != '\''; }

  // The character behind a backslash. Between double quotes the backslash stays, unless it escapes one of
  // these two.
  void take_escaped(char c) {
    if (quote_ == '"' && c != '"' && c != '\\') append('\\');
    append(c);
  }

  void take(char c) {
    if (quote_ ? c == *quote_ : is_quote(c)) {
      quote_ = quote_ ? std::nullopt : std::optional(c);
      begin_word();  // "" is a word
    } else if (!quote_ && is_blank(c)) {
      end_word();
    } else {
      append(c);
    }
  }

  // Nothing where a quote is open, or where the first word is missing or empty.
  std::optional<std::vector<std::string>> words() && {
    if (quote_) return std::nullopt;
    end_word();
    if (words_.empty() || words_.front().empty()) return std::nullopt;
    return std::move(words_);
  }

 private:
  static bool is_quote(char c) { return c == '"' || c == '\''; }
  static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

  void begin_word() {
    if (!word_) word_.emplace();
  }
  void append(char c) {
    begin_word();
    *word_ += c;
  }
  void end_word() {
    if (word_) words_.push_back(*std::exchange(word_, std::nullopt));
  }

  std::vector<std::string> words_;
  std::optional<std::string> word_;  // the one that has begun
  std::optional<char> quote_;        // the one that is open
};

}  // namespace

std::optional<std::vector<std::string>> split_command(std::string_view command) {
  CommandSplitter splitter;
  for (size_t i = 0; i < command.size(); ++i) {
    if (!splitter.is_escape(command[i])) {
      splitter.take(command[i]);
      continue;
    }
    if (i + 1 == command.size()) return std::nullopt;
    splitter.take_escaped(command[++i]);
  }
  return std::move(splitter).words();
}

Result<Issued<AwsCredentials>> AwsCredentialProcess::issue(const Deadline& deadline) {
  const SteadyTime limit = std::min(deadline.time(), clock_.steady_now() + kTimeLimit);
  const Deadline own = Deadline::at(limit, deadline.stop());
  Result<std::string> printed = [&]() -> Result<std::string> {
    TRY_ASSIGN(Child child, Child::start(words_));
    return child.finish(clock_, own);
  }();
  const std::string which = fmt::format("credential_process {} of profile {}", words_.front(), profile_);
  if (!printed) {
    Error error = std::move(printed).error();
    const bool is_ours = deadline.expired(clock_.steady_now());
    // Whatever else it is, somebody has to mend it, and will.
    if (error.kind != ErrorKind::cancelled || !is_ours) error.kind = ErrorKind::denied;
    return std::move(error).in(which);
  }
  if (auto issued = read_aws_process_output(*printed)) return *std::move(issued);
  return Error{
      ErrorKind::denied,
      fmt::format("{}: its output is not {{\"Version\": 1, \"AccessKeyId\": …, \"SecretAccessKey\": …}}",
                  which)};
}

std::string AwsCredentialProcess::origin() const {
  return fmt::format("credential_process {} of profile {}", words_.front(), profile_);
}

}  // namespace rayhistory
