// The rows of a data frame in groups, waiting for aggregates.
#pragma once

#include <cospark/column_list.hpp>
#include <cospark/data_frame.hpp>

#include <memory>
#include <string_view>
#include <vector>

namespace cospark {

/// Groups of rows: what `data_frame::group_by` gives. Corresponds to Spark's `GroupedData`. A cheap immutable value.
class grouped_data {
 public:
  /// One row a group: the grouping columns, then these aggregates.
  data_frame agg(const detail::column_like auto&... aggregates) const { return agg(detail::list(aggregates...)); }
  data_frame agg(const column_list& aggregates) const;

  /// The number of rows, as column `count`.
  data_frame count() const;
  /// One aggregate for each of these columns, as column `sum(x)` and so on. At least one is needed: unlike other
  /// clients this one does not ask the server which columns are numbers.
  data_frame sum(const detail::text_like auto&... names) const { return each("sum", detail::name_list(names...)); }
  data_frame avg(const detail::text_like auto&... names) const { return each("avg", detail::name_list(names...)); }
  data_frame mean(const detail::text_like auto&... names) const { return each("avg", detail::name_list(names...)); }
  data_frame min(const detail::text_like auto&... names) const { return each("min", detail::name_list(names...)); }
  data_frame max(const detail::text_like auto&... names) const { return each("max", detail::name_list(names...)); }
  data_frame sum(const std::vector<std::string>& names) const { return each("sum", names); }
  data_frame avg(const std::vector<std::string>& names) const { return each("avg", names); }
  data_frame mean(const std::vector<std::string>& names) const { return each("avg", names); }
  data_frame min(const std::vector<std::string>& names) const { return each("min", names); }
  data_frame max(const std::vector<std::string>& names) const { return each("max", names); }

  /// Turns the values of a column into columns, one for each value here; without values the server runs a query first
  /// to find them. Not for streams. After `group_by` only.
  grouped_data pivot(const column_or_name& column) const { return pivot(column, std::vector<value>()); }
  grouped_data pivot(const column_or_name& column, const std::vector<value>& values) const;

 private:
  friend struct frame::access;
  struct state;
  explicit grouped_data(std::shared_ptr<const state> groups) noexcept;
  data_frame each(std::string_view function, const std::vector<std::string>& names) const;

  std::shared_ptr<const state> state_;
};

grouped_data data_frame::group_by(const detail::column_like auto&... columns) const {
  return group_by(detail::list(columns...));
}

grouped_data data_frame::rollup(const detail::column_like auto&... columns) const {
  return rollup(detail::list(columns...));
}

grouped_data data_frame::cube(const detail::column_like auto&... columns) const {
  return cube(detail::list(columns...));
}

}  // namespace cospark
