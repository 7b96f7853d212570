// One column of a record batch, read in place.
#pragma once

#include <cospark/data_type.hpp>
#include <cospark/value.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

namespace cospark {

namespace data {
struct column_data;
}

/// The types that columns of fixed width are stored in, see `column_view::values`.
template <class T>
concept column_element =
    std::same_as<T, std::int8_t> || std::same_as<T, std::int16_t> || std::same_as<T, std::int32_t> ||
    std::same_as<T, std::int64_t> || std::same_as<T, float> || std::same_as<T, double>;

/// One column of a `record_batch`, or a nested part of one: a view that copies nothing and keeps the batch's bytes
/// alive. Cheap to copy, safe to use from several threads. Asking for what the column's type does not have, or for
/// a position outside of it, throws `exception` with `errc::invalid_argument`.
class column_view {
 public:
  const data_type& type() const noexcept;
  /// Number of values.
  std::size_t size() const noexcept;
  std::size_t null_count() const noexcept;
  bool is_null(std::size_t index) const;

  /// All values of a column of fixed width, as stored; at the place of a null stands anything.
  ///
  /// tinyint `std::int8_t`, smallint `std::int16_t`, int `std::int32_t`, bigint `std::int64_t`, float `float`,
  /// double `double`; date `std::int32_t` (days since 1970), timestamp with and without time zone `std::int64_t`
  /// (microseconds since 1970; nanoseconds for the nanosecond types), time `std::int64_t` (nanoseconds), year-month
  /// interval `std::int32_t` (months), day-time interval `std::int64_t` (microseconds).
  template <column_element T>
  std::span<const T> values() const;
  /// One value of a boolean column; false at the place of a null.
  bool boolean_at(std::size_t index) const;
  /// One value of a string column; empty at the place of a null. Lives as long as any copy of this view.
  std::string_view string_at(std::size_t index) const;
  /// One value of a binary column; empty at the place of a null. Lives as long as any copy of this view.
  std::span<const std::byte> binary_at(std::size_t index) const;

  /// Nested columns: of an array its elements (one), of a map its keys and its values (two), of a struct its
  /// fields, of a variant its value and metadata, of a geometry or geography its srid and its wkb.
  std::size_t child_count() const noexcept;
  column_view child(std::size_t index) const;
  /// Where an array or map lies in its nested columns: first position, and the one after the last.
  std::pair<std::size_t, std::size_t> range_at(std::size_t index) const;

  /// One value of any column.
  value operator[](std::size_t index) const;

  /// Private to the library.
  explicit column_view(std::shared_ptr<const data::column_data> data) noexcept;

 private:
  std::shared_ptr<const data::column_data> data_;
};

}  // namespace cospark
