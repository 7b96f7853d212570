// The type of a Spark value, such as bigint or array<string>.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace cospark {

class schema;

/// The kinds of Spark types. Names follow Spark's classes (`LongType` is `long_type`).
enum class type_kind : std::uint8_t {
  null_type,
  boolean_type,
  byte_type,
  short_type,
  integer_type,
  long_type,
  float_type,
  double_type,
  decimal_type,
  string_type,
  char_type,
  varchar_type,
  binary_type,
  date_type,
  timestamp_type,
  timestamp_ntz_type,
  /// A timestamp with session time zone and 7 to 9 digits of a second. Spark 4.3.
  timestamp_ltz_nanos_type,
  /// A timestamp without time zone and 7 to 9 digits of a second. Spark 4.3.
  timestamp_ntz_nanos_type,
  /// Time of day. Spark 4.1.
  time_type,
  calendar_interval_type,
  year_month_interval_type,
  day_time_interval_type,
  array_type,
  map_type,
  struct_type,
  /// Spark 4.0.
  variant_type,
  /// Spark 4.1.
  geometry_type,
  /// Spark 4.1.
  geography_type,
  udt_type,
  /// A type known only by its text, or one that only a newer Spark knows.
  unparsed_type,
};

/// The fields of interval types, largest first.
enum class interval_field : std::uint8_t { year, month, day, hour, minute, second };

/// The classes behind a user-defined type. Empty where the server names none.
struct udt_classes {
  udt_classes() = default;

  std::string jvm_class;
  std::string python_class;
  std::string serialized_python_class;

  friend bool operator==(const udt_classes&, const udt_classes&) = default;
};

/// A Spark type: an immutable value, cheap to copy, safe to use from several threads. Made by the functions of
/// `cospark::types`. Asking a type for what its kind does not have throws `exception` with `errc::invalid_argument`.
///
/// Corresponds to Spark's `DataType`.
class data_type {
 public:
  /// The null type, which Spark calls void.
  data_type();
  /// The struct type with these fields.
  data_type(const cospark::schema& fields);

  type_kind kind() const noexcept;

  /// Digits of a decimal; digits of a second of a time or a nanosecond timestamp.
  int precision() const;
  /// Digits of a decimal after the point.
  int scale() const;
  /// Characters of a char or varchar.
  int length() const;
  /// Collation of a string: `UTF8_BINARY` unless another was given.
  const std::string& collation() const;
  /// Spatial reference of a geometry or geography; nothing if it differs from row to row.
  std::optional<int> srid() const;
  /// First and last field of a year-month or day-time interval.
  interval_field start_field() const;
  interval_field end_field() const;
  /// Type of the elements of an array.
  const data_type& element_type() const;
  /// Whether elements of an array may be null.
  bool contains_null() const;
  /// Types of the keys and values of a map.
  const data_type& key_type() const;
  const data_type& value_type() const;
  /// Whether values of a map may be null; keys never are.
  bool value_contains_null() const;
  /// Fields of a struct.
  const cospark::schema& fields() const;
  /// The type in which a user-defined type is stored; void if the server did not say.
  const data_type& sql_type() const;
  const udt_classes& classes() const;
  /// The text of an unparsed type.
  const std::string& text() const;

  /// Text as Spark's `simpleString`: `struct<timestamp:timestamp,value:bigint>`.
  std::string simple_string() const;
  /// Text as Spark's `sql`, which `cast` and DDL accept: `STRUCT<timestamp: TIMESTAMP, value: BIGINT>`.
  std::string sql() const;
  /// Text as Spark's `json`.
  std::string json() const;

  friend bool operator==(const data_type& left, const data_type& right);

  /// Private to the library: what a type is made of.
  struct node;
  explicit data_type(std::shared_ptr<const node> content) noexcept;
  const node& inspect() const noexcept { return *node_; }

 private:
  std::shared_ptr<const node> node_;
};

/// The types of Spark. A parameter out of its range throws `exception` with `errc::invalid_argument`.
namespace types {

data_type null_type();
data_type boolean_type();
data_type byte_type();
data_type short_type();
data_type integer_type();
data_type long_type();
data_type float_type();
data_type double_type();
/// `precision` digits (1 to 38), `scale` of them after the point.
data_type decimal_type(int precision = 10, int scale = 0);
data_type string_type();
/// A string with a collation such as `UNICODE_CI`. Spark 4.0.
data_type string_type(std::string_view collation);
data_type char_type(int length);
data_type varchar_type(int length);
data_type binary_type();
data_type date_type();
data_type timestamp_type();
data_type timestamp_ntz_type();
/// `precision` digits of a second: 7 to 9. Spark 4.3.
data_type timestamp_ltz_nanos_type(int precision = 9);
data_type timestamp_ntz_nanos_type(int precision = 9);
/// `precision` digits of a second: 0 to 6. Spark 4.1.
data_type time_type(int precision = 6);
data_type calendar_interval_type();
/// From `year` or `month` to `year` or `month`.
data_type year_month_interval_type(interval_field start = interval_field::year,
                                   interval_field end = interval_field::month);
/// From `day`, `hour`, `minute` or `second` to one of these.
data_type day_time_interval_type(interval_field start = interval_field::day,
                                 interval_field end = interval_field::second);
data_type array_type(const data_type& element, bool contains_null = true);
data_type map_type(const data_type& key, const data_type& value, bool value_contains_null = true);
data_type struct_type(const schema& fields);
/// Spark 4.0.
data_type variant_type();
/// A geometry with the spatial reference `srid`, or with one that differs from row to row. Spark 4.1.
data_type geometry_type(std::optional<int> srid);
data_type geography_type(std::optional<int> srid = 4326);
/// A user-defined type, stored as `sql_type`.
data_type udt_type(const data_type& sql_type, udt_classes classes = udt_classes());
/// A type given by a text that the server will parse: a type name, DDL or JSON.
data_type unparsed_type(std::string_view text);

}  // namespace types
}  // namespace cospark
