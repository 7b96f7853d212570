// Names for places where Spark parses them.
#pragma once

#include <string>
#include <string_view>

namespace cospark {

/// The name in backticks, so that Spark reads it as one name whatever is in it: `a.b` becomes `` `a.b` ``, and a
/// backtick is doubled.
///
/// Most of what this library sends is no SQL, and nothing in a name can turn it into some. Yet Spark parses names of
/// tables and views (`a.b` is the table b of the schema a) and of columns (`a.b` is the field b of a), and so does
/// whoever builds a text for `session::sql`. A name that a user has chosen belongs in here first; the parts of a longer
/// name each: `quote_identifier(schema) + '.' + quote_identifier(table)`. For values in SQL texts there are arguments,
/// which need no quotes.
///
/// Corresponds to QuotingUtils.quoteIdentifier of Spark. Spark 4.0.
std::string quote_identifier(std::string_view name);

}  // namespace cospark
