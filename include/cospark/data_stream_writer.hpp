// Starts streaming queries.
#pragma once

#include <cospark/data_frame.hpp>
#include <cospark/option_value.hpp>
#include <cospark/output_mode.hpp>
#include <cospark/streaming_query.hpp>
#include <cospark/task.hpp>
#include <cospark/trigger.hpp>

#include <concepts>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace cospark {
namespace streaming {
struct access;
struct writer_settings;
}  // namespace streaming

/// Describes where a streaming data frame is written, and starts the query: Spark's DataStreamWriter. Spark 3.5+.
///
/// A value: every setter returns a new writer and leaves this one as it is. There is no `foreach` and no
/// `foreach_batch`: the server would have to run this program's code, and can run only code of the JVM or of Python.
class data_stream_writer {
 public:
  /// The sink: "memory", "console", "noop", "parquet", "csv", "json", "orc", "text", "kafka", …
  data_stream_writer format(std::string name) const;
  /// Name of the query, unique among the running queries of the session. The memory sink needs one: it is the name of
  /// its table, so an identifier or a name in backticks (`quote_identifier`); others are refused, since Spark would let
  /// the query run without its table.
  data_stream_writer query_name(std::string name) const;
  /// Which rows are written: append (the default), update or complete. A text is checked by Spark.
  data_stream_writer output_mode(cospark::output_mode mode) const;
  data_stream_writer output_mode(std::string_view mode) const;
  /// When a batch is processed; without one, as soon as the last is done.
  data_stream_writer trigger(const cospark::trigger& trigger) const;
  /// Columns by which files are laid out in folders; replaces what was given before.
  data_stream_writer partition_by(std::vector<std::string> columns) const;
  template <std::convertible_to<std::string>... Columns>
  data_stream_writer partition_by(std::string first, Columns... more) const {
    return partition_by(list(std::move(first), std::move(more)...));
  }
  /// Columns by which the sink clusters its data. Spark 4.0+; not together with `partition_by`.
  data_stream_writer cluster_by(std::vector<std::string> columns) const;
  template <std::convertible_to<std::string>... Columns>
  data_stream_writer cluster_by(std::string first, Columns... more) const {
    return cluster_by(list(std::move(first), std::move(more)...));
  }
  /// One option of the sink, such as "checkpointLocation". Names differ by more than upper and lower case.
  data_stream_writer option(std::string name, option_value value) const;
  data_stream_writer options(const option_map& options) const;

  /// Starts the query. The server answers when the query's thread runs, before its first batch.
  ///
  /// Never starts twice: a broken connection is mended by asking for the answer of the same operation.
  /// Errors: `errc::invalid_argument` (an empty name, a negative interval, …; nothing was sent),
  /// `errc::analysis_failed` (unknown column or format, unsupported output mode, a name in use, …),
  /// `errc::unsupported_by_server` (a trigger or layout that the server would ignore), `errc::outcome_unknown` (the
  /// connection is lost for good and the query may be running: look for its name or operation in
  /// `streaming_query_manager::active`). Cancellation: the server is told to interrupt the start; the query may be
  /// running all the same, and the error says whether that is known.
  task<streaming_query> start() const;
  /// Starts a query that writes files under `path`.
  task<streaming_query> start(std::string path) const;
  /// Starts a query that appends to a table, which is made if it does not exist.
  task<streaming_query> to_table(std::string name) const;

 private:
  friend struct streaming::access;
  explicit data_stream_writer(std::shared_ptr<const streaming::writer_settings> settings) noexcept
      : settings_(std::move(settings)) {}
  template <class Change>
  data_stream_writer with(Change change) const;
  template <class... Columns>
  static std::vector<std::string> list(Columns&&... columns) {
    std::vector<std::string> names;
    (names.emplace_back(std::move(columns)), ...);
    return names;
  }

  std::shared_ptr<const streaming::writer_settings> settings_;
};

}  // namespace cospark
