// A child process that cannot outlive its owner.
#pragma once

#include <cospark/result.hpp>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace cospark::local {

/// How a process ended.
struct exit_status {
  int code = 0;
  int signal = 0;  // not 0: ended by this signal
  std::string to_string() const;
};

class child_process {
 public:
  child_process() = default;
  child_process(const child_process&) = delete;
  child_process& operator=(const child_process&) = delete;
  ~child_process();

  /// Starts `arguments[0]` (a path) with nothing on its standard input and its output in `log_file`. It inherits no
  /// other descriptor, and is killed by the kernel when the calling thread ends.
  result<void> spawn(const std::vector<std::string>& arguments, const std::vector<std::string>& environment,
                     const std::filesystem::path& log_file);

  int id() const noexcept { return id_; }
  void send(int signal) const noexcept;
  /// How it ended, empty while it runs. Does not block.
  std::optional<exit_status> poll() noexcept;

 private:
  int id_ = 0;
  std::optional<exit_status> status_;
};

}  // namespace cospark::local
