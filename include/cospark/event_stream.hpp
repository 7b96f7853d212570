// The events of a session's streaming queries, one after the other.
#pragma once

#include <cospark/streaming_query_event.hpp>
#include <cospark/task.hpp>

#include <cstddef>
#include <memory>
#include <optional>

namespace cospark {
namespace streaming {
struct access;
class event_queue;
}  // namespace streaming

/// How `streaming_query_manager::events` keeps events that have not been asked for yet.
struct event_options {
  event_options() = default;

  /// Most events that are kept, at least 1. When it is full, the oldest progress or idle event gives way to a new
  /// event; if there is none, the oldest event. A `missed_events` stands where events are missing.
  std::size_t capacity = 1000;
};

/// The events of all streaming queries of a session: what `streaming_query_manager::events` gives. All event streams,
/// listeners and waits of a session share one stream from the server.
///
/// It survives broken connections without a gap. When the server's stream itself is lost (another client of the
/// session removed it, or the connection was down for more than five minutes), a new one is opened and a
/// `missed_events` stands in between.
///
/// Destroying it ends it: a call of `next` that is under way then ends with `errc::cancelled`. It keeps its session.
///
/// Thread safety: one call of `next` at a time; a second one meanwhile is `errc::invalid_argument`.
class event_stream {
 public:
  event_stream(event_stream&&) noexcept;
  event_stream& operator=(event_stream&&) noexcept;
  ~event_stream();

  /// The next event, as soon as there is one. Nothing once the session was stopped by this program, however often it
  /// is asked. Any other end is an error, and every further call returns it again: `errc::session_lost`,
  /// `errc::unavailable` (the bounds of the retry policy are used up), `errc::limit_exceeded` (another client of the
  /// session has taken the stream).
  /// Cancellation: ends the wait for the event alone; no event is lost.
  task<std::optional<streaming_query_event>> next();

 private:
  friend struct streaming::access;
  explicit event_stream(std::shared_ptr<streaming::event_queue> queue) noexcept;

  std::shared_ptr<streaming::event_queue> queue_;
};

}  // namespace cospark
