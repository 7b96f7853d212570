// What the writer checks of a trigger before anything is sent.
#pragma once

#include <cospark/error.hpp>
#include <cospark/trigger.hpp>

#include <optional>

namespace cospark::streaming {

/// `errc::invalid_argument` for an interval that no server accepts. Other texts are left to Spark's own parser.
std::optional<error> problem(const trigger& trigger);

}  // namespace cospark::streaming
