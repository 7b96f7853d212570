// Spark types and schemas, to and from the protocol's messages.
#pragma once

#include <cospark/schema.hpp>

#include <spark/connect/types.pb.h>

namespace cospark::data {

/// A kind that is not known becomes an unparsed type; a type nested too deeply is `errc::limit_exceeded`; a type
/// that makes no sense (a decimal of 99 digits, an array without element type) is `errc::protocol_error`.
result<data_type> type_from_proto(const spark::connect::DataType& message);

/// The same for the type of a relation, which must be a struct.
result<schema> schema_from_proto(const spark::connect::DataType& message);

void to_proto(const data_type& type, spark::connect::DataType& message);

}  // namespace cospark::data
