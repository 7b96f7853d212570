// This process and others: what they use, and servers to talk to.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

/// Nanoseconds of the clock that all processes of a machine share.
std::int64_t monotonic_ns();

/// Processor time of this process so far, in seconds.
double cpu_seconds();
/// The same of this thread.
double thread_cpu_seconds();
/// Bytes that malloc has handed out.
double heap_bytes();

struct process_figures {
  double rss_bytes = 0;
  double peak_rss_bytes = 0;
  std::size_t threads = 0;
  double cpu_seconds = 0;
};
/// Of another process; 0 is this one.
process_figures figures_of(int process_id);

/// A program of this folder as a child process, which takes commands line by line and answers each with a line. It ends
/// when its standard input does, which is when this object or this process does.
class child {
 public:
  /// Starts `program`, a file next to this one.
  child(const std::string& program, const std::vector<std::string>& arguments);
  ~child();
  child(const child&) = delete;
  child& operator=(const child&) = delete;

  int id() const noexcept { return id_; }
  /// The next line that the child writes. Throws `std::runtime_error` if it has ended.
  std::string read_line();
  /// Sends a command and waits for its answer.
  std::string ask(std::string_view command);

 private:
  int id_ = 0;
  int to_ = -1;
  std::FILE* from_ = nullptr;
};

/// The server of bench/server. `kind`: `fake` or `wire`.
class server_process : public child {
 public:
  explicit server_process(const std::string& kind) : child("bench_server", {kind}), port_(read_line()) {}

  std::string target() const { return "127.0.0.1:" + port_; }
  std::string remote() const { return "sc://localhost:" + port_; }

 private:
  std::string port_;
};

}  // namespace bench
