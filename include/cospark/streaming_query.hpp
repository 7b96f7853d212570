// A running, or ended, streaming query.
#pragma once

#include <cospark/streaming_query_progress.hpp>
#include <cospark/streaming_query_status.hpp>
#include <cospark/task.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cospark {
namespace streaming {
class query_state;
struct access;
}  // namespace streaming

/// Handle of a streaming query: Spark's StreamingQuery. Spark 3.5+.
///
/// The query lives on the server, in its session: destroying handles never stops it, and neither does cancelling a
/// wait. A handle means one run of the query; a restart from the checkpoint is a new run with the same `id` and makes
/// a new handle.
///
/// Every remote member can fail with `errc::unavailable`, `errc::session_lost` (the session, and the query with it,
/// is gone from the server) and `errc::query_not_found` (the server has forgotten the run, an hour after its end).
///
/// Thread safety: handles are cheap to copy; distinct and shared handles may be used from several threads at once.
class streaming_query {
 public:
  /// Id of the query, a UUID: the same after every restart from its checkpoint.
  const std::string& id() const noexcept;
  /// Id of this run, a UUID: new for every start.
  const std::string& run_id() const noexcept;
  /// The name, if the query has one.
  const std::optional<std::string>& name() const noexcept;

  /// Whether the run has not ended.
  task<bool> is_active() const;
  /// What the query is doing now.
  task<streaming_query_status> status() const;
  /// The latest progress reports, oldest first; the server keeps 100 (`spark.sql.streaming.numRecentProgressUpdates`).
  /// A report that cannot be understood ends the call with `errc::protocol_error`.
  task<std::vector<streaming_query_progress>> recent_progress() const;
  /// The latest progress report; nothing before the first batch.
  task<std::optional<streaming_query_progress>> last_progress() const;

  /// Waits until all data that is there at the moment of the call has been processed. `errc::query_failed` if the query
  /// fails meanwhile. For tests: with a source that never stops growing it may never return.
  /// Cancellation: the wait on the server is interrupted; the query goes on.
  task<> process_all_available() const;

  /// Waits until the query has ended. The result is a value if it was stopped or had no more to do,
  /// `errc::query_failed` with Spark's error if it failed, and `errc::session_lost` if its session went away: never a
  /// value then. All waits of a session share one stream to the server (Spark 4.0+; before that, one poll).
  /// Cancellation: ends the wait alone.
  task<> await_termination() const;
  /// The same for at most `timeout`, which must be positive: true if the query has ended, false if it still runs.
  task<bool> await_termination(std::chrono::milliseconds timeout) const;

  /// The physical plan of the last batch, with the logical plans too if `extended`.
  task<std::string> explain(bool extended = false) const;
  /// The error that ended the query; nothing while it runs and after a normal end. The call itself has succeeded.
  task<std::optional<error>> exception() const;
  /// Stops the query and waits until it has ended (at most `session_options::stop_timeout`). Stopping an ended query is
  /// no error. Spark up to 4.0 tells a query that is stopped while it plans a batch as a failed one, now and then.
  /// Cancellation: the server still stops the query.
  task<> stop() const;

  friend bool operator==(const streaming_query& left, const streaming_query& right) noexcept {
    return left.run_id() == right.run_id();
  }

 private:
  friend struct streaming::access;
  explicit streaming_query(std::shared_ptr<const streaming::query_state> state) noexcept : state_(std::move(state)) {}

  std::shared_ptr<const streaming::query_state> state_;
};

}  // namespace cospark
