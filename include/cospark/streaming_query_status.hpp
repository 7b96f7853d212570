// What a streaming query is doing at this moment.
#pragma once

#include <string>

namespace cospark {

/// Spark's StreamingQueryStatus, as of the moment when the server answered.
struct streaming_query_status {
  streaming_query_status() = default;

  /// For a human reader, such as "Waiting for next trigger"; after a failure it holds the exception's text.
  std::string message;
  /// Whether the sources have data that was not processed yet.
  bool is_data_available = false;
  /// Whether a batch is being processed now. Always false for the continuous trigger.
  bool is_trigger_active = false;
  /// Whether the query has not ended.
  bool is_active = false;

  friend bool operator==(const streaming_query_status&, const streaming_query_status&) = default;
};

}  // namespace cospark
