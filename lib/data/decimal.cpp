#include <cospark/decimal.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace cospark {
namespace {

__extension__ typedef unsigned __int128 unsigned_wide;

constexpr int max_digits = 38;

unsigned_wide magnitude(const decimal& number) noexcept {
  const unsigned_wide bits =
      (static_cast<unsigned_wide>(static_cast<std::uint64_t>(number.high())) << 64) | number.low();
  return number.high() < 0 ? ~bits + 1 : bits;
}

decimal make(unsigned_wide size, bool negative, int scale) noexcept {
  const unsigned_wide bits = negative ? ~size + 1 : size;
  return decimal::from_words(static_cast<std::int64_t>(static_cast<std::uint64_t>(bits >> 64)),
                             static_cast<std::uint64_t>(bits), scale);
}

std::string digits_of(unsigned_wide size) {
  std::string digits;
  do {
    digits += static_cast<char>('0' + static_cast<int>(size % 10));
    size /= 10;
  } while (size != 0);
  std::reverse(digits.begin(), digits.end());
  return digits;
}

}  // namespace

result<decimal> decimal::from_string(std::string_view text) {
  const auto refuse = [text] {
    return failure(errc::invalid_argument, "no decimal of at most 38 digits: " + std::string(text.substr(0, 60)));
  };
  const bool negative = !text.empty() && text.front() == '-';
  std::string_view rest = text;
  if (!rest.empty() && (rest.front() == '-' || rest.front() == '+')) rest.remove_prefix(1);
  unsigned_wide size = 0;
  int digits = 0;
  int scale = 0;
  bool any = false;
  bool point = false;
  for (char c : rest) {
    if (c == '.') {
      if (point) return refuse();
      point = true;
      continue;
    }
    if (c < '0' || c > '9') return refuse();
    any = true;
    if (size != 0 || c != '0') ++digits;
    if (point) ++scale;
    if (digits > max_digits || scale > max_digits) return refuse();
    size = size * 10 + static_cast<unsigned>(c - '0');
  }
  if (!any) return refuse();
  return make(size, negative, scale);
}

std::string decimal::to_string() const {
  std::string digits = digits_of(magnitude(*this));
  if (scale_ > 0) {
    const auto places = static_cast<std::size_t>(scale_);
    if (digits.size() <= places) digits.insert(0, places + 1 - digits.size(), '0');
    digits.insert(digits.size() - places, 1, '.');
  }
  return high_ < 0 ? "-" + digits : digits;
}

double decimal::to_double() const {
  const std::string text = to_string();
  double number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

result<decimal> decimal::rescale(int precision, int scale) const {
  const auto refuse = [&] {
    return failure(errc::invalid_argument, to_string() + " does not fit decimal(" + std::to_string(precision) + "," +
                                               std::to_string(scale) + ")");
  };
  unsigned_wide size = magnitude(*this);
  unsigned_wide limit = 1;
  for (int i = 0; i < std::clamp(precision, 0, max_digits); ++i) limit *= 10;
  for (int at = scale_; at > scale; --at) {
    if (size % 10 != 0) return refuse();
    size /= 10;
  }
  for (int at = scale_; at < scale && size != 0; ++at) {
    if (size >= limit) return refuse();
    size *= 10;
  }
  if (size >= limit) return refuse();
  return make(size, high_ < 0, scale);
}

}  // namespace cospark
