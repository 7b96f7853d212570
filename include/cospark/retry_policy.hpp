// How long and how often a broken connection is retried.
#pragma once

#include <chrono>

namespace cospark {

/// Retries of calls that failed for a passing reason: the server cannot be reached, a connection broke, a response
/// stream was taken over or cut, or the server asked for patience. Only what is safe to repeat is repeated: an
/// execution is continued from the last response that was received, never run twice.
///
/// A retry waits `initial_backoff`, then `multiplier` times as long each time, at most `max_backoff`, with a random
/// `jitter` on top. Any response that arrives starts the count again. Whichever bound is reached first ends it with
/// `errc::unavailable`.
struct retry_policy {
  retry_policy() = default;

  /// Most failures in a row.
  unsigned max_attempts = 200;
  /// Longest time without any response. Silence of a stream that stands while the server is well does not count.
  std::chrono::milliseconds max_elapsed = std::chrono::minutes(10);
  std::chrono::milliseconds initial_backoff{50};
  unsigned multiplier = 4;
  std::chrono::milliseconds max_backoff = std::chrono::seconds(3);
  /// Upper end of the random addition to waits of a second or more, so that many clients do not return at once.
  std::chrono::milliseconds jitter{500};
  /// Longest wait that a server can ask for (google.rpc.RetryInfo).
  std::chrono::milliseconds max_server_delay = std::chrono::minutes(1);
};

}  // namespace cospark
