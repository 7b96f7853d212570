#include "data/value_text.hpp"

#include "data/type_text.hpp"

#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <string_view>

namespace cospark::data {
namespace {

constexpr std::int64_t seconds_per_day = 86'400;
constexpr std::int64_t micros_per_second = 1'000'000;

void append_padded(std::uint64_t number, std::size_t width, std::string& out) {
  const std::string digits = std::to_string(number);
  if (digits.size() < width) out.append(width - digits.size(), '0');
  out += digits;
}

// Rounds towards the past, so that the rest is never negative.
std::int64_t floor_divide(std::int64_t number, std::int64_t by) noexcept {
  return number / by - (number % by < 0 ? 1 : 0);
}

// The fraction of a second without zeros at its end; nothing for zero.
void append_fraction(std::uint64_t units, std::uint64_t units_per_second, std::string& out) {
  if (units == 0) return;
  out += '.';
  for (std::uint64_t unit = units_per_second / 10; units != 0; unit /= 10) {
    out += static_cast<char>('0' + static_cast<int>(units / unit));
    units %= unit;
  }
}

// Java's way: plain between 1/1000 and ten millions, else with an exponent; always a digit after the point.
template <class Number>
void append_number(Number number, std::string& out) {
  if (std::isnan(number)) {
    out += "NaN";
    return;
  }
  if (std::signbit(number)) out += '-';
  number = std::abs(number);
  if (std::isinf(number)) {
    out += "Infinity";
    return;
  }
  if (number == 0) {
    out += "0.0";
    return;
  }
  char buffer[64];
  auto written = std::to_chars(buffer, buffer + sizeof buffer, number, std::chars_format::scientific);
  // Of the numbers of two digits Java takes the nearest, where one digit would do: 4.9E-324, not 5.0E-324.
  if (buffer[1] != '.')
    written = std::to_chars(buffer, buffer + sizeof buffer, number, std::chars_format::scientific, 1);
  const std::string_view text(buffer, static_cast<std::size_t>(written.ptr - buffer));
  const std::size_t e = text.find('e');
  std::string digits;
  for (char c : text.substr(0, e)) {
    if (c != '.') digits += c;
  }
  digits.erase(digits.find_last_not_of('0') + 1);
  int exponent = 0;
  const char* exponent_text = text.data() + e + (text[e + 1] == '+' ? 2 : 1);
  std::from_chars(exponent_text, text.data() + text.size(), exponent);

  std::size_t whole = 1;
  if (exponent >= 0 && exponent < 7) {
    whole = static_cast<std::size_t>(exponent) + 1;
  } else if (exponent < 0 && exponent >= -3) {
    digits.insert(0, static_cast<std::size_t>(-exponent), '0');
  }
  if (digits.size() < whole + 1) digits.append(whole + 1 - digits.size(), '0');
  out.append(digits, 0, whole);
  out += '.';
  out.append(digits, whole, std::string::npos);
  if (exponent >= 7 || exponent < -3) {
    out += 'E';
    out += std::to_string(exponent);
  }
}

// Seconds and their fraction, two digits at least before the point.
void append_seconds(std::uint64_t micros, std::string& out) {
  append_padded(micros / micros_per_second, 2, out);
  append_fraction(micros % micros_per_second, micros_per_second, out);
}

}  // namespace

void append_text(float number, std::string& out) {
  append_number(number, out);
}
void append_text(double number, std::string& out) {
  append_number(number, out);
}

void append_text(const bytes& content, std::string& out) {
  constexpr char digits[] = "0123456789ABCDEF";
  out += '[';
  bool first = true;
  for (const std::byte one : content) {
    if (!first) out += ' ';
    first = false;
    out += digits[std::to_integer<unsigned>(one) >> 4];
    out += digits[std::to_integer<unsigned>(one) & 15];
  }
  out += ']';
}

void append_date(std::int64_t days_since_epoch, std::string& out) {
  // Counted in eras of 400 years that begin on the first of March, so that the leap day comes last.
  const std::int64_t days = days_since_epoch + 719'468;
  const std::int64_t era = floor_divide(days, 146'097);
  const std::int64_t day_of_era = days - era * 146'097;
  const std::int64_t year_of_era = (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t shifted_month = (5 * day_of_year + 2) / 153;
  const std::int64_t day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
  const std::int64_t month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  const std::int64_t year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);
  if (year < 0) out += '-';
  if (year > 9999) out += '+';
  append_padded(static_cast<std::uint64_t>(year < 0 ? -year : year), 4, out);
  out += '-';
  append_padded(static_cast<std::uint64_t>(month), 2, out);
  out += '-';
  append_padded(static_cast<std::uint64_t>(day), 2, out);
}

void append_date_time(std::int64_t units, std::int64_t units_per_second, std::string& out) {
  const std::int64_t units_per_day = seconds_per_day * units_per_second;
  const std::int64_t days = floor_divide(units, units_per_day);
  append_date(days, out);
  out += ' ';
  append_time_of_day(units % units_per_day + (units % units_per_day < 0 ? units_per_day : 0), units_per_second, out);
}

void append_time_of_day(std::int64_t units, std::int64_t units_per_second, std::string& out) {
  if (units < 0) {
    out += '-';
  }
  const std::uint64_t size =
      units < 0 ? std::uint64_t{0} - static_cast<std::uint64_t>(units) : static_cast<std::uint64_t>(units);
  const auto per_second = static_cast<std::uint64_t>(units_per_second);
  const std::uint64_t seconds = size / per_second;
  append_padded(seconds / 3600, 2, out);
  out += ':';
  append_padded(seconds / 60 % 60, 2, out);
  out += ':';
  append_padded(seconds % 60, 2, out);
  append_fraction(size % per_second, per_second, out);
}

void append_text(const calendar_interval& interval, std::string& out) {
  const std::size_t before = out.size();
  const auto part = [&](std::int64_t number, const char* unit) {
    if (number == 0) return;
    if (out.size() != before) out += ' ';
    out += std::to_string(number) + ' ' + unit;
  };
  part(interval.months / 12, "years");
  part(interval.months % 12, "months");
  part(interval.days, "days");
  const std::int64_t micros = interval.microseconds.count();
  part(micros / (3600 * micros_per_second), "hours");
  part(micros / (60 * micros_per_second) % 60, "minutes");
  if (const std::int64_t rest = micros % (60 * micros_per_second); rest != 0) {
    if (out.size() != before) out += ' ';
    if (rest < 0) out += '-';
    const auto size = static_cast<std::uint64_t>(rest < 0 ? -rest : rest);
    out += std::to_string(size / micros_per_second);
    append_fraction(size % micros_per_second, micros_per_second, out);
    out += " seconds";
  }
  if (out.size() == before) out += "0 seconds";
}

namespace {

void append_range(interval_field start, interval_field end, std::string& out) {
  const auto upper = [&](interval_field field) {
    for (char c : field_name(field)) out += static_cast<char>(c - 'a' + 'A');
  };
  out += "' ";
  upper(start);
  if (start == end) return;
  out += " TO ";
  upper(end);
}

}  // namespace

void append_text(const year_month_interval& interval, std::string& out) {
  out += "INTERVAL '";
  if (interval.months < 0) out += '-';
  const auto months = static_cast<std::uint64_t>(std::abs(std::int64_t{interval.months}));
  if (interval.start == interval_field::month) {
    out += std::to_string(months);
  } else {
    out += std::to_string(months / 12);
    if (interval.end == interval_field::month) {
      out += '-';
      out += std::to_string(months % 12);
    }
  }
  append_range(interval.start, interval.end, out);
}

void append_text(const day_time_interval& interval, std::string& out) {
  constexpr std::uint64_t units[] = {86'400 * std::uint64_t{micros_per_second},
                                     3'600 * std::uint64_t{micros_per_second}, 60 * std::uint64_t{micros_per_second}};
  out += "INTERVAL '";
  const std::int64_t signed_rest = interval.duration.count();
  if (signed_rest < 0) out += '-';
  auto rest = static_cast<std::uint64_t>(signed_rest);
  if (signed_rest < 0) rest = std::uint64_t{0} - rest;
  for (interval_field field = interval.start; field <= interval.end;
       field = static_cast<interval_field>(static_cast<int>(field) + 1)) {
    if (field != interval.start) out += field == interval_field::hour ? ' ' : ':';
    if (field == interval_field::second) {
      append_seconds(rest, out);
    } else {
      const std::uint64_t unit = units[static_cast<int>(field) - static_cast<int>(interval_field::day)];
      append_padded(rest / unit, field == interval_field::day ? 1 : 2, out);
      rest %= unit;
    }
  }
  append_range(interval.start, interval.end, out);
}

}  // namespace cospark::data
