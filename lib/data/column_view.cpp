#include <cospark/column_view.hpp>

#include "data/check.hpp"
#include "data/column_data.hpp"

#include <cospark/row.hpp>

#include <cstring>
#include <string>
#include <utility>

namespace cospark {
namespace {

using data::column_data;
using data::layout;

std::span<const std::byte> bytes_at(const column_data& column, std::int64_t index) noexcept {
  const std::int64_t begin = column.offset(index);
  return {column.values + begin, static_cast<std::size_t>(column.offset(index + 1) - begin)};
}

bytes owned_bytes_at(const column_data& column, std::int64_t index) {
  const auto content = bytes_at(column, index);
  return bytes(content.begin(), content.end());
}

std::string_view text_at(const column_data& column, std::int64_t index) noexcept {
  const auto content = bytes_at(column, index);
  return {reinterpret_cast<const char*>(content.data()), content.size()};
}

bool bit_at(const column_data& column, std::int64_t index) noexcept {
  return (std::to_integer<unsigned>(column.values[index / 8]) >> (index % 8) & 1) != 0;
}

// Numbers of 16 bytes are only known to lie at a multiple of 8.
template <class T>
T part_at(const column_data& column, std::int64_t index, std::size_t offset) noexcept {
  T number;
  std::memcpy(&number, column.values + index * column.width + static_cast<std::int64_t>(offset), sizeof number);
  return number;
}

value value_at(const column_data& column, const data_type& type, std::int64_t index);

value value_at(const column_data& column, std::int64_t index) {
  return value_at(column, column.type, index);
}

value array_at(const column_data& column, std::int64_t index) {
  array_value elements;
  elements.reserve(static_cast<std::size_t>(column.offset(index + 1) - column.offset(index)));
  for (std::int64_t i = column.offset(index); i < column.offset(index + 1); ++i) {
    elements.push_back(value_at(column.children[0], i));
  }
  return elements;
}

value map_at(const column_data& column, std::int64_t index) {
  const column_data& entries = column.children[0];
  map_value content;
  content.reserve(static_cast<std::size_t>(column.offset(index + 1) - column.offset(index)));
  for (std::int64_t i = column.offset(index); i < column.offset(index + 1); ++i) {
    content.emplace_back(value_at(entries.children[0], i), value_at(entries.children[1], i));
  }
  return content;
}

value struct_at(const column_data& column, const data_type& type, std::int64_t index) {
  std::vector<value> fields;
  fields.reserve(column.children.size());
  for (const column_data& child : column.children) fields.push_back(value_at(child, index));
  return row(std::move(fields), type.fields());
}

template <class Shape>
value shape_at(const column_data& column, std::int64_t index) {
  Shape shape;
  shape.srid = column.children[0].fixed<std::int32_t>(index);
  shape.wkb = owned_bytes_at(column.children[1], index);
  return shape;
}

value value_at(const column_data& column, const data_type& type, std::int64_t index) {
  if (column.is_null(index)) return value();
  switch (type.kind()) {
    case type_kind::null_type:
    case type_kind::unparsed_type:
      return value();
    case type_kind::boolean_type:
      return bit_at(column, index);
    case type_kind::byte_type:
      return column.fixed<std::int8_t>(index);
    case type_kind::short_type:
      return column.fixed<std::int16_t>(index);
    case type_kind::integer_type:
      return column.fixed<std::int32_t>(index);
    case type_kind::long_type:
      return column.fixed<std::int64_t>(index);
    case type_kind::float_type:
      return column.fixed<float>(index);
    case type_kind::double_type:
      return column.fixed<double>(index);
    case type_kind::decimal_type:
      return decimal::from_words(part_at<std::int64_t>(column, index, 8), part_at<std::uint64_t>(column, index, 0),
                                 type.scale());
    case type_kind::string_type:
    case type_kind::char_type:
    case type_kind::varchar_type:
      return text_at(column, index);
    case type_kind::binary_type:
      return owned_bytes_at(column, index);
    case type_kind::date_type:
      return date(std::chrono::days(column.fixed<std::int32_t>(index)));
    case type_kind::timestamp_type:
      return timestamp(std::chrono::microseconds(column.fixed<std::int64_t>(index)));
    case type_kind::timestamp_ntz_type:
      return timestamp_ntz(std::chrono::microseconds(column.fixed<std::int64_t>(index)));
    case type_kind::timestamp_ltz_nanos_type:
      return timestamp_nanos(std::chrono::nanoseconds(column.fixed<std::int64_t>(index)));
    case type_kind::timestamp_ntz_nanos_type:
      return timestamp_ntz_nanos(std::chrono::nanoseconds(column.fixed<std::int64_t>(index)));
    case type_kind::time_type:
      return time_of_day{std::chrono::nanoseconds(column.fixed<std::int64_t>(index))};
    case type_kind::calendar_interval_type:
      return calendar_interval{part_at<std::int32_t>(column, index, 0), part_at<std::int32_t>(column, index, 4),
                               std::chrono::microseconds(part_at<std::int64_t>(column, index, 8) / 1000)};
    case type_kind::year_month_interval_type:
      return year_month_interval{column.fixed<std::int32_t>(index), type.start_field(), type.end_field()};
    case type_kind::day_time_interval_type:
      return day_time_interval{std::chrono::microseconds(column.fixed<std::int64_t>(index)), type.start_field(),
                               type.end_field()};
    case type_kind::array_type:
      return array_at(column, index);
    case type_kind::map_type:
      return map_at(column, index);
    case type_kind::struct_type:
      return struct_at(column, type, index);
    case type_kind::variant_type:
      return variant_value{owned_bytes_at(column.children[0], index), owned_bytes_at(column.children[1], index)};
    case type_kind::geometry_type:
      return shape_at<geometry>(column, index);
    case type_kind::geography_type:
      return shape_at<geography>(column, index);
    case type_kind::udt_type:
      return value_at(column, type.sql_type(), index);
  }
  return value();
}

std::int64_t checked(const column_data& column, std::size_t index) {
  if (index >= static_cast<std::size_t>(column.size)) {
    data::fail("no position " + std::to_string(index) + " in a column of " + std::to_string(column.size));
  }
  return static_cast<std::int64_t>(index);
}

void require_layout(const column_data& column, bool holds, const char* what) {
  if (!holds) data::fail("a column of type " + column.type.simple_string() + " has no " + what);
}

// The type of the numbers in a column of fixed width. Float and double differ from int and bigint by more than width.
template <class T>
bool stores(const column_data& column) {
  if (column.shape != layout::fixed || column.width != static_cast<std::int64_t>(sizeof(T))) return false;
  const type_kind stored =
      column.type.kind() == type_kind::udt_type ? column.type.sql_type().kind() : column.type.kind();
  return (stored == type_kind::float_type || stored == type_kind::double_type) == std::is_floating_point_v<T>;
}

const std::vector<column_data>& parts(const column_data& column) noexcept {
  return column.shape == layout::map ? column.children[0].children : column.children;
}

}  // namespace

column_view::column_view(std::shared_ptr<const data::column_data> data) noexcept : data_(std::move(data)) {}

const data_type& column_view::type() const noexcept {
  return data_->type;
}
std::size_t column_view::size() const noexcept {
  return static_cast<std::size_t>(data_->size);
}
std::size_t column_view::null_count() const noexcept {
  return static_cast<std::size_t>(data_->null_count);
}
bool column_view::is_null(std::size_t index) const {
  return data_->is_null(checked(*data_, index));
}

template <column_element T>
std::span<const T> column_view::values() const {
  if (!stores<T>(*data_)) {
    data::fail("a column of type " + data_->type.simple_string() + " is not stored as the numbers that were asked for");
  }
  return {reinterpret_cast<const T*>(data_->values), size()};
}

template std::span<const std::int8_t> column_view::values() const;
template std::span<const std::int16_t> column_view::values() const;
template std::span<const std::int32_t> column_view::values() const;
template std::span<const std::int64_t> column_view::values() const;
template std::span<const float> column_view::values() const;
template std::span<const double> column_view::values() const;

bool column_view::boolean_at(std::size_t index) const {
  require_layout(*data_, data_->shape == layout::boolean, "booleans");
  const std::int64_t at = checked(*data_, index);
  return !data_->is_null(at) && bit_at(*data_, at);
}

std::string_view column_view::string_at(std::size_t index) const {
  const auto content = binary_at(index);
  return {reinterpret_cast<const char*>(content.data()), content.size()};
}

std::span<const std::byte> column_view::binary_at(std::size_t index) const {
  require_layout(*data_, data_->shape == layout::variable || data_->shape == layout::large_variable,
                 "strings or bytes");
  const std::int64_t at = checked(*data_, index);
  return data_->is_null(at) ? std::span<const std::byte>() : bytes_at(*data_, at);
}

std::size_t column_view::child_count() const noexcept {
  return parts(*data_).size();
}

column_view column_view::child(std::size_t index) const {
  const std::vector<column_data>& children = parts(*data_);
  if (index >= children.size()) {
    data::fail("no part " + std::to_string(index) + " in a column of type " + data_->type.simple_string());
  }
  return column_view(std::shared_ptr<const column_data>(data_, &children[index]));
}

std::pair<std::size_t, std::size_t> column_view::range_at(std::size_t index) const {
  require_layout(*data_, data_->shape == layout::list || data_->shape == layout::map, "elements");
  const std::int64_t at = checked(*data_, index);
  return {static_cast<std::size_t>(data_->offset(at)), static_cast<std::size_t>(data_->offset(at + 1))};
}

value column_view::operator[](std::size_t index) const {
  return value_at(*data_, checked(*data_, index));
}

}  // namespace cospark
