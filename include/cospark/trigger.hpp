// When a streaming query processes its next batch.
#pragma once

#include <chrono>
#include <string>
#include <utility>

namespace cospark {

/// The kinds of `trigger`.
enum class trigger_kind { processing_time, once, available_now, continuous, real_time };

/// Spark's Trigger: exactly one kind, with its interval where the kind has one.
///
/// An interval is a duration or Spark's own text, such as "10 seconds" or "1 hour 30 minutes". Nothing is checked
/// here: a negative duration or a blank text makes the start of the query fail with `errc::invalid_argument`, and a
/// text that Spark cannot read makes it fail with the server's error.
class trigger {
 public:
  /// A batch every interval; zero means as soon as the last one is done, which is also Spark's default.
  static trigger processing_time(std::chrono::milliseconds interval);
  static trigger processing_time(std::string interval);
  /// All data that is there now in one batch, then the query ends. Spark recommends `available_now` instead.
  static trigger once();
  /// All data that is there now in as many batches as the source's limits ask for, then the query ends.
  static trigger available_now();
  /// Continuous processing with a checkpoint every interval. Such a query has no `recent_progress`.
  static trigger continuous(std::chrono::milliseconds checkpoint_interval);
  static trigger continuous(std::string checkpoint_interval);
  /// Real-time mode with batches of this duration (Spark: at least 5 seconds by default). Spark 4.2+, output mode
  /// `update`, and sources and sinks that support it, such as Kafka.
  static trigger real_time(std::chrono::milliseconds batch_duration);
  static trigger real_time(std::string batch_duration);

  // A plain number has no unit, and a literal 0 would be taken for a null text.
  static trigger processing_time(int) = delete;
  static trigger continuous(int) = delete;
  static trigger real_time(int) = delete;

  trigger_kind kind() const noexcept { return kind_; }
  /// The interval as Spark gets it, a duration as "<n> milliseconds"; empty for the kinds without one.
  const std::string& interval() const noexcept { return interval_; }

  /// Such as "processing_time(10 seconds)" or "available_now".
  std::string to_string() const;

  friend bool operator==(const trigger&, const trigger&) = default;

 private:
  trigger(trigger_kind kind, std::string interval) : kind_(kind), interval_(std::move(interval)) {}

  trigger_kind kind_;
  std::string interval_;
};

}  // namespace cospark
