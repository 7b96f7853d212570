// The command line that starts a Spark Connect server.
#pragma once

#include <cospark/local_server.hpp>

#include <string>
#include <vector>

namespace cospark::local {

struct server_command {
  std::vector<std::string> arguments;
  std::vector<std::string> environment;
};

/// Checks what the options name and writes the command down. `port` and `work_dir` are the final ones.
///
/// Errors: `invalid_argument`, saying what to install or set.
result<server_command> make_server_command(const local_server_options& options, std::uint16_t port,
                                           const std::filesystem::path& work_dir);

}  // namespace cospark::local
