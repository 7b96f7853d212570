// Runs one test of this program in a process of its own.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

/// A child that runs one hidden test of this program. The test begins with `child_port()`, which is 0 in any other run.
class own_process {
 public:
  /// `wrapper`: a shell's commands ahead of the test, such as "ulimit -n 20".
  own_process(const std::string& test, std::uint16_t port, const std::string& wrapper = std::string()) {
    const auto number = std::to_string(port);
    const auto script = (wrapper.empty() ? std::string() : wrapper + "; ") + "exec \"$0\" \"$1\"";
    const std::string program = "/proc/self/exe";
    char path[4096] = {};
    const auto length = ::readlink(program.c_str(), path, sizeof path - 1);
    if (length <= 0) return;
    id_ = ::fork();
    if (id_ != 0) return;
    ::setenv("COSPARK_TEST_PORT", number.c_str(), 1);
    ::execl("/bin/sh", "sh", "-c", script.c_str(), path, test.c_str(), static_cast<char*>(nullptr));
    ::_exit(127);
  }
  ~own_process() {
    if (id_ > 0) {
      send(SIGKILL);
      ::waitpid(id_, nullptr, 0);
    }
  }
  own_process(const own_process&) = delete;
  own_process& operator=(const own_process&) = delete;

  void send(int signal) const { ::kill(id_, signal); }

  /// Its exit status; -1 if it did not end in time, and 128 + the signal that ended it.
  int wait(std::chrono::seconds limit) {
    const auto until = std::chrono::steady_clock::now() + limit;
    int status = 0;
    while (::waitpid(id_, &status, WNOHANG) == 0) {
      if (std::chrono::steady_clock::now() > until) return -1;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    id_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

  static std::uint16_t child_port() {
    const char* number = std::getenv("COSPARK_TEST_PORT");
    return number == nullptr ? std::uint16_t{0} : static_cast<std::uint16_t>(std::atoi(number));
  }

 private:
  pid_t id_ = -1;
};
