// Values -> literals.
#pragma once

#include "plan/build.hpp"

#include <cospark/value.hpp>

namespace cospark::plan {

/// Deepest nesting of arrays, maps and structs in a literal.
inline constexpr unsigned max_literal_depth = 64;

/// Levels of arrays, maps and structs, counted no further than one beyond `max_literal_depth`.
unsigned nesting(const value& constant, unsigned outer = 0);

void write_literal(const value& from, spark::connect::Expression::Literal& to, build& build);

}  // namespace cospark::plan
