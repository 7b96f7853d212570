// Which rows of a streaming result are written out at each trigger.
#pragma once

#include <string_view>

namespace cospark {

/// Spark's OutputMode.
enum class output_mode {
  /// New rows only; a row that was written never changes.
  append,
  /// Rows that are new or have changed since the last trigger.
  update,
  /// The whole result, every time. For aggregations only.
  complete,
};

/// Spark's name of the mode, such as "append".
constexpr std::string_view to_string(output_mode mode) noexcept {
  switch (mode) {
    case output_mode::append:
      return "append";
    case output_mode::update:
      return "update";
    case output_mode::complete:
      return "complete";
  }
  return {};
}

}  // namespace cospark
