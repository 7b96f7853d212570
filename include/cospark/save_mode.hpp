// What a writer does if there is something already.
#pragma once

namespace cospark {

/// What a writer does if the target exists. Names as in Spark.
enum class save_mode {
  /// Adds the rows.
  append,
  /// Replaces what is there.
  overwrite,
  /// Fails; Spark's default.
  error_if_exists,
  /// Does nothing.
  ignore,
};

}  // namespace cospark
