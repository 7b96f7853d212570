// A parameter that is any number of columns.
#pragma once

#include <cospark/column_or_name.hpp>

#include <concepts>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace cospark {

namespace plan {
class expression;
struct access;
}  // namespace plan

/// A list of columns, each given as itself or by name: the arguments of `select("id", f::col("n") + 1)`, or a vector
/// that was made at run time.
class column_list {
 public:
  /// No columns.
  column_list() = default;
  column_list(const std::vector<column>& columns);
  column_list(const std::vector<std::string>& names);
  column_list(const std::vector<column_or_name>& columns);

 private:
  friend struct plan::access;
  std::vector<std::shared_ptr<const plan::expression>> expressions_;
};

namespace detail {

template <class C>
concept column_like = std::convertible_to<const C&, column_or_name>;

/// Columns one by one, or one vector of them.
template <class... C>
concept column_arguments = sizeof...(C) > 0 &&
                           ((column_like<C> && ...) ||
                            (sizeof...(C) == 1 && (std::convertible_to<const C&, column_list> && ...)));

template <class... C>
column_list list(const C&... columns) {
  if constexpr ((column_like<C> && ...)) {
    return column_list(std::vector<column_or_name>{column_or_name(columns)...});
  } else {
    return column_list(columns...);
  }
}

template <class N>
concept text_like = std::convertible_to<const N&, std::string_view>;

/// Names as a vector, which a caller could not write in braces inside a `co_await` expression.
std::vector<std::string> name_list(const text_like auto&... names) {
  return std::vector<std::string>{std::string(std::string_view(names))...};
}

}  // namespace detail
}  // namespace cospark
