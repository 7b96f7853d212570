// A part of a result: rows, stored by column.
#pragma once

#include <cospark/arrow_c_data.hpp>
#include <cospark/column_view.hpp>
#include <cospark/row.hpp>
#include <cospark/schema.hpp>

#include <cstddef>
#include <iterator>
#include <memory>
#include <string_view>
#include <utility>

namespace cospark {

namespace data {
struct batch_data;
}

/// Rows of a result as they came from Spark, in Arrow's columnar form: a view that copies nothing and keeps the
/// received bytes alive. Everything in it was checked when it was received. Cheap to copy, safe to use from several
/// threads. A position or name that is not there throws `exception` with `errc::invalid_argument`.
///
///     for (std::int64_t id : batch.column("id").values<std::int64_t>()) …
///     for (const row& row : batch) …
class record_batch {
 public:
  class iterator;

  /// No rows, no columns.
  record_batch();

  std::size_t row_count() const noexcept;
  std::size_t column_count() const noexcept;
  const cospark::schema& schema() const noexcept;

  column_view column(std::size_t index) const;
  /// The first column of this name.
  column_view column(std::string_view name) const;

  /// One row, copied out of the batch.
  cospark::row row(std::size_t index) const;
  /// All rows, one after the other; each is copied out when it is reached.
  iterator begin() const;
  iterator end() const;

  /// Hands the batch to another Arrow library (Arrow C++, DuckDB, Polars, pyarrow) without copying: a struct array
  /// with one child per column. What the pointers point to is overwritten; the receiver calls both `release`
  /// functions, which may happen on any thread and after this batch is gone.
  void export_to_c(ArrowSchema* schema, ArrowArray* array) const;

  /// Private to the library.
  explicit record_batch(std::shared_ptr<const data::batch_data> data) noexcept;

 private:
  std::shared_ptr<const data::batch_data> data_;
};

/// Goes over the rows of a batch.
class record_batch::iterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = cospark::row;
  using difference_type = std::ptrdiff_t;
  using pointer = void;
  using reference = cospark::row;

  iterator() = default;
  cospark::row operator*() const { return batch_.row(index_); }
  iterator& operator++() {
    ++index_;
    return *this;
  }
  iterator operator++(int) {
    iterator before = *this;
    ++index_;
    return before;
  }
  friend bool operator==(const iterator& left, const iterator& right) noexcept { return left.index_ == right.index_; }

 private:
  friend class record_batch;
  iterator(record_batch batch, std::size_t index) : batch_(std::move(batch)), index_(index) {}

  record_batch batch_;
  std::size_t index_ = 0;
};

inline record_batch::iterator record_batch::begin() const {
  return iterator(*this, 0);
}
inline record_batch::iterator record_batch::end() const {
  return iterator(*this, row_count());
}

}  // namespace cospark
