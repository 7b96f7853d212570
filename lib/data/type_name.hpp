// Names of types in Spark's schema JSON.
#pragma once

#include <cospark/data_type.hpp>
#include <cospark/result.hpp>

#include <string>
#include <string_view>

namespace cospark::data {

/// As `type_name`, but with the coordinate systems that the JSON names for geometry and geography.
std::string json_name(const data_type& type);

/// A name such as `long` or `decimal(10,2)`. A name that is not known becomes an unparsed type; a known one with
/// parameters out of their range is `errc::invalid_argument`.
result<data_type> type_from_name(std::string_view name);

}  // namespace cospark::data
