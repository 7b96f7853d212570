// The streaming queries of a session.
#pragma once

#include <cospark/event_stream.hpp>
#include <cospark/streaming_query.hpp>
#include <cospark/streaming_query_listener.hpp>
#include <cospark/task.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cospark {
namespace connect {
class session_state;
}
namespace streaming {
struct access;
}

/// The streaming queries of a session: Spark's StreamingQueryManager. Spark 3.5+.
///
/// Thread safety: cheap to copy; may be used from several threads at once.
class streaming_query_manager {
 public:
  /// The queries that run now in this session, those that other clients of the session have started among them.
  task<std::vector<streaming_query>> active() const;
  /// The running query with this id; nothing if there is none. `errc::invalid_argument` if the id is no UUID.
  task<std::optional<streaming_query>> get(std::string id) const;

  /// Waits until any query of the session has ended since the session began, or since the last `reset_terminated`.
  /// `errc::query_failed` if that query, or a later one that is remembered in its place, failed.
  /// Cancellation: ends the wait alone.
  task<> await_any_termination() const;
  /// The same for at most `timeout`, which must be positive: true if a query has ended.
  task<bool> await_any_termination(std::chrono::milliseconds timeout) const;
  /// Forgets ended queries, so that `await_any_termination` waits for the next one. This holds for every client of the
  /// session.
  task<> reset_terminated() const;

  /// Opens a stream of the events of all queries of the session; those of other clients come without their starts.
  /// From its return on no event is missed, or the stream says so. Nothing that happened before is repeated. Spark
  /// 4.0+; ours, like a Python or Scala listener that is awaited.
  /// Errors: `errc::unsupported_by_server` (Spark 3.5), `errc::limit_exceeded` (a session has one stream on its server,
  /// and another client of the session holds it), `errc::invalid_argument` (no capacity).
  /// Cancellation: ends the attempt; waits and other users of the session's stream are not disturbed.
  task<event_stream> events(event_options options = event_options()) const;

  /// Adds a listener: Spark's addListener. Returns when the server sends events; errors and cancellation as for
  /// `events`, and then the listener has not been added. Adding one again changes nothing. Spark 4.0+.
  /// While it has a listener, a session stays open even if all its handles are gone: remove the listener, or stop the
  /// session.
  task<> add_listener(std::shared_ptr<streaming_query_listener> listener) const;
  /// Removes a listener: Spark's removeListener. False if there is no such. No call of it begins after this returns,
  /// but one may be under way on another thread.
  bool remove_listener(const std::shared_ptr<streaming_query_listener>& listener) const;
  /// The listeners that this session object has, in the order in which they were added: Spark's listListeners.
  std::vector<std::shared_ptr<streaming_query_listener>> list_listeners() const;

 private:
  friend struct streaming::access;
  explicit streaming_query_manager(std::shared_ptr<connect::session_state> session) noexcept
      : session_(std::move(session)) {}

  std::shared_ptr<connect::session_state> session_;
};

/// How a query of `await_all` or `await_first` ended.
struct query_outcome {
  query_outcome(streaming_query ended, result<void> how) : query(std::move(ended)), outcome(std::move(how)) {}

  streaming_query query;
  /// What `query.await_termination()` gave.
  result<void> outcome;
};

/// Waits until all these queries have ended, of whatever sessions, and tells of each how, in the given order. A failed
/// query is an outcome, not an error of the call. Why a query failed is asked for when it does, not when the last has
/// ended: a server keeps that for an hour.
/// Cancellation: ends the wait alone.
task<std::vector<query_outcome>> await_all(std::vector<streaming_query> queries);

/// Waits until the first of these queries has ended. `errc::invalid_argument` if there are none.
/// Cancellation: ends the wait alone.
task<query_outcome> await_first(std::vector<streaming_query> queries);

}  // namespace cospark
