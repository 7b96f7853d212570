// What a session tells its metrics sink.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace cospark {

/// One measurement. Names, and the labels of each:
///
/// | name | kind | labels |
/// |---|---|---|
/// | `operations_started` | counter | `kind` |
/// | `operations_ended` | counter | `kind`, `outcome` |
/// | `operation_duration` | duration | `kind`, `outcome` |
/// | `retries` | counter | `kind` |
/// | `reattaches` | counter | `kind` |
/// | `bytes_received` | counter | `kind` |
/// | `tokens_requested` | counter | `outcome` |
/// | `connection_changes` | counter | `status` |
///
/// `kind` is the name of a remote call (`Config`, `AnalyzePlan`, …), `query` for the execution of a data frame, or
/// Spark's name of a command (`write_stream_operation_start`, `streaming_query_command`, …). `outcome` is `ok`, the
/// text of an `errc` such as `timed out`, or `dropped` for an operation whose handle or coroutine was destroyed.
/// `status` is `connected`, `reconnecting` or `lost`. No label holds a name or a value of the user.
struct metric {
  metric() = default;

  enum class kind { counter, duration };

  std::string name;
  kind what = kind::counter;
  /// What a counter grows by.
  std::uint64_t count = 0;
  /// The length of a duration.
  std::chrono::microseconds time{0};
  std::vector<std::pair<std::string, std::string>> labels;
};

}  // namespace cospark
