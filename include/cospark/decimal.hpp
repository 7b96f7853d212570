// Decimal numbers of up to 38 digits.
#pragma once

#include <cospark/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace cospark {

/// A decimal number: a 128-bit whole number, divided by ten to the power of `scale()`.
/// Two decimals are equal if number and scale are: 1.0 is not 1.00. Corresponds to Spark's `Decimal`.
class decimal {
 public:
  /// Zero.
  constexpr decimal() noexcept = default;
  /// `unscaled` divided by ten to the power of `scale` (0 to 38): `decimal(150, 2)` is 1.50.
  constexpr decimal(std::int64_t unscaled, int scale) noexcept
      : high_(unscaled < 0 ? -1 : 0), low_(static_cast<std::uint64_t>(unscaled)), scale_(scale) {}
  /// From the two halves of a two's complement number of 128 bits.
  static constexpr decimal from_words(std::int64_t high, std::uint64_t low, int scale) noexcept {
    decimal number;
    number.high_ = high;
    number.low_ = low;
    number.scale_ = scale;
    return number;
  }
  /// Reads a text such as `-12.50`; its scale is the number of digits after the point. Anything else, or more than
  /// 38 digits, is `errc::invalid_argument`.
  static result<decimal> from_string(std::string_view text);

  constexpr std::int64_t high() const noexcept { return high_; }
  constexpr std::uint64_t low() const noexcept { return low_; }
  constexpr int scale() const noexcept { return scale_; }

  /// All digits, without exponent: `-12.50`.
  std::string to_string() const;
  /// The nearest double.
  double to_double() const;
  /// The same number with `scale` digits after the point and at most `precision` digits in all; a number that
  /// cannot be written so without rounding is `errc::invalid_argument`.
  result<decimal> rescale(int precision, int scale) const;

  friend constexpr bool operator==(const decimal&, const decimal&) noexcept = default;

 private:
  std::int64_t high_ = 0;
  std::uint64_t low_ = 0;
  std::int32_t scale_ = 0;
};

}  // namespace cospark
