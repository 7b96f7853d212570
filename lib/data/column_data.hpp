// What columns and batches are made of: checked views of Arrow buffers.
#pragma once

#include <cospark/schema.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace cospark::data {

/// How the values of a column lie in memory.
enum class layout : std::uint8_t { null, boolean, fixed, variable, large_variable, list, map, structure };

/// A field of Arrow's schema.
struct arrow_field {
  std::string name;
  bool nullable = true;
  layout shape = layout::null;
  /// Bytes of a value of fixed width.
  std::int64_t width = 0;
  /// The Spark type that Arrow's type and Spark's field metadata tell.
  data_type type;
  /// Arrow's type as the C data interface spells it.
  std::string format;
  bool keys_sorted = false;
  std::vector<std::pair<std::string, std::string>> metadata;
  std::vector<arrow_field> children;
};

/// One column, or a nested part of one. All pointers were checked; those that do not apply are null.
struct column_data {
  data_type type;
  layout shape = layout::null;
  std::int64_t width = 0;
  std::int64_t size = 0;
  std::int64_t null_count = 0;
  /// One bit a value, 1 where there is one; null where there are no nulls.
  const std::byte* validity = nullptr;
  /// `size + 1` of them, of 4 bytes, or 8 with `layout::large_variable`.
  const std::byte* offsets = nullptr;
  const std::byte* values = nullptr;
  /// A map has one child, a struct of key and value.
  std::vector<column_data> children;

  bool is_null(std::int64_t index) const noexcept {
    if (shape == layout::null) return true;
    return validity != nullptr && (std::to_integer<unsigned>(validity[index / 8]) >> (index % 8) & 1) == 0;
  }
  std::int64_t offset(std::int64_t index) const noexcept {
    return shape == layout::large_variable ? reinterpret_cast<const std::int64_t*>(offsets)[index]
                                           : reinterpret_cast<const std::int32_t*>(offsets)[index];
  }
  template <class T>
  T fixed(std::int64_t index) const noexcept {
    return reinterpret_cast<const T*>(values)[index];
  }
};

struct batch_data {
  schema columns_schema;
  std::shared_ptr<const std::vector<arrow_field>> fields;
  std::int64_t row_count = 0;
  std::vector<column_data> columns;
  /// What the columns point into: the received bytes, and buffers that were decompressed.
  std::vector<std::shared_ptr<const void>> owners;
};

}  // namespace cospark::data
