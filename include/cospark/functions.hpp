// Spark's built-in functions: one line each. What is not here is called by `call_function`.
#pragma once

#include <cospark/column.hpp>
#include <cospark/function_call.hpp>
#include <cospark/interval_text.hpp>
#include <cospark/option_value.hpp>

#include <cstdint>
#include <string_view>
#include <vector>

namespace cospark {

/// The functions of Spark's `functions`, under their SQL names; users write `namespace f = cospark::functions;`.
///
/// A parameter of type `column_or_name` takes a text as the name of a column, one of type `column_or_value` as a
/// constant. Functions of any number of columns take them one by one or as a vector. The result is null where an
/// argument is, unless said otherwise.
namespace functions {

// clang-format off
// NOLINTBEGIN(readability-identifier-length)

// The basics.
/// The column of this name; see `column_or_name` for what a name may be.
inline column col(std::string_view name) { return column(column_or_name(name)); }
/// A constant; see `column_or_value` for the types. A column stays what it is.
inline column lit(const column_or_value& value) { return column(value); }
/// A SQL expression, such as "a + 1".
column expr(std::string_view sql);
/// SQL's CASE WHEN: continue with `column::when` and `column::otherwise`. Without the latter the rest is null.
column when(const column& condition, const column_or_value& value);
/// Any function of the server by its name, built-in or registered there. Spark 3.5.
column call_function(std::string_view name, const column_list& arguments);
column call_function(std::string_view name, const detail::column_like auto&... arguments) {
  return call_function(name, detail::list(arguments...));
}

// Structure.
template <class... C> requires detail::column_arguments<C...>
column array(const C&... columns) { return detail::call_list("array", columns...); }  ///< An array of these.
template <class... C> requires detail::column_arguments<C...>
column struct_(const C&... columns) { return detail::call_list("struct", columns...); }  ///< A struct of these.
template <class... C> requires detail::column_arguments<C...>
column create_map(const C&... columns) { return detail::call_list("map", columns...); }  ///< Keys and values in turn.
template <class... C> requires detail::column_arguments<C...>
column coalesce(const C&... columns) { return detail::call_list("coalesce", columns...); }  ///< The first not null.
template <class... C> requires detail::column_arguments<C...>
column greatest(const C&... columns) { return detail::call_list("greatest", columns...); }  ///< Skips nulls.
template <class... C> requires detail::column_arguments<C...>
column least(const C&... columns) { return detail::call_list("least", columns...); }  ///< Skips nulls.
inline column isnull(const column_or_name& v) { return detail::call("isnull", v); }
inline column isnan(const column_or_name& v) { return detail::call("isnan", v); }
inline column monotonically_increasing_id() { return detail::call("monotonically_increasing_id"); }  ///< With gaps.
inline column raise_error(const column_or_value& message) { return detail::call("raise_error", message); }

// Aggregates. They skip nulls.
inline column count(const column_or_name& v) { return detail::call("count", v); }  ///< Of the rows: `count("*")`.
template <class... C> requires detail::column_arguments<C...>
column count_distinct(const C&... columns) { return detail::builtin("count", detail::list(columns...), true); }
inline column approx_count_distinct(const column_or_name& v) { return detail::call("approx_count_distinct", v); }
inline column sum(const column_or_name& v) { return detail::call("sum", v); }
inline column sum_distinct(const column_or_name& v) { return detail::builtin("sum", detail::list(v), true); }
inline column avg(const column_or_name& v) { return detail::call("avg", v); }
inline column mean(const column_or_name& v) { return detail::call("avg", v); }  ///< The same as `avg`.
inline column min(const column_or_name& v) { return detail::call("min", v); }
inline column max(const column_or_name& v) { return detail::call("max", v); }
inline column first(const column_or_name& v, bool ignore_nulls = false) {
  return detail::call("first", v, lit(ignore_nulls));
}
inline column last(const column_or_name& v, bool ignore_nulls = false) {
  return detail::call("last", v, lit(ignore_nulls));
}
inline column collect_list(const column_or_name& v) { return detail::call("collect_list", v); }
inline column collect_set(const column_or_name& v) { return detail::call("collect_set", v); }
inline column stddev(const column_or_name& v) { return detail::call("stddev", v); }
inline column variance(const column_or_name& v) { return detail::call("variance", v); }

// Time windows of streams. A window has the fields `start` and `end`.
/// Windows of this length, one after the other: `group_by(f::window("time", 5min))`.
inline column window(const column_or_name& time, const interval_text& length) {
  return detail::call("window", time, detail::interval("window duration", length));
}
/// Windows of this length, one beginning every `slide`, the first one `start` after 1970 (may be negative).
inline column window(const column_or_name& time, const interval_text& length, const interval_text& slide,
                     const interval_text& start = interval_text("0 seconds")) {
  return detail::call("window", time, detail::interval("window duration", length),
                      detail::interval("slide duration", slide), detail::interval("start time", start, true));
}
/// Sessions: a window that grows until nothing came for `gap`, which may be a column.
inline column session_window(const column_or_name& time, const interval_text& gap) {
  return detail::call("session_window", time, detail::interval("gap duration", gap));
}
inline column session_window(const column_or_name& time, const column& gap) {
  return detail::call("session_window", time, gap);
}
/// Its event time.
inline column window_time(const column_or_name& window) {
  return detail::call("window_time", window);
}

// Window functions, for `column::over`.
inline column row_number() { return detail::call("row_number"); }  ///< From 1.
inline column rank() { return detail::call("rank"); }  ///< From 1, with gaps after ties.
inline column dense_rank() { return detail::call("dense_rank"); }  ///< From 1, without gaps.
inline column lag(const column_or_name& v, std::int32_t rows = 1) { return detail::call("lag", v, lit(rows)); }
inline column lead(const column_or_name& v, std::int32_t rows = 1) { return detail::call("lead", v, lit(rows)); }

// JSON and CSV. The schema is DDL text, a type, or a column such as `call_function("schema_of_json", …)`.
inline column from_json(const column_or_name& text, std::string_view ddl, const option_map& options = option_map()) {
  return detail::parse("from_json", column(text), lit(ddl), options);
}
column from_json(const column_or_name& text, const data_type& type, const option_map& options = option_map());
inline column from_json(const column_or_name& text, const column& schema, const option_map& options = option_map()) {
  return detail::parse("from_json", column(text), schema, options);
}
inline column from_csv(const column_or_name& text, std::string_view ddl, const option_map& options = option_map()) {
  return detail::parse("from_csv", column(text), lit(ddl), options);
}
column from_csv(const column_or_name& text, const data_type& type, const option_map& options = option_map());
inline column from_csv(const column_or_name& text, const column& schema, const option_map& options = option_map()) {
  return detail::parse("from_csv", column(text), schema, options);
}
inline column to_json(const column_or_name& v, const option_map& options = option_map()) {
  return detail::print("to_json", column(v), options);
}
inline column to_csv(const column_or_name& v, const option_map& options = option_map()) {
  return detail::print("to_csv", column(v), options);
}
inline column get_json_object(const column_or_name& v, std::string_view path) {
  return detail::call("get_json_object", v, lit(path));
}

// Texts. Positions count from 1.
template <class... C> requires detail::column_arguments<C...>
column concat(const C&... columns) { return detail::call_list("concat", columns...); }
column concat_ws(std::string_view separator, const detail::column_like auto&... columns) {  ///< Skips nulls.
  return detail::call("concat_ws", lit(separator), column_or_name(columns)...);
}
inline column upper(const column_or_name& v) { return detail::call("upper", v); }
inline column lower(const column_or_name& v) { return detail::call("lower", v); }
inline column length(const column_or_name& v) { return detail::call("length", v); }
inline column trim(const column_or_name& v) { return detail::call("trim", v); }
inline column ltrim(const column_or_name& v) { return detail::call("ltrim", v); }
inline column rtrim(const column_or_name& v) { return detail::call("rtrim", v); }
inline column substring(const column_or_name& v, std::int32_t start, std::int32_t length) {
  return detail::call("substring", v, lit(start), lit(length));
}
inline column split(const column_or_name& v, std::string_view regex, std::int32_t limit = -1) {
  return detail::call("split", v, lit(regex), lit(limit));
}
inline column regexp_replace(const column_or_name& v, const column_or_value& regex, const column_or_value& by) {
  return detail::call("regexp_replace", v, regex, by);
}
inline column regexp_extract(const column_or_name& v, std::string_view regex, std::int32_t group) {
  return detail::call("regexp_extract", v, lit(regex), lit(group));
}

// Numbers.
inline column abs(const column_or_name& v) { return detail::call("abs", v); }
/// Half up.
inline column round(const column_or_name& v, std::int32_t digits = 0) {
  return detail::call("round", v, lit(digits));
}
inline column floor(const column_or_name& v) { return detail::call("floor", v); }
inline column ceil(const column_or_name& v) { return detail::call("ceil", v); }
inline column sqrt(const column_or_name& v) { return detail::call("sqrt", v); }
inline column pow(const column_or_name& base, const column_or_name& exponent) {
  return detail::call("power", base, exponent);
}
inline column pow(const column_or_name& base, double exponent) { return detail::call("power", base, lit(exponent)); }
/// Uniform in [0, 1). Without a seed one is drawn here and now, so that the plan always gives the same numbers.
inline column rand(std::int64_t seed = detail::random_seed()) { return detail::call("rand", lit(seed)); }

// Hashes. Nulls do not count.
template <class... C> requires detail::column_arguments<C...>
column hash(const C&... columns) { return detail::call_list("hash", columns...); }  ///< Murmur3, 32 bits.
template <class... C> requires detail::column_arguments<C...>
column xxhash64(const C&... columns) { return detail::call_list("xxhash64", columns...); }
inline column md5(const column_or_name& v) { return detail::call("md5", v); }
/// 224, 256, 384, 512.
inline column sha2(const column_or_name& v, std::int32_t bits) {
  return detail::call("sha2", v, lit(bits));
}

// Dates and times. Formats are Spark's datetime patterns; the session's time zone applies.
/// Of the start of the query or batch.
inline column current_timestamp() {
  return detail::call("current_timestamp");
}
inline column current_date() { return detail::call("current_date"); }
inline column to_timestamp(const column_or_name& v) { return detail::call("to_timestamp", v); }
inline column to_timestamp(const column_or_name& v, std::string_view format) {
  return detail::call("to_timestamp", v, lit(format));
}
inline column to_date(const column_or_name& v) { return detail::call("to_date", v); }
inline column to_date(const column_or_name& v, std::string_view format) {
  return detail::call("to_date", v, lit(format));
}
inline column date_format(const column_or_name& v, std::string_view format) {
  return detail::call("date_format", v, lit(format));
}
inline column date_add(const column_or_name& v, std::int32_t days) { return detail::call("date_add", v, lit(days)); }
/// "hour", …
inline column date_trunc(std::string_view unit, const column_or_name& v) {
  return detail::call("date_trunc", lit(unit), v);
}
inline column unix_timestamp() { return detail::call("unix_timestamp"); }  ///< Seconds since 1970, now.
inline column unix_timestamp(const column_or_name& v, std::string_view format = "yyyy-MM-dd HH:mm:ss") {
  return detail::call("unix_timestamp", v, lit(format));
}
inline column from_unixtime(const column_or_name& v, std::string_view format = "yyyy-MM-dd HH:mm:ss") {
  return detail::call("from_unixtime", v, lit(format));
}
inline column timestamp_seconds(const column_or_name& v) { return detail::call("timestamp_seconds", v); }
inline column timestamp_millis(const column_or_name& v) { return detail::call("timestamp_millis", v); }
inline column timestamp_micros(const column_or_name& v) { return detail::call("timestamp_micros", v); }
inline column year(const column_or_name& v) { return detail::call("year", v); }
inline column quarter(const column_or_name& v) { return detail::call("quarter", v); }
inline column month(const column_or_name& v) { return detail::call("month", v); }
inline column dayofmonth(const column_or_name& v) { return detail::call("dayofmonth", v); }
inline column dayofweek(const column_or_name& v) { return detail::call("dayofweek", v); }  ///< 1 is Sunday.
inline column dayofyear(const column_or_name& v) { return detail::call("dayofyear", v); }
inline column weekofyear(const column_or_name& v) { return detail::call("weekofyear", v); }
inline column hour(const column_or_name& v) { return detail::call("hour", v); }
inline column minute(const column_or_name& v) { return detail::call("minute", v); }
inline column second(const column_or_name& v) { return detail::call("second", v); }

// Arrays and maps.
inline column explode(const column_or_name& v) { return detail::call("explode", v); }  ///< A row for each element.
inline column size(const column_or_name& v) { return detail::call("size", v); }
inline column array_contains(const column_or_name& v, const column_or_value& element) {
  return detail::call("array_contains", v, element);
}
/// Arrays from 1.
inline column element_at(const column_or_name& v, const column_or_value& key) {
  return detail::call("element_at", v, key);
}

// NOLINTEND(readability-identifier-length)
// clang-format on

}  // namespace functions
}  // namespace cospark
