// How a session learns that streaming queries have ended.
#pragma once

namespace cospark {

/// How `await_termination`, `await_any_termination`, `await_all` and `await_first` learn that queries have ended.
/// `session::diagnostics` tells which way is in use, and why.
enum class wait_strategy {
  /// `events` where the server has them and no other client of the session holds them; else `polling`.
  automatic,
  /// One stream of query events for all waits (Spark 4.0+). Waits fail with `errc::unsupported_by_server` on an older
  /// server, and with `errc::limit_exceeded` while another client of the session holds the one stream that it has.
  events,
  /// The list of active queries is read for all waits together: after 50 ms, then at growing intervals up to a second.
  polling,
  /// One pending call, and two threads of the server, for every wait, as Spark's own clients do.
  blocking,
};

}  // namespace cospark
