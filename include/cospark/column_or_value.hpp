// A parameter that is a column or a constant.
#pragma once

#include <cospark/value.hpp>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <ratio>
#include <string>
#include <string_view>
#include <type_traits>

namespace cospark {

class column;
namespace plan {
class expression;
struct access;
}  // namespace plan

namespace detail {

/// Integers that are numbers and have no type of their own in Spark.
template <class T>
concept foreign_integer =
    std::integral<T> && !value_alternative<T> && !std::same_as<T, char> && !std::same_as<T, wchar_t> &&
    !std::same_as<T, char8_t> && !std::same_as<T, char16_t> && !std::same_as<T, char32_t>;

/// Whole microseconds, rounded down; nothing if they do not fit.
template <class Rep, class Period>
std::optional<std::chrono::microseconds> to_microseconds(std::chrono::duration<Rep, Period> duration) {
  using factor = std::ratio_divide<Period, std::micro>;
  if constexpr (std::is_floating_point_v<Rep>) {
    const long double micros = static_cast<long double>(duration.count()) * factor::num / factor::den;
    constexpr long double limit = 9223372036854775808.0L;
    if (!(micros >= -limit && micros < limit)) return std::nullopt;
    const auto whole = static_cast<std::int64_t>(micros);
    return std::chrono::microseconds(static_cast<long double>(whole) > micros ? whole - 1 : whole);
  } else {
    std::int64_t scaled = 0;
    if (__builtin_mul_overflow(duration.count(), static_cast<std::int64_t>(factor::num), &scaled)) return std::nullopt;
    constexpr auto divisor = static_cast<std::int64_t>(factor::den);
    return std::chrono::microseconds(scaled / divisor - (scaled % divisor < 0 ? 1 : 0));
  }
}

}  // namespace detail

/// A parameter for which everything that is not a column is a constant: `col("n") > 5`, `when(…, "yes")`.
///
/// C++ type to Spark type: bool, signed integers, float and double to the type of the same width; unsigned integers to
/// the next wider one, of 64 bits to bigint where the value fits and to decimal(20,0) where not; texts to string;
/// `bytes` to binary; `sys_days` and `year_month_day` to date; other `sys_time` to timestamp and `local_time` to
/// timestamp_ntz, rounded down to microseconds; `months` and `years` to a year-month interval, other durations to a
/// day-time interval; `nullptr` and an empty `optional` to null; a `value` to what it holds.
/// What does not fit makes the plan fail with `errc::invalid_argument` when it is sent.
class column_or_value {
 public:
  column_or_value(const column& column);
  column_or_value(const value& constant);
  column_or_value(std::nullptr_t) : column_or_value(value()) {}
  column_or_value(const char* text);
  column_or_value(const std::string& text) : column_or_value(value(text)) {}
  column_or_value(std::string_view text) : column_or_value(value(text)) {}

  template <value_alternative T>
    requires(!std::same_as<T, std::string> && !std::same_as<T, timestamp_nanos> &&
             !std::same_as<T, timestamp_ntz_nanos>)
  column_or_value(const T& constant) : column_or_value(value(constant)) {}

  template <detail::foreign_integer T>
  column_or_value(T number) : column_or_value(number_value(number)) {}

  template <class Duration>
    requires(!value_alternative<std::chrono::sys_time<Duration>> || std::same_as<Duration, std::chrono::nanoseconds>)
  column_or_value(std::chrono::sys_time<Duration> time)
      : column_or_value(in_range(detail::to_microseconds(time.time_since_epoch()),
                                 [](auto micros) { return value(timestamp(micros)); })) {}

  template <class Duration>
    requires(!value_alternative<std::chrono::local_time<Duration>> || std::same_as<Duration, std::chrono::nanoseconds>)
  column_or_value(std::chrono::local_time<Duration> time)
      : column_or_value(in_range(detail::to_microseconds(time.time_since_epoch()),
                                 [](auto micros) { return value(timestamp_ntz(micros)); })) {}

  template <class Rep, class Period>
  column_or_value(std::chrono::duration<Rep, Period> duration)
      : column_or_value(in_range(detail::to_microseconds(duration), [](auto micros) {
          day_time_interval interval;
          interval.duration = micros;
          return value(interval);
        })) {}
  column_or_value(std::chrono::months months);
  column_or_value(std::chrono::years years);
  column_or_value(std::chrono::year_month_day day);

  template <class T>
    requires std::convertible_to<const T&, column_or_value>
  column_or_value(const std::optional<T>& constant)
      : column_or_value(constant ? column_or_value(*constant) : column_or_value(nullptr)) {}

 private:
  friend struct plan::access;

  template <class T>
  static value number_value(T number) {
    if constexpr (sizeof(T) < sizeof(std::int32_t)) {
      if constexpr (sizeof(T) == 1) return value(static_cast<std::int16_t>(number));
      return value(static_cast<std::int32_t>(number));
    } else {
      if constexpr (std::is_unsigned_v<T>) {
        if (number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
          return value(decimal::from_words(0, number, 0));
        }
      }
      return value(static_cast<std::int64_t>(number));
    }
  }

  template <class Make>
  static column_or_value in_range(std::optional<std::chrono::microseconds> micros, Make make) {
    return micros ? column_or_value(make(*micros)) : out_of_range();
  }
  static column_or_value out_of_range();

  std::shared_ptr<const plan::expression> expression_;
};

}  // namespace cospark
