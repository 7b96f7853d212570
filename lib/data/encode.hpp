// Local rows -> one Arrow IPC stream, as LocalRelation carries it.
#pragma once

#include <cospark/result.hpp>
#include <cospark/row.hpp>
#include <cospark/schema.hpp>

#include <string>
#include <vector>

namespace cospark::data {

/// Values must fit the types of the schema: integers may be narrower, floats may stand for doubles, a decimal may
/// have fewer digits. Anything else, null where it is not allowed, and a type that Arrow cannot carry are
/// `errc::invalid_argument`, with the row and the column in the message.
result<std::string> encode(const schema& schema, const std::vector<row>& rows);

}  // namespace cospark::data
