// Whether a session reaches its server.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace cospark {

enum class connection_status {
  /// The last thing heard of the server was an answer.
  connected,
  /// Calls fail for a passing reason and are repeated, within the bounds of the retry policy.
  reconnecting,
  /// The session is gone: the server lost it, or this program stopped it. It never comes back;
  /// `session::replacement` makes a new one.
  lost,
};

/// Whether a session reaches its server, since when, and why not. A wait for a query rightly stays pending through
/// minutes of retries; this tells what goes on meanwhile.
struct connection_state {
  connection_state() = default;

  connection_status status = connection_status::connected;
  /// When the status became what it is.
  std::chrono::system_clock::time_point since;
  /// Why it is not `connected`: the first failure, for a human reader; else empty. Holds no token.
  std::string reason;
  /// Failures since then.
  std::uint64_t failures = 0;
  /// How often the status has changed since the session was opened.
  std::uint64_t changes = 0;
};

}  // namespace cospark
