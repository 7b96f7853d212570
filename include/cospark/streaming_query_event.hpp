// What happens to streaming queries, as Spark tells its listeners.
#pragma once

#include <cospark/error.hpp>
#include <cospark/streaming_query_progress.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace cospark {

/// Spark's QueryStartedEvent.
struct query_started_event {
  query_started_event() = default;

  std::string id;
  std::string run_id;
  /// Absent for a query without a name.
  std::optional<std::string> name;
  std::chrono::sys_time<std::chrono::milliseconds> timestamp;
  /// Tags of the operation that started the query. Spark 4.1+.
  std::vector<std::string> job_tags;

  friend bool operator==(const query_started_event&, const query_started_event&) = default;
};

/// Spark's QueryProgressEvent: a trigger with data or with work on the state is done.
struct query_progress_event {
  explicit query_progress_event(streaming_query_progress what) : progress(std::move(what)) {}

  streaming_query_progress progress;

  friend bool operator==(const query_progress_event&, const query_progress_event&) = default;
};

/// Spark's QueryIdleEvent: there was no data for a while.
struct query_idle_event {
  query_idle_event() = default;

  std::string id;
  std::string run_id;
  std::chrono::sys_time<std::chrono::milliseconds> timestamp;

  friend bool operator==(const query_idle_event&, const query_idle_event&) = default;
};

/// Spark's QueryTerminatedEvent.
struct query_terminated_event {
  query_terminated_event() = default;

  std::string id;
  std::string run_id;
  /// The exception with its stack trace; absent if the query ended without one.
  std::optional<std::string> exception;
  /// Spark's error condition, such as `DIVIDE_BY_ZERO`, where the exception has one.
  std::optional<std::string> error_class_on_exception;

  friend bool operator==(const query_terminated_event&, const query_terminated_event&) = default;
};

/// An event that this version cannot read: a kind that is new in Spark, or a damaged text.
struct unknown_event {
  unknown_event(int event_type, std::string text, std::optional<error> what = std::nullopt)
      : type(event_type), json(std::move(text)), problem(std::move(what)) {}

  /// Number of the kind in Spark's protocol.
  int type;
  /// The text as the server sent it.
  std::string json;
  /// Why the text of a known kind cannot be read.
  std::optional<error> problem;
};

/// Not an event of Spark: here events are missing.
struct missed_events {
  missed_events() = default;
  explicit missed_events(std::size_t dropped) : count(dropped) {}

  /// How many this side has dropped because nobody took them. Absent when the server's stream was lost and opened
  /// again: then nobody knows, and `streaming_query_manager::active` tells which queries still run.
  std::optional<std::size_t> count;

  friend bool operator==(const missed_events&, const missed_events&) = default;
};

/// Any of them.
using streaming_query_event = std::variant<query_started_event, query_progress_event, query_idle_event,
                                           query_terminated_event, missed_events, unknown_event>;

}  // namespace cospark
