#include "support/process.hpp"

#include <fcntl.h>
#include <malloc.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace bench {

std::int64_t monotonic_ns() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

namespace {

// What a clock of processor time shows; 0 if its process has gone.
double seconds_of(clockid_t clock) {
  timespec used{};
  clock_gettime(clock, &used);
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) * 1e-9;
}

}  // namespace

double cpu_seconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

double thread_cpu_seconds() {
  return seconds_of(CLOCK_THREAD_CPUTIME_ID);
}

double heap_bytes() {
  const auto info = mallinfo2();
  return static_cast<double>(info.uordblks) + static_cast<double>(info.hblkhd);
}

process_figures figures_of(int process_id) {
  const std::string folder = "/proc/" + (process_id == 0 ? std::string("self") : std::to_string(process_id));
  process_figures figures;
  std::ifstream status(folder + "/status");
  for (std::string line; std::getline(status, line);) {
    std::istringstream words(line);
    std::string name;
    double number = 0;
    words >> name >> number;
    if (name == "VmRSS:") figures.rss_bytes = number * 1024;
    if (name == "VmHWM:") figures.peak_rss_bytes = number * 1024;
    if (name == "Threads:") figures.threads = static_cast<std::size_t>(number);
  }
  // To the nanosecond; what /proc tells is counted in hundredths of a second.
  clockid_t clock{};
  if (clock_getcpuclockid(process_id, &clock) == 0) figures.cpu_seconds = seconds_of(clock);
  return figures;
}

child::child(const std::string& program, const std::vector<std::string>& arguments) {
  const auto path = (std::filesystem::read_symlink("/proc/self/exe").parent_path() / program).string();
  std::vector<char*> argv{const_cast<char*>(path.c_str())};
  for (const auto& each : arguments) argv.push_back(const_cast<char*>(each.c_str()));
  argv.push_back(nullptr);
  std::array<int, 2> down{};
  std::array<int, 2> up{};
  if (pipe2(down.data(), O_CLOEXEC) != 0 || pipe2(up.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  const auto parent = getpid();
  id_ = fork();
  if (id_ < 0) throw std::runtime_error("cannot start a process");
  if (id_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    dup2(down[0], 0);
    dup2(up[1], 1);
    execv(path.c_str(), argv.data());
    _exit(127);
  }
  close(down[0]);
  close(up[1]);
  to_ = down[1];
  from_ = fdopen(up[0], "r");
}

child::~child() {
  close(to_);
  std::fclose(from_);
  // It ends with its input, or it is ended: a benchmark must not wait for what another client still does.
  for (int i = 0; i < 50; ++i) {
    if (waitpid(id_, nullptr, WNOHANG) == id_) return;
    usleep(100'000);
  }
  ::kill(id_, SIGKILL);
  waitpid(id_, nullptr, 0);
}

std::string child::read_line() {
  std::string line;
  for (int c = std::fgetc(from_); c != '\n'; c = std::fgetc(from_)) {
    if (c == EOF) throw std::runtime_error("a child process has ended");
    line.push_back(static_cast<char>(c));
  }
  return line;
}

std::string child::ask(std::string_view command) {
  std::string line(command);
  line.push_back('\n');
  if (write(to_, line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
    throw std::runtime_error("a child process has ended");
  }
  return read_line();
}

}  // namespace bench
