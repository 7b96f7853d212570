// A Spark value of any type.
#pragma once

#include <cospark/data_type.hpp>
#include <cospark/decimal.hpp>
#include <cospark/result.hpp>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace cospark {

class row;
class value;

/// Bytes of a binary value.
using bytes = std::vector<std::byte>;
using date = std::chrono::sys_days;
/// A point in time, in UTC.
using timestamp = std::chrono::sys_time<std::chrono::microseconds>;
/// A reading of calendar and clock, of no particular time zone.
using timestamp_ntz = std::chrono::local_time<std::chrono::microseconds>;
using timestamp_nanos = std::chrono::sys_time<std::chrono::nanoseconds>;
using timestamp_ntz_nanos = std::chrono::local_time<std::chrono::nanoseconds>;
using array_value = std::vector<value>;
/// Entries of a map, in Spark's order.
using map_value = std::vector<std::pair<value, value>>;

/// A time of day.
struct time_of_day {
  std::chrono::nanoseconds since_midnight{0};
  friend bool operator==(const time_of_day&, const time_of_day&) = default;
};

/// An interval of three independent parts, as calendars need it.
struct calendar_interval {
  std::int32_t months = 0;
  std::int32_t days = 0;
  std::chrono::microseconds microseconds{0};
  friend bool operator==(const calendar_interval&, const calendar_interval&) = default;
};

/// A number of months. The fields say how it is printed.
struct year_month_interval {
  std::int32_t months = 0;
  interval_field start = interval_field::year;
  interval_field end = interval_field::month;
  friend bool operator==(const year_month_interval&, const year_month_interval&) = default;
};

/// A number of microseconds. The fields say how it is printed.
struct day_time_interval {
  std::chrono::microseconds duration{0};
  interval_field start = interval_field::day;
  interval_field end = interval_field::second;
  friend bool operator==(const day_time_interval&, const day_time_interval&) = default;
};

/// A semi-structured value in Spark's variant encoding.
struct variant_value {
  bytes value;
  bytes metadata;
  /// The value as JSON text; bytes that are no variant are `errc::protocol_error`.
  result<std::string> to_json() const;
  friend bool operator==(const variant_value&, const variant_value&) = default;
};

/// A geometry: its spatial reference and its well-known binary form.
struct geometry {
  std::int32_t srid = 0;
  bytes wkb;
  friend bool operator==(const geometry&, const geometry&) = default;
};

/// A geography: its spatial reference and its well-known binary form.
struct geography {
  std::int32_t srid = 4326;
  bytes wkb;
  friend bool operator==(const geography&, const geography&) = default;
};

/// The types that a `value` can hold besides null.
template <class T>
concept value_alternative =
    std::same_as<T, bool> || std::same_as<T, std::int8_t> || std::same_as<T, std::int16_t> ||
    std::same_as<T, std::int32_t> || std::same_as<T, std::int64_t> || std::same_as<T, float> ||
    std::same_as<T, double> || std::same_as<T, decimal> || std::same_as<T, std::string> || std::same_as<T, bytes> ||
    std::same_as<T, date> || std::same_as<T, timestamp> || std::same_as<T, timestamp_ntz> ||
    std::same_as<T, timestamp_nanos> || std::same_as<T, timestamp_ntz_nanos> || std::same_as<T, time_of_day> ||
    std::same_as<T, calendar_interval> || std::same_as<T, year_month_interval> || std::same_as<T, day_time_interval> ||
    std::same_as<T, array_value> || std::same_as<T, map_value> || std::same_as<T, row> ||
    std::same_as<T, variant_value> || std::same_as<T, geometry> || std::same_as<T, geography>;

/// A Spark value: null, or of one of the types of `value_alternative`. Immutable, cheap to copy (texts and nested
/// values are shared), safe to use from several threads.
class value {
 public:
  /// Null.
  value() noexcept = default;
  value(std::nullptr_t) noexcept {}
  template <value_alternative T>
  value(T content) : storage_(wrap(std::move(content))) {}
  value(const char* text) : value(std::string(text)) {}
  value(std::string_view text) : value(std::string(text)) {}
  /// `long long`, where it is not `std::int64_t`.
  template <std::same_as<long long> T>
    requires(!value_alternative<T>)
  value(T content) : value(static_cast<std::int64_t>(content)) {}

  bool is_null() const noexcept { return storage_.index() == 0; }
  /// The kind of Spark type that this is a value of; `null_type` for null.
  type_kind kind() const noexcept;
  /// Whether this holds exactly a T.
  template <value_alternative T>
  bool is() const noexcept {
    return std::holds_alternative<stored<T>>(storage_);
  }

  /// The content. Integers widen and float widens to double; everything else, null included, throws `exception`
  /// with `errc::invalid_argument` unless it is a T. The reference lives as long as this value.
  template <value_alternative T>
  std::conditional_t<std::is_arithmetic_v<T>, T, const T&> as() const&;
  template <value_alternative T>
  T as() && {
    return static_cast<const value&>(*this).as<T>();
  }
  /// The same, but a mismatch is an error instead of an exception.
  template <value_alternative T>
  result<T> try_as() const;

  /// Text as Spark's `cast(… as string)`: null is `null`, an array `[1, 2]`, a map `{a -> 1}`, a struct `{1, x}`.
  /// Timestamps are printed in UTC, since a value does not know the session's time zone. Bytes, which the cast would
  /// take for characters, are printed as `show()` does: `[00 FF]`.
  std::string to_string() const;

  friend bool operator==(const value& left, const value& right);

 private:
  template <class T>
  struct storage_type {
    using type = T;
  };
  template <class T>
    requires(std::same_as<T, row> || !std::is_trivially_copyable_v<T>)
  struct storage_type<T> {
    using type = std::shared_ptr<const T>;
  };
  template <class T>
  using stored = typename storage_type<T>::type;

  template <class T>
  static stored<T> wrap(T content) {
    if constexpr (std::same_as<stored<T>, T>) {
      return content;
    } else {
      return std::make_shared<const T>(std::move(content));
    }
  }

  std::variant<std::monostate, bool, std::int8_t, std::int16_t, std::int32_t, std::int64_t, float, double, decimal,
               date, timestamp, timestamp_ntz, timestamp_nanos, timestamp_ntz_nanos, time_of_day, calendar_interval,
               year_month_interval, day_time_interval, std::shared_ptr<const std::string>, std::shared_ptr<const bytes>,
               std::shared_ptr<const array_value>, std::shared_ptr<const map_value>, std::shared_ptr<const row>,
               std::shared_ptr<const variant_value>, std::shared_ptr<const geometry>, std::shared_ptr<const geography>>
      storage_;
};

}  // namespace cospark
