// Which rows a window function sees.
#pragma once

#include <cospark/column_list.hpp>

#include <cstdint>
#include <memory>

namespace cospark {

/// The window of `column::over`: rows of the same partition, in an order, within a frame. A cheap immutable value; each
/// member gives a new one. For batch frames; streams know time windows (`functions::window`) only.
///
///     f::row_number().over(window_spec().partition_by("user").order_by(f::col("time").desc()))
///
/// Corresponds to Spark's `Window` and `WindowSpec`.
class window_spec {
 public:
  /// Boundaries of a frame, besides distances from the current row (negative: before it).
  static constexpr std::int64_t unbounded_preceding = INT64_MIN;
  static constexpr std::int64_t unbounded_following = INT64_MAX;
  static constexpr std::int64_t current_row = 0;

  /// All rows, without an order.
  window_spec();

  /// Replaces the columns that rows of one window have in common.
  window_spec partition_by(const detail::column_like auto&... columns) const {
    return partition_by(detail::list(columns...));
  }
  window_spec partition_by(const column_list& columns) const;
  /// Replaces the order of the rows.
  window_spec order_by(const detail::column_like auto&... columns) const { return order_by(detail::list(columns...)); }
  window_spec order_by(const column_list& columns) const;
  /// The frame in rows, both boundaries included. A distance must fit in 32 bits.
  window_spec rows_between(std::int64_t start, std::int64_t end) const;
  /// The frame by the value of the only order column, both boundaries included.
  window_spec range_between(std::int64_t start, std::int64_t end) const;

 private:
  friend class column;
  struct state;
  explicit window_spec(std::shared_ptr<const state> parts) noexcept;

  std::shared_ptr<const state> state_;
};

}  // namespace cospark
