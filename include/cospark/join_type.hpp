// How two data frames are joined.
#pragma once

namespace cospark {

/// Which rows a join gives. Names as in Spark.
enum class join_type {
  /// The pairs that match.
  inner,
  /// All pairs; takes no condition.
  cross,
  /// Matching pairs, and the rows of either side without a match.
  full_outer,
  /// Matching pairs, and the rows of the left side without a match.
  left_outer,
  /// Matching pairs, and the rows of the right side without a match.
  right_outer,
  /// Rows of the left side that have a match; only the columns of the left side.
  left_semi,
  /// Rows of the left side that have no match; only the columns of the left side.
  left_anti,
};

}  // namespace cospark
