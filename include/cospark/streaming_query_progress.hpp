// What a streaming query did in one trigger.
#pragma once

#include <cospark/result.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace cospark {

namespace streaming {
struct progress_data;
}  // namespace streaming

/// Fields that this version does not know, or whose value is of an unexpected kind: name to JSON text.
using other_fields = std::map<std::string, std::string>;

/// A value of an observed metric; null is `std::monostate`. Spark's JSON does not tell all types: decimals, and
/// integers beyond 64 bits, are doubles; NaN and infinity are the texts "NaN", "Infinity" and "-Infinity"; arrays, maps
/// and structs are JSON texts.
using metric_value = std::variant<std::monostate, bool, std::int64_t, double, std::string>;

/// One column of an observed metric (`data_frame::observe`).
struct observed_column {
  observed_column() = default;
  observed_column(std::string column, metric_value metric) : name(std::move(column)), value(std::move(metric)) {}

  std::string name;
  metric_value value;

  friend bool operator==(const observed_column&, const observed_column&) = default;
};

/// Spark's SourceProgress: what was read from one source. Offsets are JSON texts, or plain ones where the source's
/// offset is no JSON; absent where there is none yet.
struct source_progress {
  source_progress() = default;

  std::string description;
  std::optional<std::string> start_offset;
  std::optional<std::string> end_offset;
  /// The newest offset the source knew of, for sources that tell.
  std::optional<std::string> latest_offset;
  std::int64_t num_input_rows = 0;
  std::optional<double> input_rows_per_second;
  std::optional<double> processed_rows_per_second;
  /// The source's own metrics, such as Kafka's lag.
  std::map<std::string, std::string> metrics;
  other_fields others;

  friend bool operator==(const source_progress&, const source_progress&) = default;
};

/// Spark's SinkProgress: what was written.
struct sink_progress {
  sink_progress() = default;

  std::string description;
  /// Absent where the sink does not count (Spark's -1).
  std::optional<std::int64_t> num_output_rows;
  std::map<std::string, std::string> metrics;
  other_fields others;

  friend bool operator==(const sink_progress&, const sink_progress&) = default;
};

/// Spark's StateOperatorProgress: the state of one stateful operator (aggregation, join, deduplication).
struct state_operator_progress {
  state_operator_progress() = default;

  std::string operator_name;
  std::int64_t num_rows_total = 0;
  std::int64_t num_rows_updated = 0;
  std::int64_t num_rows_removed = 0;
  std::int64_t num_rows_dropped_by_watermark = 0;
  std::chrono::milliseconds all_updates_time_ms{0};
  std::chrono::milliseconds all_removals_time_ms{0};
  std::chrono::milliseconds commit_time_ms{0};
  std::int64_t memory_used_bytes = 0;
  std::int64_t num_shuffle_partitions = 0;
  std::int64_t num_state_store_instances = 0;
  /// The names depend on the state store and on the version of Spark.
  std::map<std::string, std::int64_t> custom_metrics;
  other_fields others;

  friend bool operator==(const state_operator_progress&, const state_operator_progress&) = default;
};

/// Spark's StreamingQueryProgress. Cheap to copy; immutable, so that several threads may read it.
///
/// Spark writes progress in two forms: in `recent_progress` and in the events of a listener. Both become the same
/// value, except for what the server itself writes differently: in an event, rates have one decimal only (Spark 4.1+),
/// dates and timestamps among the observed metrics are texts cut to seconds instead of epoch milliseconds, and
/// `snapshotCustomMetricNames` of a state operator (Spark 4.3+) is missing.
class streaming_query_progress {
 public:
  using time_point = std::chrono::sys_time<std::chrono::milliseconds>;
  using milliseconds = std::chrono::milliseconds;

  /// Reads a progress that was kept as text, in either form. `errc::protocol_error` if the text is no JSON object
  /// with an id, a run id, a timestamp and a batch id, or exceeds 8 MiB or 128 levels.
  static result<streaming_query_progress> from_json(std::string_view json);

  const std::string& id() const noexcept;
  const std::string& run_id() const noexcept;
  /// Absent for a query without a name.
  const std::optional<std::string>& name() const noexcept;
  /// When the trigger started.
  time_point timestamp() const noexcept;
  std::int64_t batch_id() const noexcept;
  /// Absent where the server does not tell.
  std::optional<milliseconds> batch_duration() const noexcept;
  /// Rows of all sources.
  std::int64_t num_input_rows() const noexcept;
  /// Rates of all sources; absent where Spark cannot compute them.
  std::optional<double> input_rows_per_second() const noexcept;
  std::optional<double> processed_rows_per_second() const noexcept;
  /// Time spent by step, such as `addBatch`; `triggerExecution` is the whole.
  const std::map<std::string, milliseconds>& duration_ms() const noexcept;
  /// `max`, `min` and `avg` event time of the trigger's rows, and `watermark`. Empty without a watermark.
  const std::map<std::string, time_point>& event_time() const noexcept;
  const std::vector<state_operator_progress>& state_operators() const noexcept;
  const std::vector<source_progress>& sources() const noexcept;
  const sink_progress& sink() const noexcept;
  /// By the name of the observation, columns in their order.
  const std::map<std::string, std::vector<observed_column>>& observed_metrics() const noexcept;
  const other_fields& others() const noexcept;

  /// The text as the server sent it, in whichever form. Numbers have all their digits here.
  const std::string& json() const noexcept;
  /// The same, indented by two spaces a level.
  std::string pretty_json() const;

  /// Compares everything except `json()`.
  friend bool operator==(const streaming_query_progress& left, const streaming_query_progress& right) noexcept;

  /// For the library.
  explicit streaming_query_progress(std::shared_ptr<const streaming::progress_data> data) noexcept;

 private:
  std::shared_ptr<const streaming::progress_data> data_;
};

}  // namespace cospark
