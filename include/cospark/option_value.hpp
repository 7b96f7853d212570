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

/// The order of names of options, which ignores upper and lower case of ASCII letters, as Spark does.
struct option_name_less {
  bool operator()(std::string_view left, std::string_view right) const noexcept;
};

/// Options by name.
using option_map = std::map<std::string, std::string, option_name_less>;

}  // namespace cospark
