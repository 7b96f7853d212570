#include <cospark/functions.hpp>

#include "plan/access.hpp"
#include "plan/build.hpp"

#include <cospark/schema.hpp>

namespace cospark {

using plan::access;

namespace functions {

column expr(std::string_view sql) {
  return access::make_column(plan::sql_expression(sql));
}

column when(const column& condition, const column_or_value& value) {
  return access::make_column(plan::case_when(access::node(condition), access::node(value)));
}

column call_function(std::string_view name, const column_list& arguments) {
  const auto& nodes = access::nodes(arguments);
  return access::make_column(
      plan::make_expression(plan::measure::around(nodes),
                            [name = std::string(name), nodes](spark::connect::Expression& to, plan::build& build) {
                              build.name("function name", name, *to.mutable_call_function()->mutable_function_name());
                              build.write_all(nodes, *to.mutable_call_function()->mutable_arguments());
                            }));
}

column from_json(const column_or_name& text, const data_type& type, const option_map& options) {
  return detail::parse("from_json", column(text), lit(type.json()), options);
}

column from_csv(const column_or_name& text, const data_type& type, const option_map& options) {
  // Unlike from_json, Spark takes DDL alone here.
  if (type.kind() != type_kind::struct_type) {
    return access::make_column(plan::invalid_expression("from_csv() needs a struct type, not " + type.simple_string()));
  }
  return detail::parse("from_csv", column(text), lit(type.fields().ddl()), options);
}

}  // namespace functions
}  // namespace cospark
