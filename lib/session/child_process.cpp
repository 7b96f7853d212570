// A child process that cannot outlive its owner.
#include "session/child_process.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <mutex>
#include <system_error>

namespace cospark::local {
namespace {

// Killed children whose owner did not wait for their end. They stay zombies until the next child is spawned or dropped.
class orphanage {
 public:
  void add(int id) {
    const std::lock_guard lock(mutex_);
    ids_.push_back(id);
  }
  void reap() {
    const std::lock_guard lock(mutex_);
    std::erase_if(ids_, [](int id) { return ::waitpid(id, nullptr, WNOHANG) != 0; });
  }

 private:
  std::mutex mutex_;
  std::vector<int> ids_;
};

orphanage& orphans() {
  static orphanage instance;
  return instance;
}

struct spawn_settings {
  spawn_settings() {
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawnattr_init(&attributes);
  }
  spawn_settings(const spawn_settings&) = delete;
  spawn_settings& operator=(const spawn_settings&) = delete;
  ~spawn_settings() {
    ::posix_spawn_file_actions_destroy(&actions);
    ::posix_spawnattr_destroy(&attributes);
  }
  posix_spawn_file_actions_t actions{};
  posix_spawnattr_t attributes{};
};

std::vector<char*> pointers(const std::vector<std::string>& strings) {
  std::vector<char*> list;
  list.reserve(strings.size() + 1);
  for (const auto& text : strings) list.push_back(const_cast<char*>(text.c_str()));  // posix_spawn does not write
  list.push_back(nullptr);
  return list;
}

}  // namespace

std::string exit_status::to_string() const {
  if (signal != 0) return "ended by signal " + std::to_string(signal);
  return "exit status " + std::to_string(code);
}

child_process::~child_process() {
  if (id_ != 0 && !poll()) {
    send(SIGKILL);
    orphans().add(id_);
  }
  orphans().reap();
}

result<void> child_process::spawn(const std::vector<std::string>& arguments,
                                  const std::vector<std::string>& environment, const std::filesystem::path& log_file) {
  orphans().reap();
  spawn_settings settings;
  ::posix_spawn_file_actions_addopen(&settings.actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&settings.actions, STDOUT_FILENO, log_file.c_str(),
                                     O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
  ::posix_spawn_file_actions_adddup2(&settings.actions, STDOUT_FILENO, STDERR_FILENO);
  ::posix_spawn_file_actions_addclosefrom_np(&settings.actions, STDERR_FILENO + 1);

  // Whatever this program does with its signals, the child starts as from a shell.
  sigset_t none;
  sigset_t all;
  ::sigemptyset(&none);
  ::sigfillset(&all);
  ::posix_spawnattr_setsigmask(&settings.attributes, &none);
  ::posix_spawnattr_setsigdefault(&settings.attributes, &all);
  ::posix_spawnattr_setpgroup(&settings.attributes, 0);
  ::posix_spawnattr_setflags(&settings.attributes,
                             POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);

  const auto argument_list = pointers(arguments);
  const auto environment_list = pointers(environment);
  const int problem = ::posix_spawn(&id_, argument_list.front(), &settings.actions, &settings.attributes,
                                    argument_list.data(), environment_list.data());
  if (problem != 0) {
    id_ = 0;
    return failure(errc::local_server_failed, "cannot run " + arguments.front() + " with its output in " +
                                                  log_file.string() + ": " + std::generic_category().message(problem));
  }
  return success();
}

void child_process::send(int signal) const noexcept {
  // An id is free for another process only once poll() has seen the end of this one.
  if (id_ != 0 && !status_) ::kill(id_, signal);
}

std::optional<exit_status> child_process::poll() noexcept {
  if (id_ == 0 || status_) return status_;
  int status = 0;
  int answer = 0;
  do {
    answer = ::waitpid(id_, &status, WNOHANG);
  } while (answer == -1 && errno == EINTR);
  if (answer == 0) return std::nullopt;
  exit_status ended;  // stays 0 when the program ignores SIGCHLD and the kernel has reaped the child
  if (answer == id_ && WIFEXITED(status)) ended.code = WEXITSTATUS(status);
  if (answer == id_ && WIFSIGNALED(status)) ended.signal = WTERMSIG(status);
  status_ = ended;
  return status_;
}

}  // namespace cospark::local
