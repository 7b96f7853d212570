// Rows that Spark will compute: a table, a stream, or what was made of them.
#pragma once

#include <cospark/column.hpp>
#include <cospark/explain_mode.hpp>
#include <cospark/interval_text.hpp>
#include <cospark/join_type.hpp>
#include <cospark/row.hpp>
#include <cospark/schema.hpp>
#include <cospark/task.hpp>

#include <cstdint>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cospark {

class data_frame_writer;
class data_stream_writer;
class grouped_data;
class result_stream;
namespace connect {
class session_state;
}
namespace frame {
struct access;
}
namespace plan {
class relation;
}

/// Rows with named columns that Spark will compute: batch or streaming, it is the same type. Corresponds to Spark's
/// `DataFrame`.
///
/// Local members build a plan: nothing is sent and nothing is checked against the data, so they cannot fail. What
/// cannot be sent (an empty name, a negative count, text that is not UTF-8) makes the remote operation on the plan fail
/// with `errc::invalid_argument`. A column is given as a `column` or by its name. Remote members are those that return
/// a `task`; all of them fail with `errc::analysis_failed` where Spark refuses the plan, and those that run it on a
/// stream always do. Cancelling one that runs a plan interrupts it on the server.
///
/// A cheap immutable value, safe to use from several threads; it keeps the session alive.
class data_frame {
 public:
  // Moving copies, so that no frame is ever empty.
  data_frame(const data_frame&) noexcept = default;
  data_frame& operator=(const data_frame&) noexcept = default;

  /// The column of this very frame, for joins of frames that have columns of the same name.
  column col(std::string_view name) const;
  column operator[](std::string_view name) const { return col(name); }

  // Columns.

  /// These columns, in this order.
  data_frame select(const detail::column_like auto&... columns) const { return select(detail::list(columns...)); }
  data_frame select(const column_list& columns) const;
  /// SQL expressions, such as "a + 1 AS b".
  data_frame select_expr(const detail::text_like auto&... expressions) const {
    return select_expr(detail::name_list(expressions...));
  }
  data_frame select_expr(const std::vector<std::string>& expressions) const;
  /// With one more column; one of the same name is replaced. Prefer one `with_columns` to many of these.
  data_frame with_column(std::string_view name, const column& value) const;
  data_frame with_columns(const std::vector<std::pair<std::string, column>>& columns) const;
  /// With another name for a column; a name that does not exist changes nothing.
  data_frame with_column_renamed(std::string_view name, std::string_view new_name) const;
  data_frame with_columns_renamed(const std::vector<std::pair<std::string, std::string>>& names) const;
  /// Without the columns of these names (all of them, dots belong to a name), or without these columns; one that does
  /// not exist changes nothing.
  data_frame drop(const detail::text_like auto&... names) const { return drop(detail::name_list(names...)); }
  data_frame drop(const std::vector<std::string>& names) const;
  data_frame drop(const column& column) const;
  /// With these names for all columns, in order.
  data_frame to_df(const detail::text_like auto&... names) const { return to_df(detail::name_list(names...)); }
  data_frame to_df(const std::vector<std::string>& names) const;
  /// With the columns, order and types of a schema.
  data_frame to(const cospark::schema& schema) const;
  /// Under a name by which SQL and `col("name.column")` refer to it.
  data_frame alias(std::string_view name) const;

  // Rows.

  /// The rows for which a condition is true; also as SQL text. `where` is the same.
  data_frame filter(const column& condition) const;
  data_frame filter(std::string_view sql) const;
  data_frame where(const column& condition) const { return filter(condition); }
  data_frame where(std::string_view sql) const { return filter(sql); }
  /// The first `count` rows, and all but the first `count` rows; 0 to 2147483647.
  data_frame limit(std::int64_t count) const;
  data_frame offset(std::int64_t count) const;
  data_frame distinct() const { return drop_duplicates(); }
  /// One row of those that are equal, or equal in these columns. On a stream the state grows without bound unless an
  /// event time column with a watermark is among them.
  data_frame drop_duplicates() const { return drop_duplicates(std::vector<std::string>()); }
  data_frame drop_duplicates(const detail::text_like auto&... names) const {
    return drop_duplicates(detail::name_list(names...));
  }
  data_frame drop_duplicates(const std::vector<std::string>& names) const;
  /// The same for streams with a watermark, which bounds how far apart duplicates may arrive. Spark 3.5.
  data_frame drop_duplicates_within_watermark() const {
    return drop_duplicates_within_watermark(std::vector<std::string>());
  }
  data_frame drop_duplicates_within_watermark(const detail::text_like auto&... names) const {
    return drop_duplicates_within_watermark(detail::name_list(names...));
  }
  data_frame drop_duplicates_within_watermark(const std::vector<std::string>& names) const;
  /// About this fraction of the rows, from 0 to 1 (more with replacement). Without a seed one is drawn here and now.
  data_frame sample(double fraction, bool with_replacement = false,
                    std::optional<std::int64_t> seed = std::nullopt) const;

  /// Sorted; a column without an order is ascending. Streams: in complete mode after an aggregation only.
  data_frame order_by(const detail::column_like auto&... columns) const { return order_by(detail::list(columns...)); }
  data_frame order_by(const column_list& columns) const;
  template <class... C>
    requires detail::column_arguments<C...>
  data_frame sort(const C&... columns) const {
    return order_by(detail::list(columns...));
  }
  /// Sorted within each partition.
  data_frame sort_within_partitions(const detail::column_like auto&... columns) const {
    return sort_within_partitions(detail::list(columns...));
  }
  data_frame sort_within_partitions(const column_list& columns) const;

  // Groups.

