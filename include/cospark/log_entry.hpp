// What a session tells its log callback.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace cospark {

enum class log_level { debug, info, warning, error };

/// One entry of the log. Holds no token, and never the body of a message.
struct log_entry {
  log_entry() = default;

  log_level level = log_level::debug;
  /// Part of the library: "connection", "token", "execution", "call".
  std::string component;
  /// What happened, the same text each time.
  std::string message;
  /// The particulars, by name.
  std::vector<std::pair<std::string, std::string>> fields;
};

}  // namespace cospark
