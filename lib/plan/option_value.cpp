#include <cospark/option_value.hpp>

#include <array>
#include <charconv>

namespace cospark {

option_value::option_value(double number) {
  std::array<char, 32> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number).ptr;
  text_.assign(buffer.data(), end);
}

}  // namespace cospark
