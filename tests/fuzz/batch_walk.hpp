// Looks at everything that a batch offers, and compares what it says with what it has.
#pragma once

#include "property.hpp"

#include <cospark/record_batch.hpp>

#include <string>

namespace fuzz {

/// Values of a column that are looked at one by one.
inline constexpr std::size_t most_values = 2000;

inline void walk(const cospark::column_view& column) {
  using cospark::type_kind;
  if (column.size() > most_values) return;
  std::size_t nulls = 0;
  for (std::size_t i = 0; i < column.size(); ++i) {
    nulls += column.is_null(i) ? 1U : 0U;
    // A type of the future has no value of ours.
    if (column.type().kind() != type_kind::unparsed_type && column.type().kind() != type_kind::udt_type) {
      must(column[i].is_null() == column.is_null(i), "a value is null where the column says so");
    }
  }
  must(nulls == column.null_count(), "a column has as many nulls as it says");
  if (column.type().kind() == type_kind::array_type || column.type().kind() == type_kind::map_type) {
    std::size_t before = 0;
    for (std::size_t i = 0; i < column.size(); ++i) {
      const auto [begin, end] = column.range_at(i);
      must(before <= begin && begin <= end && end <= column.child(0).size(), "ranges follow one another inside");
      before = end;
    }
  }
  for (std::size_t i = 0; i < column.child_count(); ++i) walk(column.child(i));
}

/// The text of its rows, unless there are too many.
inline std::string walk(const cospark::record_batch& batch) {
  must(batch.schema().size() == batch.column_count(), "a batch has as many columns as its schema");
  for (std::size_t i = 0; i < batch.column_count(); ++i) {
    const auto column = batch.column(i);
    must(column.size() == batch.row_count(), "every column has as many values as the batch has rows");
    must(column.type() == batch.schema()[i].type, "a column is of the type that the schema says");
    walk(column);
  }
  std::string text;
  if (batch.row_count() <= most_values) {
    std::size_t rows = 0;
    for (const auto& row : batch) {
      must(row.size() == batch.column_count(), "a row has a value for each column");
      text += row.to_string() + '\n';
      ++rows;
    }
    must(rows == batch.row_count(), "a batch has as many rows as it says");
  }
  ArrowSchema schema;
  ArrowArray array;
  batch.export_to_c(&schema, &array);
  must(array.length == static_cast<std::int64_t>(batch.row_count()), "the exported array has the rows of the batch");
  array.release(&array);
  schema.release(&schema);
  return text;
}

}  // namespace fuzz
