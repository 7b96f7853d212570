// What explain() shows.
#pragma once

namespace cospark {

/// How much of a plan `data_frame::explain` shows.
enum class explain_mode {
  /// The physical plan.
  simple,
  /// The parsed, analysed, optimised and physical plans.
  extended,
  /// The physical plan and the generated code.
  codegen,
  /// The logical plan, with statistics where there are any.
  cost,
  /// An outline of the physical plan, and the details of each node.
  formatted,
};

}  // namespace cospark
