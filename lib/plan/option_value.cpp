#include <cospark/option_value.hpp>

#include <algorithm>
#include <array>
#include <charconv>

namespace cospark {

option_value::option_value(double number) {
  std::array<char, 32> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number).ptr;
  text_.assign(buffer.data(), end);
}

bool option_name_less::operator()(std::string_view left, std::string_view right) const noexcept {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::lexicographical_compare(left.begin(), left.end(), right.begin(), right.end(),
                                      [lower](char a, char b) { return lower(a) < lower(b); });
}

}  // namespace cospark