  grouped_data group_by(const detail::column_like auto&... columns) const;
  grouped_data group_by(const column_list& columns) const;
  /// Groups of all prefixes of the columns, and of all subsets of them.
  grouped_data rollup(const detail::column_like auto&... columns) const;
  grouped_data rollup(const column_list& columns) const;
  grouped_data cube(const detail::column_like auto&... columns) const;
  grouped_data cube(const column_list& columns) const;
  /// One row: `group_by().agg(…)`.
  data_frame agg(const detail::column_like auto&... aggregates) const { return agg(detail::list(aggregates...)); }
  data_frame agg(const column_list& aggregates) const;

  // Several frames.

  /// Pairs of rows for which a condition is true.
  data_frame join(const data_frame& other, const column& condition, join_type type = join_type::inner) const;
  /// Pairs of rows that are equal in columns of these names, which the result has once.
  data_frame join(const data_frame& other, std::string_view name, join_type type = join_type::inner) const;
  data_frame join(const data_frame& other, const std::vector<std::string>& names,
                  join_type type = join_type::inner) const;
  data_frame cross_join(const data_frame& other) const;
  /// The rows of both, duplicates included, columns by position. (Spark's `union`, which is a keyword of C++, and
  /// `unionAll`; unlike SQL's UNION neither removes duplicates.)
  data_frame union_all(const data_frame& other) const;
  /// The same, columns by name. Columns that one side lacks are null, if that is allowed, else an error.
  data_frame union_by_name(const data_frame& other, bool allow_missing_columns = false) const;
  /// Rows that are in both, without and with duplicates.
  data_frame intersect(const data_frame& other) const;
  data_frame intersect_all(const data_frame& other) const;
  /// Rows that are not in the other frame, without and with duplicates.
  data_frame subtract(const data_frame& other) const;
  data_frame except_all(const data_frame& other) const;

  // Streams.

  /// Rows whose event time is later than `delay` behind the latest one seen may be dropped, and state for them is.
  data_frame with_watermark(std::string_view event_time, const interval_text& delay) const;
  /// Computes aggregates of the rows that pass by; a streaming query reports them as `observed_metrics` of its
  /// progress.
  data_frame observe(std::string_view name, const detail::column_like auto&... metrics) const {
    return observe(name, detail::list(metrics...));
  }
  data_frame observe(std::string_view name, const column_list& metrics) const;

  // Layout.

  data_frame repartition(std::int32_t partitions) const;
  data_frame repartition(std::optional<std::int32_t> partitions, const detail::column_like auto&... columns) const {
    return repartition(partitions, detail::list(columns...));
  }
  data_frame repartition(std::optional<std::int32_t> partitions, const column_list& columns) const;
  /// Fewer partitions, without moving rows around.
  data_frame coalesce(std::int32_t partitions) const;
  data_frame hint(std::string_view name, const std::vector<column>& parameters = std::vector<column>()) const;

  // Writing.

  /// Writes the rows of a batch frame.
  data_frame_writer write() const;
  /// Starts a query that writes the rows of a streaming frame.
  data_stream_writer write_stream() const;

  // Remote: what Spark knows about the plan.

  task<cospark::schema> schema() const;
  task<std::vector<std::string>> columns() const;
  /// Names and types, such as ("id", "bigint").
  task<std::vector<std::pair<std::string, std::string>>> dtypes() const;
  task<bool> is_streaming() const;
  /// Whether the result is computed without executors.
  task<bool> is_local() const;
  task<std::string> explain(explain_mode mode = explain_mode::simple) const;
  /// The schema as a tree, down to `level` levels if that is given.
  task<std::string> tree_string(std::optional<std::int32_t> level = std::nullopt) const;
  /// Prints `tree_string()` to standard output, or to `out`, which must live until then.
  task<> print_schema() const;
  task<> print_schema(std::ostream& out) const;
  /// The files that the rows come from.
  task<std::vector<std::string>> input_files() const;
  /// Whether the two plans are equal but for names and the like.
  task<bool> same_semantics(const data_frame& other) const;
  /// Asks the server to keep the rows in memory and on disk when they are computed; and not to, any more.
  task<> persist() const;
  task<> unpersist(bool blocking = false) const;
  /// Gives the plan a name of the session for SQL and `session::table`; streaming frames, too. The first fails if the
  /// name is taken. Global ones belong to all sessions of the server, in the database `global_temp`.
  task<> create_temp_view(std::string_view name) const;
  task<> create_or_replace_temp_view(std::string_view name) const;
  task<> create_global_temp_view(std::string_view name) const;
  task<> create_or_replace_global_temp_view(std::string_view name) const;

  // Remote: the rows. All of them must fit in memory, except with `execute()`.

  task<std::vector<row>> collect() const;
  /// The rows, batch by batch, as they are asked for.
  task<result_stream> execute() const;
  /// The first row; nothing if there is none.
  task<std::optional<row>> first() const;
  task<std::vector<row>> take(std::int64_t count) const;
  task<std::vector<row>> head(std::int64_t count) const { return take(count); }
  task<std::vector<row>> tail(std::int64_t count) const;
  task<std::int64_t> count() const;
  task<bool> is_empty() const;
  /// The first `rows` rows as a table. `truncate`: most characters of a cell, 0 for all. `vertical`: a line for each
  /// cell. `show` prints it to standard output.
  task<std::string> show_string(std::int32_t rows = 20, std::int32_t truncate = 20, bool vertical = false) const;
  task<> show(std::int32_t rows = 20, std::int32_t truncate = 20, bool vertical = false) const;

 private:
  friend struct frame::access;
  data_frame(std::shared_ptr<connect::session_state> session, std::shared_ptr<const plan::relation> relation) noexcept;

  std::shared_ptr<connect::session_state> session_;
  std::shared_ptr<const plan::relation> relation_;
};

}  // namespace cospark

#include <cospark/grouped_data.hpp>
