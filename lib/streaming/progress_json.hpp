// The JSON of a streaming query's progress, in both of Spark's forms.
#pragma once

#include <cospark/result.hpp>
#include <cospark/streaming_query_progress.hpp>

#include <string>
#include <string_view>

namespace cospark::streaming {

/// Everything that a progress tells apart from its text.
struct progress_fields {
  progress_fields() = default;

  std::string id;
  std::string run_id;
  std::optional<std::string> name;
  streaming_query_progress::time_point timestamp;
  std::int64_t batch_id = 0;
  std::optional<std::chrono::milliseconds> batch_duration;
  std::int64_t num_input_rows = 0;
  std::optional<double> input_rows_per_second;
  std::optional<double> processed_rows_per_second;
  std::map<std::string, std::chrono::milliseconds> duration_ms;
  std::map<std::string, streaming_query_progress::time_point> event_time;
  std::vector<state_operator_progress> state_operators;
  std::vector<source_progress> sources;
  sink_progress sink;
  std::map<std::string, std::vector<observed_column>> observed_metrics;
  other_fields others;

  friend bool operator==(const progress_fields&, const progress_fields&) = default;
};

struct progress_data {
  progress_fields fields;
  std::string json;
};

/// Reads an element of `recent_progress_json` or the `event_json` of a progress event. Never throws on bad input.
result<streaming_query_progress> parse_progress(std::string_view json);

}  // namespace cospark::streaming
