// Somebody who is told what happens to streaming queries.
#pragma once

#include <cospark/error.hpp>
#include <cospark/streaming_query_event.hpp>

namespace cospark {

/// Spark's StreamingQueryListener: derive from it and give it to `streaming_query_manager::add_listener`. Spark 4.0+.
///
/// All listeners of a session are called one after the other, on the session's executor, never inside a call of this
/// library. A call should be short: the events and waits of the session stand still meanwhile. An exception that
/// leaves it is dropped, and disturbs neither this listener's next calls nor anybody else. A listener may add and
/// remove listeners, itself too, and start other work of the session.
class streaming_query_listener {
 public:
  streaming_query_listener() = default;
  streaming_query_listener(const streaming_query_listener&) = delete;
  streaming_query_listener& operator=(const streaming_query_listener&) = delete;
  virtual ~streaming_query_listener() = default;

  /// A query was started by this session object (Spark tells nobody else of it). Comes shortly before or after `start`
  /// returns, and perhaps after the first events of a short query.
  virtual void on_query_started(const query_started_event&) {}
  virtual void on_query_progress(const query_progress_event&) {}
  virtual void on_query_idle(const query_idle_event&) {}
  virtual void on_query_terminated(const query_terminated_event&) {}

  /// The server's stream of events was lost and has been opened again: events may be missing here. `active` tells
  /// which queries still run.
  virtual void on_missed_events() {}
  /// No more calls will come, and the listener has been removed, perhaps before `add_listener` has ended: the session
  /// was stopped (`errc::client_closed`) or lost, or another client of the session has taken the stream of events
  /// (`errc::limit_exceeded`), …
  virtual void on_end(const error&) {}
};

}  // namespace cospark
