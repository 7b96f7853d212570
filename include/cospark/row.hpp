// One row of a result, or one struct value.
#pragma once

#include <cospark/schema.hpp>
#include <cospark/value.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace cospark {

/// Values with names and types: a row of a result, or a struct. Immutable, cheap to copy, safe to use from several
/// threads. Corresponds to Spark's `Row`.
///
///     std::int64_t total = row.get<std::int64_t>("total");
class row {
 public:
  /// No values.
  row();
  /// Values without names.
  explicit row(std::vector<value> values);
  /// `row::of(1, "a", nullptr)`: values without names.
  template <class... T>
  static row of(T&&... content) {
    std::vector<value> values;
    values.reserve(sizeof...(T));
    (values.emplace_back(std::forward<T>(content)), ...);
    return row(std::move(values));
  }
  /// Values with names and types; as many as `schema` has fields, else throws `exception` with
  /// `errc::invalid_argument`.
  row(std::vector<value> values, cospark::schema schema);

  std::size_t size() const noexcept { return values_->size(); }
  bool empty() const noexcept { return values_->empty(); }
  const std::vector<value>& values() const noexcept { return *values_; }
  std::vector<value>::const_iterator begin() const noexcept { return values_->begin(); }
  std::vector<value>::const_iterator end() const noexcept { return values_->end(); }
  /// Names and types; empty for values without names.
  const cospark::schema& schema() const noexcept { return schema_; }

  /// The value at a position, or the first one of this name. One that is not there throws `exception` with
  /// `errc::invalid_argument`. The reference lives as long as any copy of this row.
  const value& operator[](std::size_t index) const;
  const value& operator[](std::string_view name) const;

  /// The content of a value, see `value::as`.
  template <value_alternative T>
  std::conditional_t<std::is_arithmetic_v<T>, T, const T&> get(std::size_t index) const {
    return (*this)[index].as<T>();
  }
  template <value_alternative T>
  std::conditional_t<std::is_arithmetic_v<T>, T, const T&> get(std::string_view name) const {
    return (*this)[name].as<T>();
  }

  /// Text as Spark's `cast(struct as string)`: `{1, x}`.
  std::string to_string() const;

  /// Rows are equal if their values are.
  friend bool operator==(const row& left, const row& right) { return left.values() == right.values(); }

 private:
  std::shared_ptr<const std::vector<value>> values_;
  cospark::schema schema_;
};

}  // namespace cospark
