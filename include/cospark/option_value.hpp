// The value of an option of a reader, a writer or a function.
#pragma once

#include <concepts>
#include <map>
#include <string>
#include <string_view>
#include <type_traits>

namespace cospark {

/// The value of an option. Spark takes texts; true, false and numbers are written as Spark reads them.
class option_value {
 public:
  option_value(const char* text) : text_(text == nullptr ? "" : text) {}
  option_value(const std::string& text) : text_(text) {}
  option_value(std::string_view text) : text_(text) {}
  template <std::same_as<bool> T>
  option_value(T flag) : text_(flag ? "true" : "false") {}
  template <std::integral T>
    requires(!std::same_as<T, bool> && !std::same_as<T, char>)
  option_value(T number) : text_(std::to_string(number)) {}
  /// The shortest text that reads back as the same number.
  option_value(double number);

  const std::string& text() const noexcept { return text_; }

 private:
  std::string text_;
};

/// Options by name. Names differ by more than upper and lower case, which Spark does not tell apart.
using option_map = std::map<std::string, std::string>;

}  // namespace cospark
