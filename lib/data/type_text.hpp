// Types as text: simpleString, SQL, DDL, printSchema.
#pragma once

#include <cospark/schema.hpp>

#include <string>
#include <string_view>

namespace cospark::data {

/// Deepest nesting of arrays, maps, structs and user-defined types.
inline constexpr int max_type_depth = 64;
inline constexpr std::string_view default_collation = "UTF8_BINARY";
/// Stands in the protocol for "differs from row to row".
inline constexpr int any_srid = -1;

void append_simple_string(const data_type& type, std::string& out);
void append_sql(const data_type& type, std::string& out);
/// Fields as they stand in DDL; `separator` between name and type.
void append_ddl(const schema& fields, std::string_view separator, std::string_view between, std::string& out);
void append_tree(const schema& fields, const std::string& prefix, std::string& out);

/// Spark's name of a type that has no parts, as `json` has it: `long`, `decimal(10,2)`, `interval day`.
std::string type_name(const data_type& type);
/// The same for `simpleString`: `bigint`.
std::string simple_name(const data_type& type);
/// The name of an interval field: `day`.
std::string_view field_name(interval_field field) noexcept;

}  // namespace cospark::data
