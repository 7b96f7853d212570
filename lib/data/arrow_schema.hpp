// Arrow's schema -> fields with Spark types.
#pragma once

#include "data/column_data.hpp"

#include <cospark/result.hpp>

#include <vector>

namespace cospark::arrow {
struct Schema;
}

namespace cospark::data {

/// The fields of a verified schema. A type that Spark does not send is `errc::protocol_error`, nesting deeper than
/// `max_depth` is `errc::limit_exceeded`.
result<std::vector<arrow_field>> read_schema(const cospark::arrow::Schema& message, int max_depth);

/// The schema that Arrow's fields tell.
schema natural_schema(const std::vector<arrow_field>& fields);

/// Checks that values of `field` can be values of the `announced` type, and gives the type to use: the announced one
/// with what the server left open filled in.
result<data_type> conform(const arrow_field& field, const data_type& announced);

}  // namespace cospark::data
