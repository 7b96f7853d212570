// A column: an expression over the columns of a data frame.
#pragma once

#include <cospark/column_list.hpp>
#include <cospark/column_or_name.hpp>
#include <cospark/column_or_value.hpp>

#include <concepts>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace cospark {

class data_type;
class window_spec;

/// An expression over the columns of a data frame, such as `f::col("price") * 2`. Made by the functions of
/// `cospark::functions` and by `data_frame::col`. Nothing is evaluated, and nothing is checked against a schema, before
/// a plan with this column is sent; what cannot be sent (an empty name, text that is not UTF-8) makes that fail with
/// `errc::invalid_argument`.
///
/// A cheap immutable value, safe to use from several threads. Corresponds to Spark's `Column`.
class column {
 public:
  // Moving copies, so that no column is ever empty.
  column(const column&) noexcept = default;
  column& operator=(const column&) noexcept = default;
  /// The column that was passed as a parameter.
  explicit column(const column_or_name& parameter);
  explicit column(const column_or_value& parameter);

  /// The same column under another name. Several names for a column that gives several, such as an exploded map.
  column alias(const detail::text_like auto&... names) const { return alias(detail::name_list(names...)); }
  column alias(const std::vector<std::string>& names) const;

  /// The value as another type, given as DDL text such as "decimal(10,2)" or as a type. A value that cannot be
  /// converted is an error of the query in ANSI mode (the default since Spark 4.0), else null.
  column cast(std::string_view type) const;
  column cast(const data_type& type) const;
  /// The same, but a value that cannot be converted is null. Spark 4.0.
  column try_cast(std::string_view type) const;
  column try_cast(const data_type& type) const;

  column is_null() const;
  column is_not_null() const;
  column is_nan() const;
  /// Equality for which two nulls are equal, and null is not equal to anything else: SQL's `<=>`.
  column eq_null_safe(const column_or_value& other) const;
  /// Whether lower <= value <= upper.
  column between(const column_or_value& lower, const column_or_value& upper) const;
  /// Whether the value is one of these; at least one is needed.
  template <class... V>
    requires(sizeof...(V) > 0 && (std::convertible_to<const V&, column_or_value> && ...))
  column isin(const V&... values) const {
    return isin_list(std::vector<column>{column(column_or_value(values))...});
  }
  template <class T>
    requires std::convertible_to<const T&, column_or_value>
  column isin(const std::vector<T>& values) const {
    std::vector<column> columns;
    for (const T& value : values) columns.push_back(column(column_or_value(value)));
    return isin_list(columns);
  }

  /// SQL's LIKE: `%` stands for any text, `_` for one character, `\` quotes them.
  column like(const column_or_value& pattern) const;
  /// LIKE that ignores upper and lower case.
  column ilike(const column_or_value& pattern) const;
  /// Whether a Java regular expression matches a part of the text.
  column rlike(const column_or_value& pattern) const;
  column contains(const column_or_value& part) const;
  column starts_with(const column_or_value& prefix) const;
  column ends_with(const column_or_value& suffix) const;
  /// The characters from position `start` (the first is 1) on, `length` of them.
  column substr(const column_or_value& start, const column_or_value& length) const;

  /// The field of a struct.
  column get_field(std::string_view name) const;
  /// The element of an array at a position (from 0), or the value of a map for a key.
  column get_item(const column_or_value& key) const;
  /// The struct with a field added or replaced. `name` may lead into nested structs: `a.b`.
  column with_field(std::string_view name, const column_or_value& value) const;
  /// The struct without these fields.
  column drop_fields(const detail::text_like auto&... names) const { return drop_fields(detail::name_list(names...)); }
  column drop_fields(const std::vector<std::string>& names) const;

  column bitwise_and(const column_or_value& other) const;
  column bitwise_or(const column_or_value& other) const;
  column bitwise_xor(const column_or_value& other) const;

  /// Sort orders, for `order_by` and windows. Unless said otherwise nulls are first ascending, last descending.
  column asc() const;
  column asc_nulls_first() const;
  column asc_nulls_last() const;
  column desc() const;
  column desc_nulls_first() const;
  column desc_nulls_last() const;

  /// One more branch of a `functions::when`, and its last one. On any other column, or after `otherwise`, the plan
  /// fails with `errc::invalid_argument`.
  column when(const column& condition, const column_or_value& value) const;
  column otherwise(const column_or_value& value) const;

  /// The aggregate or window function over a window.
  column over(const window_spec& window) const;

 private:
  friend struct plan::access;
  explicit column(std::shared_ptr<const plan::expression> expression) noexcept;
  column isin_list(const std::vector<column>& values) const;

  std::shared_ptr<const plan::expression> expression_;
};

namespace detail {

template <class Left, class Right>
concept operands = (std::same_as<Left, column> && std::convertible_to<const Right&, column_or_value>) ||
                   (std::same_as<Right, column> && std::convertible_to<const Left&, column_or_value>);

column unary(std::string_view function, const column& operand);
column binary(std::string_view function, const column_or_value& left, const column_or_value& right);

}  // namespace detail

// Operators: one side is a column, the other a column or a constant. Note that `==` gives a column, that `&&` and `||`
// evaluate both sides (they only build an expression), and that `&&` binds tighter than `||`, as always in C++.

template <class L, class R>
  requires detail::operands<L, R>
column operator+(const L& left, const R& right) {
  return detail::binary("+", left, right);
}
template <class L, class R>
  requires detail::operands<L, R>
column operator-(const L& left, const R& right) {
  return detail::binary("-", left, right);
}
template <class L, class R>
  requires detail::operands<L, R>
column operator*(const L& left, const R& right) {
  return detail::binary("*", left, right);
}
/// Spark's division: of integers it gives a double.
template <class L, class R>
  requires detail::operands<L, R>
column operator/(const L& left, const R& right) {
  return detail::binary("/", left, right);
}
template <class L, class R>
  requires detail::operands<L, R>
column operator%(const L& left, const R& right) {
  return detail::binary("%", left, right);
}
template <class L, class R>
  requires detail::operands<L, R>
column operator==(const L& left, const R& right) {
  return detail::binary("==", left, right);
}
template <class L, class R>
  requires detail::operands<L, R>
column operator!=(const L& left, const R& right) {
  return detail::unary("not", detail::binary("==", left, right));
}
template <class L, class R>
  requires detail::operands<L, R>
column operator<(const L& left, const R& right) {
  return detail::binary("<", left, right);
}
template <class L, class R>
  requires detail::operands<L, R>
column operator<=(const L& left, const R& right) {
  return detail::binary("<=", left, right);
}
template <class L, class R>
  requires detail::operands<L, R>
column operator>(const L& left, const R& right) {
  return detail::binary(">", left, right);
}
template <class L, class R>
  requires detail::operands<L, R>
column operator>=(const L& left, const R& right) {
  return detail::binary(">=", left, right);
}
template <class L, class R>
  requires detail::operands<L, R>
column operator&&(const L& left, const R& right) {
  return detail::binary("and", left, right);
}
template <class L, class R>
  requires detail::operands<L, R>
column operator||(const L& left, const R& right) {
  return detail::binary("or", left, right);
}
inline column operator!(const column& operand) {
  return detail::unary("not", operand);
}
inline column operator-(const column& operand) {
  return detail::unary("negative", operand);
}

}  // namespace cospark
